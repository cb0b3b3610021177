//! The front door: accepts connections, bounds what each may cost, and hands every whole request to Rocket in process.
//!
//! Rocket's own server has no deadline for a request's head and takes no listener of ours, so the door speaks HTTP/1.1
//! itself (hyper) and Rocket only ever sees requests that are complete. One connection is one task; nothing is spawned
//! for a request.
//!
//! ```text
//! mod           accepts, and ends: no new connections, the last answers, the rest is cut
//! listening     what is listened on: TCP ports and Unix sockets, several at once
//! places        how many connections may be open, and whose goes when there are too many
//! tenure        since when a connection has been of no use
//! connection    one connection from its first byte to its last
//! entry         what comes before the first request: a proxy's word, the handshake, within the deadline of a head
//! proxy_header  the header of the PROXY protocol
//! tls           the certificate and its key, read anew while the server runs
//! socket        a connection as the kernel gives it
//! records       the socket under TLS: is the client in the middle of a record?
//! stream        a connection's bytes, in TLS or not
//! wire          the stream with its deadlines
//! turn          whose turn it is on a connection: the client's or ours
//! request       the head of a request: is it one that we take?
//! body          the body of a request, within its limit and deadline
//! exchange      a request goes to Rocket, its answer comes back whole or as a stream
//! answer        the body of an answer
//! refusal       what the door answers itself, in the one error shape
//! limits        every bound, with its reason
//! ```

mod answer;
mod body;
mod connection;
mod entry;
mod exchange;
mod limits;
mod listening;
mod places;
mod proxy_header;
mod records;
mod refusal;
mod request;
mod socket;
mod stream;
mod tenure;
mod tls;
mod turn;
mod wire;

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use rocket::local::asynchronous::Client;
use rocket::{Phase, Rocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use entry::Trusts;
pub use limits::Limits;
pub use listening::{Listener, Listening};
pub use tls::{Tls, TlsError};

use connection::Door;
use listening::{Accepted, Sockets};
use places::{Place, Places};
use socket::Socket;

use crate::http::client::is_trusted_proxy;
use crate::types::sender_network::SenderNetwork;

/// How a served door ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that had not ended by themselves within [`Limits::drain`] and were cut.
    pub cut: usize,
}

/// Why the door could not be served.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// Rocket refused to start: routes that collide, a fairing that failed.
    #[error("the web framework did not start: {0}")]
    Launch(String),
}

/// Serves `rocket` on what is `listening` until `stop` resolves or Rocket's own shutdown is asked for.
///
/// Then no further connection is taken, requests that were already sent get their answers, what has not ended within
/// [`Limits::drain`] is cut, and Rocket's shutdown fairings run.
///
/// # Errors
///
/// [`FrontError::Launch`] if Rocket does not start. What goes wrong on a connection ends that connection only.
pub async fn serve<P: Phase>(
    listening: impl Into<Listening>,
    rocket: Rocket<P>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> Result<Drained, FrontError> {
    let client = Client::untracked(rocket)
        .await
        .map_err(|error| FrontError::Launch(error.to_string()))?;
    let mut shutdown = client.rocket().shutdown();
    let Listening { mut sockets, entry } = listening.into();
    let door = Arc::new(Door::new(client, limits, entry));
    let places = Places::new(&door.limits, Arc::clone(&door.counts));
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    let mut held = None;

    loop {
        let mut next = pin!(accept(&mut sockets, &places, &door, &mut held));
        let accepted = poll_fn(|context| {
            if stop.as_mut().poll(context).is_ready()
                || Pin::new(&mut shutdown).poll(context).is_ready()
            {
                return Poll::Ready(None);
            }
            next.as_mut().poll(context).map(Some)
        });
        let Some((place, socket, peer)) = accepted.await else {
            break;
        };
        // Reaping before each spawn keeps the set no larger than the connections that are open.
        while let Some(ended) = connections.try_join_next() {
            report(ended);
        }
        connections.spawn(serve_one(
            place,
            socket,
            peer,
            Arc::clone(&door),
            stopped.clone(),
        ));
    }

    // Streams that watch Rocket's shutdown end now instead of being cut.
    door.client.rocket().shutdown().notify();
    stopping.send_replace(true);
    for (place, socket, peer) in waiting(sockets, held, &places) {
        connections.spawn(serve_one(
            place,
            socket,
            peer,
            Arc::clone(&door),
            stopped.clone(),
        ));
    }
    let cut = drain(&mut connections, &door.limits).await;
    if let Ok(door) = Arc::try_unwrap(door) {
        drop(door.client.terminate().await);
    } else {
        tracing::warn!("a connection outlived its cut: shutdown fairings did not run");
    }
    Ok(Drained { cut })
}

/// Runs one connection and gives its place back, also when it panics.
async fn serve_one(
    place: Place,
    socket: Socket,
    peer: Option<SocketAddr>,
    door: Arc<Door>,
    stopped: watch::Receiver<bool>,
) {
    connection::serve(socket, peer, &place, door, stopped).await;
    drop(place);
}

/// Waits for a connection and then for a place. Whoever stops waiting finds the connection that has none yet in `held`.
async fn accept(
    sockets: &mut Sockets,
    places: &Arc<Places>,
    door: &Door,
    held: &mut Option<Accepted>,
) -> (Place, Socket, Option<SocketAddr>) {
    loop {
        let peer = match held {
            Some((_, peer)) => *peer,
            None => match sockets.accept().await {
                Ok(accepted) => held.insert(accepted).1,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of descriptors or memory, the next try would fail at once and burn a core.
                    sleep(limits::ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let place = places.admit(network_of(peer, door)).await;
        // Without a place the connection is closed: its network has more than its share.
        if let (Some(place), Some((socket, peer))) = (place, held.take()) {
            return (place, socket, peer);
        }
    }
}

/// The network that a connection counts for; none for a trusted proxy, through which everybody comes, and none at a Unix socket.
fn network_of(peer: Option<SocketAddr>, door: &Door) -> Option<SenderNetwork> {
    let address = peer?.ip();
    (!is_trusted_proxy(door.client.rocket(), address)).then(|| SenderNetwork::of(Some(address)))
}

/// The connections that the kernel has accepted and we have not: their requests may already be here.
fn waiting(
    mut sockets: Sockets,
    held: Option<Accepted>,
    places: &Arc<Places>,
) -> Vec<(Place, Socket, Option<SocketAddr>)> {
    let mut found = Vec::new();
    if let (Some((socket, peer)), Some(place)) = (held, places.admit_last()) {
        found.push((place, socket, peer));
    }
    for _ in 0..limits::MAX_WAITING_AT_STOP {
        let Some(place) = places.admit_last() else {
            break;
        };
        let Some((socket, peer)) = sockets.accept_waiting() else {
            break;
        };
        found.push((place, socket, peer));
    }
    found
}

/// Waits for the connections to end and cuts those that do not; returns how many.
async fn drain(connections: &mut JoinSet<()>, limits: &Limits) -> usize {
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if timeout(limits.drain, all_ended).await.is_ok() {
        return 0;
    }
    while let Some(ended) = connections.try_join_next() {
        report(ended);
    }
    let cut = connections.len();
    connections.abort_all();
    // An aborted task ends at its next await; one that never awaits must not keep the process from ending.
    let gone = async { while connections.join_next().await.is_some() {} };
    if timeout(limits::CUT_WAIT, gone).await.is_err() {
        tracing::warn!("a connection did not end when it was cut");
    }
    cut
}

/// A panic ends its own connection; that it happened must not pass unseen.
fn report(ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("a connection ended by a panic in the front door");
    }
}

/// What a deadline on a socket is reported as.
fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}
