//! The socket under TLS: what the kernel has taken, and whether the client is in the middle of a record.
//!
//! The TLS library keeps the beginning of a record until the rest is there, and tells nobody. A request whose first bytes
//! came in such a record has been sent, so that a door that closes must wait for the rest of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::socket::Socket;

/// Type, version, length.
const RECORD_HEAD_BYTES: usize = 5;

/// A socket that carries TLS records.
#[derive(Debug)]
pub(super) struct Records {
    socket: Socket,
    place: Place,
    taken: u64,
}

/// Where in the client's records the last byte lies.
#[derive(Debug, Default)]
struct Place {
    head: [u8; RECORD_HEAD_BYTES],
    /// How much of a head is there.
    head_bytes: usize,
    /// How much of the record is still to come.
    left: usize,
}

impl Records {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            place: Place::default(),
            taken: 0,
        }
    }

    /// Whether nothing of a further record has arrived.
    pub(super) fn is_quiet(&self) -> bool {
        self.place.is_between() && !self.socket.has_bytes()
    }

    /// How many bytes the kernel has taken: it grows for as long as the client reads.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }
}

impl Place {
    fn is_between(&self) -> bool {
        self.head_bytes == 0 && self.left == 0
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let passed = self.left.min(bytes.len());
                self.left -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            self.head[self.head_bytes] = bytes[0];
            self.head_bytes += 1;
            bytes = &bytes[1..];
            if self.head_bytes == RECORD_HEAD_BYTES {
                self.head_bytes = 0;
                self.left = usize::from(u16::from_be_bytes([self.head[3], self.head[4]]));
            }
        }
    }
}

impl AsyncRead for Records {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let records = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut records.socket).poll_read(context, buffer);
        records.place.pass(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Records {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let records = self.get_mut();
        let sent = Pin::new(&mut records.socket).poll_write(context, bytes);
        if let Poll::Ready(Ok(sent)) = sent {
            records.taken += sent as u64;
        }
        sent
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_record_is_left_with_its_last_byte_and_not_before() {
        let record = [22, 3, 3, 0, 2, 1, 2];
        let empty = [23, 3, 3, 0, 0];
        let bytes = [&record[..], &empty, &record].concat();
        let ends = [0, 7, 12, 19];
        for first in 0..=bytes.len() {
            let mut place = Place::default();
            place.pass(&bytes[..first]);
            assert_eq!(place.is_between(), ends.contains(&first), "{first}");
            for at in first..bytes.len() {
                place.pass(&bytes[at..=at]);
                assert_eq!(place.is_between(), ends.contains(&(at + 1)));
            }
        }
    }
}
