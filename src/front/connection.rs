//! One connection, from its first byte to its last.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use rocket::local::asynchronous::Client;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::entry::{Admitted, Entry};
use super::exchange::{Exchanges, Sender};
use super::limits::{self, Limits, MIN_READ_BUFFER_BYTES};
use super::places::Place;
use super::socket::Socket;
use super::turn::Turn;
use super::wire::Wire;
use crate::http::client;
use crate::http::site::Site;
use crate::types::door_counts::DoorCounts;

/// What all connections share.
pub(super) struct Door {
    pub(super) client: Client,
    pub(super) limits: Limits,
    /// Where it is counted who comes and what is refused.
    pub(super) counts: Arc<DoorCounts>,
    entry: Entry,
    /// What Rocket's site promises of every answer holds for the door's own, too.
    pub(super) site: Site,
    http: http1::Builder,
}

impl Door {
    /// A door to Rocket under these limits, for connections that bring what `entry` asks for.
    pub(super) fn new(client: Client, limits: Limits, entry: Entry) -> Self {
        let mut http = http1::Builder::new();
        http.max_header_size(limits.max_header_bytes)
            .max_buf_size(limits.max_header_bytes.max(MIN_READ_BUFFER_BYTES))
            .max_headers(limits.max_headers)
            // The deadlines are the socket's: hyper has one for heads and idle connections alike.
            .header_read_timeout(None)
            // A client that closes its sending side is gone: its work ends, and a stream does not outlive its reader.
            .half_close(false);
        let counts = client::door_counts(client.rocket());
        let site = client.rocket().state::<Site>();
        let site = site.cloned().unwrap_or_else(Site::unknown);
        Self {
            client,
            limits,
            counts,
            entry,
            site,
            http,
        }
    }
}

/// Serves a connection until either side ends it.
pub(super) async fn serve(
    socket: Socket,
    peer: Option<SocketAddr>,
    place: &Place,
    door: Arc<Door>,
    mut stopped: watch::Receiver<bool>,
) {
    if let Err(error) = socket.set_nodelay() {
        tracing::debug!(%error, "a new connection is gone already");
    }
    // One deadline for all that comes before the first request's end: a handshake buys no more time.
    let deadline = Instant::now() + door.limits.header_deadline;
    if !is_spoken_to(&socket, place, deadline, &mut stopped).await {
        return;
    }
    let admitted = tokio::select! {
        // First, so that a plain connection, which is in at once, is not taken for one that is still on its way in.
        biased;
        admitted = door.entry.admit(socket, peer, deadline, &stopped, &door.counts) => admitted,
        // Half a handshake is worth as little as half a head.
        () = place.tenure().asked() => return,
    };
    let Admitted { stream, peer } = match admitted {
        Ok(admitted) => admitted,
        Err(error) => {
            let peer = peer.map(tracing::field::display);
            tracing::debug!(%error, peer, "a connection was not let in");
            return;
        }
    };
    let sender = Sender {
        peer,
        scheme: if stream.is_tls() { "https" } else { "http" },
    };
    let turn = Arc::new(Turn::new(Arc::clone(place.tenure())));
    if place.tenure().is_asked() {
        turn.stop();
    }
    let wire = Wire::new(
        stream,
        peer,
        Arc::clone(&turn),
        deadline,
        &door.limits,
        door.site.https,
        Arc::clone(&door.counts),
    );
    let exchanges = Exchanges {
        door: Arc::clone(&door),
        turn: Arc::clone(&turn),
        sender,
    };
    let mut connection = pin!(door.http.serve_connection(TokioIo::new(wire), exchanges));
    let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
    let mut asked = pin!(place.tenure().asked());
    let mut told_to_close = false;

    let ended = poll_fn(|context| {
        // Before the connection's turn, so that an answer that is made in it already says that it is the last.
        let begins_to_stop = !turn.is_stopping()
            && (stop.as_mut().poll(context).is_ready() || asked.as_mut().poll(context).is_ready());
        if begins_to_stop {
            turn.stop();
        }
        let ended = connection.as_mut().poll(context);
        if ended.is_ready() || told_to_close {
            return ended;
        }
        if !turn.is_stopping() {
            return Poll::Pending;
        }
        if turn.may_be_cut(door.limits.eviction_grace) {
            return Poll::Ready(Ok(()));
        }
        if !turn.may_close() {
            // An answer that ended in this very turn left the socket unasked for the next head, and nothing else would come back to ask it.
            if begins_to_stop {
                context.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        told_to_close = true;
        connection.as_mut().graceful_shutdown();
        connection.as_mut().poll(context)
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Whether a first byte arrives in time: until then nothing is set up that costs memory. A flood says nothing.
async fn is_spoken_to(
    socket: &Socket,
    place: &Place,
    deadline: Instant,
    stopped: &mut watch::Receiver<bool>,
) -> bool {
    let mut first = [0];
    let spoken_to = tokio::select! {
        arrived = socket.peek(&mut first) => Some(arrived.is_ok_and(|bytes| bytes > 0)),
        // What arrived in the same moment is not lost.
        () = place.tenure().asked() => Some(socket.has_bytes()),
        _ = stopped.wait_for(|stopped| *stopped) => None,
        () = sleep_until(deadline) => Some(false),
    };
    if let Some(spoken_to) = spoken_to {
        return spoken_to;
    }
    // Nor is what is on its way at the stop: whoever has just connected says something a round trip later, and would not know why it was hung up on.
    let arrived = timeout(limits::FIRST_BYTE_AT_STOP, socket.peek(&mut first)).await;
    arrived.is_ok_and(|arrived| arrived.is_ok_and(|bytes| bytes > 0))
}
