//! The body of an answer: whole, or a stream whose producer runs only as fast as the client reads.
//!
//! Rocket's answer borrows from its request, and that from Rocket. All three live in one future, the *producer*, which
//! hands over what is ready and waits until it is taken: the future is polled by whoever wants the next piece, so no
//! task and no channel is needed, and a client that leaves drops it all.

use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use hyper::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::turn::TurnGuard;

/// How a producer ends.
#[derive(Debug)]
pub(super) enum End {
    /// With an answer that needs no stream.
    Answer(Response<Bytes>),
    /// With the end of the stream it had handed over, or with what broke it.
    Stream(io::Result<()>),
}

/// What a producer hands over on the way.
#[derive(Debug)]
pub(super) enum Piece {
    /// The head of a streamed answer, and how long its body is, if that is known.
    Head(Response<()>, Option<u64>),
    /// Bytes of the stream, never empty.
    Data(Bytes),
}

/// Where the producer puts a piece for the one that polls it.
#[derive(Debug, Clone, Default)]
pub(super) struct Handover(Arc<Mutex<Option<Piece>>>);

impl Handover {
    /// Puts a piece down and waits until it is taken.
    pub(super) async fn give(&self, piece: Piece) {
        *self.place() = Some(piece);
        // No waker: the one that takes the piece is the one that polls next.
        poll_fn(|_| match *self.place() {
            Some(_) => Poll::Pending,
            None => Poll::Ready(()),
        })
        .await;
    }

    fn take(&self) -> Option<Piece> {
        self.place().take()
    }

    fn place(&self) -> MutexGuard<'_, Option<Piece>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request's way through Rocket, polled by turns.
pub(super) struct Producer {
    future: Pin<Box<dyn Future<Output = End> + Send>>,
    handover: Handover,
}

/// What a poll of a producer brought.
pub(super) enum Produced {
    /// It goes on after this piece.
    Piece(Piece),
    /// It is over and must not be polled again.
    End(End),
    /// It panicked, outside of what Rocket catches itself.
    Panic,
}

impl Producer {
    /// A producer that hands over through `handover`.
    pub(super) fn new(
        future: impl Future<Output = End> + Send + 'static,
        handover: Handover,
    ) -> Self {
        Self {
            future: Box::pin(future),
            handover,
        }
    }

    /// Runs the producer until it has something.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Produced> {
        let future = self.future.as_mut();
        match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
            Ok(Poll::Ready(end)) => Poll::Ready(Produced::End(end)),
            Ok(Poll::Pending) => match self.handover.take() {
                Some(piece) => Poll::Ready(Produced::Piece(piece)),
                None => Poll::Pending,
            },
            Err(_) => Poll::Ready(Produced::Panic),
        }
    }
}

/// The body of an answer as hyper reads it; when it is dropped, the answer is complete or lost.
pub(super) struct AnswerBody {
    content: Content,
    _turn: TurnGuard,
}

enum Content {
    /// Taken in one piece; empty once it is.
    Whole(Bytes),
    Stream {
        producer: Producer,
        size: Option<u64>,
    },
    Ended,
}

impl AnswerBody {
    /// A body that is all there.
    pub(super) fn whole(bytes: Bytes, turn: TurnGuard) -> Self {
        Self {
            content: Content::Whole(bytes),
            _turn: turn,
        }
    }

    /// A body that `producer` goes on to make, of `size` bytes if that is known.
    pub(super) fn stream(producer: Producer, size: Option<u64>, turn: TurnGuard) -> Self {
        Self {
            content: Content::Stream { producer, size },
            _turn: turn,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        let broken = || Err(io::Error::other("the answer broke off"));
        let ended = match &mut body.content {
            Content::Ended => None,
            Content::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)))
            }
            Content::Stream { producer, .. } => match producer.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Produced::Piece(Piece::Data(bytes))) => {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Poll::Ready(Produced::End(End::Stream(Ok(())))) => None,
                Poll::Ready(Produced::End(End::Stream(Err(error)))) => Some(Err(error)),
                // A second head, or a panic: the client must not take what it has for the whole.
                Poll::Ready(_) => Some(broken()),
            },
        };
        body.content = Content::Ended;
        Poll::Ready(ended)
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Ended => true,
            Content::Whole(bytes) => bytes.is_empty(),
            Content::Stream { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Ended => SizeHint::with_exact(0),
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream { size, .. } => size.map_or_else(SizeHint::new, SizeHint::with_exact),
        }
    }
}
