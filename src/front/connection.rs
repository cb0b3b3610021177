//! One connection, from its first byte to its last.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use rocket::local::asynchronous::Client;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::exchange::Exchanges;
use super::limits::{Limits, MIN_READ_BUFFER_BYTES};
use super::places::Place;
use super::turn::Turn;
use super::wire::{Wire, bytes_wait};
use crate::http::site::Site;

/// What all connections share.
pub(super) struct Door {
    pub(super) client: Client,
    pub(super) limits: Limits,
    /// What Rocket's site promises of every answer holds for the door's own, too.
    pub(super) site: Site,
    http: http1::Builder,
}

impl Door {
    /// A door to Rocket under these limits.
    pub(super) fn new(client: Client, limits: Limits) -> Self {
        let mut http = http1::Builder::new();
        http.max_header_size(limits.max_header_bytes)
            .max_buf_size(limits.max_header_bytes.max(MIN_READ_BUFFER_BYTES))
            .max_headers(limits.max_headers)
            // The deadlines are the socket's: hyper has one for heads and idle connections alike.
            .header_read_timeout(None)
            // A client that closes its sending side is gone: its work ends, and a stream does not outlive its reader.
            .half_close(false);
        let site = client.rocket().state::<Site>();
        let site = site.cloned().unwrap_or_else(Site::unknown);
        Self {
            client,
            limits,
            site,
            http,
        }
    }
}

/// Serves a connection until either side ends it.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    place: &Place,
    door: Arc<Door>,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are written whole: waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a new connection is gone already");
    }
    let deadline = Instant::now() + door.limits.header_deadline;
    if !is_spoken_to(&stream, place, deadline, &mut stopped).await {
        return;
    }
    let turn = Arc::new(Turn::new(Arc::clone(place.tenure())));
    if place.tenure().is_asked() {
        turn.stop();
    }
    let wire = Wire::new(
        stream,
        Arc::clone(&turn),
        deadline,
        &door.limits,
        door.site.https,
    );
    let exchanges = Exchanges {
        door: Arc::clone(&door),
        turn: Arc::clone(&turn),
        peer,
    };
    let mut connection = pin!(door.http.serve_connection(TokioIo::new(wire), exchanges));
    let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
    let mut asked = pin!(place.tenure().asked());
    let mut told_to_close = false;

    let ended = poll_fn(|context| {
        // Before the connection's turn, so that an answer that is made in it already says that it is the last.
        if !turn.is_stopping()
            && (stop.as_mut().poll(context).is_ready() || asked.as_mut().poll(context).is_ready())
        {
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
    stream: &TcpStream,
    place: &Place,
    deadline: Instant,
    stopped: &mut watch::Receiver<bool>,
) -> bool {
    let mut first = [0];
    tokio::select! {
        arrived = stream.peek(&mut first) => arrived.is_ok_and(|bytes| bytes > 0),
        // What arrived in the same moment is not lost.
        () = place.tenure().asked() => bytes_wait(stream),
        _ = stopped.wait_for(|stopped| *stopped) => bytes_wait(stream),
        () = sleep_until(deadline) => false,
    }
}
