//! The front door: accepts connections, bounds what each may cost, and hands every whole request to Rocket in process.
//!
//! Rocket's own server has no deadline for a request's head and takes no listener of ours, so the door speaks HTTP/1.1
//! itself (hyper) and Rocket only ever sees requests that are complete. One connection is one task; nothing is spawned
//! for a request.
//!
//! ```text
//! mod           accepts, and ends: no new connections, the last answers, the rest is cut
//! listening     what is listened on: TCP ports and Unix sockets, several at once
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
//!
//! Limits per network and the eviction of idle connections belong into [`serve`], where a connection is accepted.

mod answer;
mod body;
mod connection;
mod entry;
mod exchange;
mod limits;
mod listening;
mod proxy_header;
mod records;
mod refusal;
mod request;
mod socket;
mod stream;
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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use entry::Trusts;
pub use limits::Limits;
pub use listening::{Listener, Listening};
pub use tls::{Tls, TlsError};

use connection::Door;
use listening::Sockets;
use socket::Socket;

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
    let permits = Arc::new(Semaphore::new(door.limits.max_connections));
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);

    loop {
        let mut next = pin!(accept(&mut sockets, &permits));
        let accepted = poll_fn(|context| {
            if stop.as_mut().poll(context).is_ready()
                || Pin::new(&mut shutdown).poll(context).is_ready()
            {
                return Poll::Ready(None);
            }
            next.as_mut().poll(context).map(Some)
        });
        let Some((permit, socket, peer)) = accepted.await else {
            break;
        };
        // Reaping before each spawn keeps the set no larger than the connections that are open.
        while let Some(ended) = connections.try_join_next() {
            report(ended);
        }
        connections.spawn(serve_one(
            permit,
            socket,
            peer,
            Arc::clone(&door),
            stopped.clone(),
        ));
    }

    // Streams that watch Rocket's shutdown end now instead of being cut.
    door.client.rocket().shutdown().notify();
    stopping.send_replace(true);
    for (permit, socket, peer) in waiting(sockets, &permits) {
        connections.spawn(serve_one(
            permit,
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
    permit: OwnedSemaphorePermit,
    socket: Socket,
    peer: Option<SocketAddr>,
    door: Arc<Door>,
    stopped: watch::Receiver<bool>,
) {
    connection::serve(socket, peer, door, stopped).await;
    drop(permit);
}

/// Waits for a free place and then for a connection.
///
/// A connection over the limit waits in the kernel's backlog: a healthy client is then answered late, as soon as the
/// deadlines have closed somebody's connection, where closing it would be an error for certain.
async fn accept(
    sockets: &mut Sockets,
    permits: &Arc<Semaphore>,
) -> (OwnedSemaphorePermit, Socket, Option<SocketAddr>) {
    loop {
        if let Ok(permit) = Arc::clone(permits).acquire_owned().await {
            match sockets.accept().await {
                Ok((socket, peer)) => return (permit, socket, peer),
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
        // Out of descriptors or memory, the next try would fail at once and burn a core.
        sleep(limits::ACCEPT_PAUSE).await;
    }
}

/// The connections that the kernel has accepted and we have not: their requests may already be here.
fn waiting(
    mut sockets: Sockets,
    permits: &Arc<Semaphore>,
) -> Vec<(OwnedSemaphorePermit, Socket, Option<SocketAddr>)> {
    let mut found = Vec::new();
    for _ in 0..limits::MAX_WAITING_AT_STOP {
        let Ok(permit) = Arc::clone(permits).try_acquire_owned() else {
            break;
        };
        let Some((socket, peer)) = sockets.accept_waiting() else {
            break;
        };
        found.push((permit, socket, peer));
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
