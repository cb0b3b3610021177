//! How a connection comes in before its first request: the proxy's word on who it is, and the TLS handshake.
//!
//! A plain connection to a door without either is in at once.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::task::Poll;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::limits::{LINGER, MAX_LINGER_BYTES};
use super::proxy_header::{self, Spoken};
use super::records::Records;
use super::refusal::Refusal;
use super::socket::Socket;
use super::stream::Stream;
use super::timed_out;
use super::tls::Tls;
use crate::types::door_counts::DoorCounts;

/// Whether whoever has this address may say for whom it connects; without an address, whoever uses a Unix socket.
pub type Trusts = Box<dyn Fn(Option<IpAddr>) -> bool + Send + Sync>;

/// What connections have to bring.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) tls: Option<Tls>,
    /// Who must begin with a header of the PROXY protocol, if anybody has to; everybody else is closed.
    pub(super) trusts: Option<Trusts>,
}

/// A connection that is in.
pub(super) struct Admitted {
    pub(super) stream: Stream,
    /// Who the client is: by the socket, or as a trusted proxy says.
    pub(super) peer: Option<SocketAddr>,
}

impl Entry {
    /// Lets a connection in by `deadline`, or says why not.
    pub(super) async fn admit(
        &self,
        socket: Socket,
        peer: Option<SocketAddr>,
        deadline: Instant,
        stopped: &watch::Receiver<bool>,
        counts: &DoorCounts,
    ) -> io::Result<Admitted> {
        if self.trusts.is_none() && self.tls_on(&socket).is_none() {
            let stream = Stream::Plain(socket);
            return Ok(Admitted { stream, peer });
        }
        // In a box: what a handshake needs is much, and a plain connection should not carry it along.
        let steps = Box::pin(self.step_by_step(socket, peer, stopped.clone(), counts));
        timeout_at(deadline, steps)
            .await
            .unwrap_or_else(|_| Err(timed_out()))
    }

    async fn step_by_step(
        &self,
        mut socket: Socket,
        mut peer: Option<SocketAddr>,
        mut stopped: watch::Receiver<bool>,
        counts: &DoorCounts,
    ) -> io::Result<Admitted> {
        if let Some(trusts) = &self.trusts {
            if !trusts(peer.map(|peer| peer.ip())) {
                return Err(refused("only trusted proxies may connect"));
            }
            first_byte(&socket, &mut stopped).await?;
            if let Spoken::For(client) = proxy_header::read(&mut socket).await? {
                peer = Some(client);
            }
        }
        let stream = match self.tls_on(&socket) {
            None => Stream::Plain(socket),
            Some(tls) => {
                let first = first_byte(&socket, &mut stopped).await?;
                if first.is_ascii_alphabetic() {
                    refuse_plain(socket, peer, counts).await?;
                    return Err(refused("it came without TLS"));
                }
                let stream = tls.acceptor().accept(Records::new(socket)).await?;
                Stream::Tls(Box::new(stream))
            }
        };
        Ok(Admitted { stream, peer })
    }

    /// What TLS to speak on a socket. A Unix socket carries none: whoever can read along can read the server's memory, too.
    fn tls_on(&self, socket: &Socket) -> Option<&Tls> {
        self.tls
            .as_ref()
            .filter(|_| matches!(socket, Socket::Tcp(_)))
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// The first byte, still on the socket. A connection that has sent none when the door closes is not waited for.
async fn first_byte(socket: &Socket, stopped: &mut watch::Receiver<bool>) -> io::Result<u8> {
    let mut first = [0];
    let arrived = {
        let mut arrived = pin!(socket.peek(&mut first));
        let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
        let mut is_stopping = false;
        poll_fn(|context| {
            let arrived = arrived.as_mut().poll(context);
            if arrived.is_ready() {
                return arrived;
            }
            is_stopping = is_stopping || stop.as_mut().poll(context).is_ready();
            if is_stopping && !socket.has_bytes() {
                return Poll::Ready(Ok(0));
            }
            Poll::Pending
        })
        .await?
    };
    if arrived == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(first[0])
}

/// Answers a request without TLS, as a browser sends it to whom somebody typed `http://`. A handshake begins with no letter.
async fn refuse_plain(
    mut socket: Socket,
    peer: Option<SocketAddr>,
    counts: &DoorCounts,
) -> io::Result<()> {
    let refusal = Refusal::PlainHttp.alone(peer, counts);
    socket.write_all(&refusal).await?;
    socket.shutdown().await?;
    // Closing a socket with unread bytes resets it, and a reset can overtake the answer.
    let until = Instant::now() + LINGER;
    let mut rest = socket.take(MAX_LINGER_BYTES as u64);
    let mut scrap = [0; 4096];
    while let Ok(Ok(1..)) = timeout_at(until, rest.read(&mut scrap)).await {}
    Ok(())
}
