//! The socket of a connection with its deadlines, in the one place that sees every byte come and go.
//!
//! hyper's own timeout cannot tell an idle connection from a half-sent head, so the socket keeps the time: a deadline
//! that passes makes the read or write that waits for it fail, and hyper closes the connection.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::{LINGER, Limits, MAX_LINGER_BYTES};
use super::refusal::Refusal;
use super::stream::Stream;
use super::timed_out;
use super::turn::{Heard, Turn};
use crate::types::door_counts::DoorCounts;

/// What the client's turn has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaiting {
    /// Nothing has arrived since the connection was accepted.
    First,
    /// Nothing has arrived since the last answer. Bytes that came along with the last request count as nothing: hyper
    /// holds them, and they cost no more than an idle connection.
    Next,
    /// A head has begun.
    HeadEnd,
}

/// A socket that gives up when its client takes too long.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    peer: Option<SocketAddr>,
    turn: Arc<Turn>,
    limits: Limits,
    /// Whether browsers reach the Hub through TLS, for the headers of a refusal.
    https: bool,
    counts: Arc<DoorCounts>,
    awaiting: Awaiting,
    /// When the client's turn is over.
    deadline: Instant,
    /// When a write that cannot proceed is given up, and how much the client had taken when it began to wait.
    stalled: Option<(Instant, u64)>,
    timer: Option<Pin<Box<Sleep>>>,
    /// What stands in for hyper's own bare refusal, as far as it is not sent yet.
    refusal: Option<Bytes>,
    /// When the socket stops throwing bytes away, once it is shut for writing, and how many it still takes.
    lingering: Option<(Instant, usize)>,
}

impl Wire {
    /// Wraps a new connection, whose first head has to be whole by `deadline`.
    pub(super) fn new(
        stream: Stream,
        peer: Option<SocketAddr>,
        turn: Arc<Turn>,
        deadline: Instant,
        limits: &Limits,
        https: bool,
        counts: Arc<DoorCounts>,
    ) -> Self {
        Self {
            stream,
            peer,
            turn,
            awaiting: Awaiting::First,
            deadline,
            stalled: None,
            timer: None,
            refusal: None,
            lingering: None,
            limits: limits.clone(),
            https,
            counts,
        }
    }

    /// Whether `deadline` has passed; if not, the task is woken by then.
    ///
    /// The timer is left running from one request to the next: setting it anew for each costs more than an early ring
    /// now and then.
    fn has_passed(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(context).is_pending() {
            return false;
        }
        if Instant::now() >= deadline {
            return true;
        }
        timer.as_mut().reset(deadline);
        timer.as_mut().poll(context).is_ready()
    }

    fn send(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_stalled(sent, context)
    }

    /// What came of writing, or an error once the client has taken nothing for too long.
    fn unless_stalled<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let taken = self.stream.taken();
        let stalled = self.stalled.filter(|(_, before)| *before == taken);
        if written.is_ready() {
            // What only TLS has taken, into a store of its own, has not come any nearer to the client.
            self.stalled = stalled.filter(|_| self.stream.is_tls());
            return written;
        }
        let (until, _) =
            stalled.unwrap_or_else(|| (Instant::now() + self.limits.write_stall_deadline, taken));
        self.stalled = Some((until, taken));
        if self.has_passed(until, context) {
            return Poll::Ready(Err(timed_out()));
        }
        Poll::Pending
    }

    /// Reads and forgets what a refused client still sends, until it closes or has had its share.
    fn throw_away(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut scrap = [0; 4096];
        while let Some((until, left)) = self.lingering {
            let mut buffer = ReadBuf::new(&mut scrap);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() && left > 0 => {
                    let left = left.saturating_sub(buffer.filled().len());
                    self.lingering = Some((until, left));
                }
                Poll::Pending if !self.has_passed(until, context) => return Poll::Pending,
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let filled = buffer.filled().len();
        let read = Pin::new(&mut wire.stream).poll_read(context, buffer);
        if !wire.turn.is_awaited() {
            return read;
        }
        if read.is_ready() {
            if buffer.filled().len() > filled && wire.awaiting != Awaiting::HeadEnd {
                // A new connection's time runs from its acceptance: a late first byte does not buy more.
                if wire.awaiting == Awaiting::Next {
                    let begun = Instant::now();
                    wire.turn.is_in_a_head(begun);
                    wire.deadline = begun + wire.limits.header_deadline;
                }
                wire.awaiting = Awaiting::HeadEnd;
            }
            return read;
        }
        if wire.has_passed(wire.deadline, context) {
            return Poll::Ready(Err(timed_out()));
        }
        if wire.turn.is_stopping() {
            let heard = if wire.awaiting == Awaiting::HeadEnd {
                Heard::HalfAHead
            } else if wire.stream.is_quiet() {
                Heard::Nothing
            } else {
                Heard::MaybeAHead
            };
            wire.turn.hear(heard);
        }
        Poll::Pending
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        // In the client's turn hyper writes only what it refuses by itself, and bare: ours has the one error shape.
        if wire.refusal.is_none() && wire.turn.is_awaited() {
            wire.refusal = Refusal::in_place_of(bytes, wire.peer, wire.https, &wire.counts);
        }
        if let Some(mut rest) = wire.refusal.take() {
            wire.turn.linger();
            while !rest.is_empty() {
                match wire.send(context, &rest) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(sent)) => drop(rest.split_to(sent)),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => {
                        wire.refusal = Some(rest);
                        return Poll::Pending;
                    }
                }
            }
            return Poll::Ready(Ok(bytes.len()));
        }
        wire.send(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let flushed = Pin::new(&mut wire.stream).poll_flush(context);
        ready!(wire.unless_stalled(flushed, context))?;
        if wire.turn.flushed() {
            wire.awaiting = Awaiting::Next;
            let answered = Instant::now();
            wire.turn.is_idle(answered);
            wire.deadline = answered + wire.limits.idle_timeout;
            // hyper may already wait for bytes and not ask again: the timer has to be set here.
            wire.has_passed(wire.deadline, context);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.lingering.is_none() {
            let shut = Pin::new(&mut wire.stream).poll_shutdown(context);
            ready!(wire.unless_stalled(shut, context))?;
            wire.lingering = Some((Instant::now() + LINGER, MAX_LINGER_BYTES));
        }
        if wire.turn.lingers() {
            ready!(wire.throw_away(context));
        }
        Poll::Ready(Ok(()))
    }
}
