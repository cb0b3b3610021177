//! What the door listens on.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll};

use rustix::net::{SocketFlags, accept_with};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::entry::{Entry, Trusts};
use super::socket::Socket;
use super::tls::Tls;

/// One socket that clients connect to.
#[derive(Debug)]
pub enum Listener {
    /// A TCP port.
    Tcp(TcpListener),
    /// A Unix socket. It carries no TLS: whoever can read along can read the server's memory, too.
    Unix(UnixListener),
}

/// All that the door listens on, and what connections have to bring.
pub struct Listening {
    pub(super) sockets: Sockets,
    pub(super) entry: Entry,
}

impl From<TcpListener> for Listening {
    fn from(listener: TcpListener) -> Self {
        Self::on(vec![Listener::Tcp(listener)])
    }
}

impl Listening {
    /// Listens on these, in plain text.
    #[must_use]
    pub fn on(listeners: Vec<Listener>) -> Self {
        Self {
            sockets: Sockets { listeners, next: 0 },
            entry: Entry::default(),
        }
    }

    /// Speaks TLS on every TCP port.
    #[must_use]
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.entry.tls = Some(tls);
        self
    }

    /// Lets in those only that `trusts` says yes to, each with a header of the PROXY protocol.
    #[must_use]
    pub fn with_proxy_protocol(mut self, trusts: Trusts) -> Self {
        self.entry.trusts = Some(trusts);
        self
    }
}

/// The sockets, taken by turns.
pub(super) struct Sockets {
    listeners: Vec<Listener>,
    /// Who is asked first next time, so that a busy socket does not keep the others waiting.
    next: usize,
}

/// A connection and its client's address; a client at a Unix socket has none.
pub(super) type Accepted = (Socket, Option<SocketAddr>);

impl Sockets {
    /// Waits for a connection.
    pub(super) async fn accept(&mut self) -> io::Result<Accepted> {
        poll_fn(|context| self.poll_accept(context)).await
    }

    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        for _ in 0..self.listeners.len() {
            let at = self.next % self.listeners.len();
            self.next = at + 1;
            let accepted = match &self.listeners[at] {
                Listener::Tcp(listener) => listener
                    .poll_accept(context)
                    .map_ok(|(stream, peer)| (Socket::Tcp(stream), Some(peer))),
                Listener::Unix(listener) => listener
                    .poll_accept(context)
                    .map_ok(|(stream, _)| (Socket::Unix(stream), None)),
            };
            if accepted.is_ready() {
                return accepted;
            }
        }
        Poll::Pending
    }

    /// A connection that is there already, if there is one. The kernel is asked: the runtime may not have heard of it yet.
    pub(super) fn accept_waiting(&mut self) -> Option<Accepted> {
        self.listeners.iter().find_map(|listener| match listener {
            Listener::Tcp(listener) => {
                let stream = std::net::TcpStream::from(waiting(listener.as_fd())?);
                let peer = stream.peer_addr().ok();
                Some((Socket::Tcp(TcpStream::from_std(stream).ok()?), peer))
            }
            Listener::Unix(listener) => {
                let stream = std::os::unix::net::UnixStream::from(waiting(listener.as_fd())?);
                Some((Socket::Unix(UnixStream::from_std(stream).ok()?), None))
            }
        })
    }
}

fn waiting(listener: BorrowedFd<'_>) -> Option<OwnedFd> {
    accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC).ok()
}
