//! A connection's bytes, whether they travel in TLS or not. An enum and no trait object: a plain one costs a comparison.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use super::records::Records;
use super::socket::Socket;

/// A connection that is in.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Socket),
    /// In a box: what TLS remembers is ten times as much as a socket.
    Tls(Box<TlsStream<Records>>),
}

impl Stream {
    /// Whether nothing has arrived that was not read yet. Asked right after a read that found nothing: what TLS holds whole
    /// it has handed out by then.
    pub(super) fn is_quiet(&self) -> bool {
        match self {
            Self::Plain(socket) => !socket.has_bytes(),
            Self::Tls(stream) => stream.get_ref().0.is_quiet(),
        }
    }

    /// A number that grows while the client takes what is written. Only TLS has a store of its own between a write and
    /// the kernel; elsewhere a write that waits has sent nothing.
    pub(super) fn taken(&self) -> u64 {
        match self {
            Self::Plain(_) => 0,
            Self::Tls(stream) => stream.get_ref().0.taken(),
        }
    }

    /// Whether its bytes are encrypted.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
