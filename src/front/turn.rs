//! Whose turn it is on a connection: shared by its socket, its requests and their answers.
//!
//! All of them live in the connection's one task, so relaxed atomics are enough: they are here only because a task may
//! move between threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::tenure::Tenure;

/// The client's turn: between requests, or in the middle of a head.
const AWAITED: u8 = 0;
/// Our turn: a request is being received or worked on.
const TAKEN: u8 = 1;
/// The whole answer is with hyper and may still have to be sent.
const ANSWERED: u8 = 2;

/// What the parts of one connection tell each other.
#[derive(Debug)]
pub(super) struct Turn {
    stage: AtomicU8,
    stopping: AtomicBool,
    heard: AtomicU8,
    lingers: AtomicBool,
    tenure: Arc<Tenure>,
}

/// What a socket knows of a next request on a connection that is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Something has arrived: a head may be complete.
    MaybeAHead,
    /// Nothing has arrived.
    Nothing,
    /// A head has begun and its end has not arrived.
    HalfAHead,
}

impl Turn {
    /// The client's turn, on the place with this tenure.
    pub(super) fn new(tenure: Arc<Tenure>) -> Self {
        Self {
            stage: AtomicU8::new(AWAITED),
            stopping: AtomicBool::new(false),
            heard: AtomicU8::new(Heard::MaybeAHead as u8),
            lingers: AtomicBool::new(false),
            tenure,
        }
    }

    /// Whether the next bytes are the client's to send: a head, or nothing yet.
    pub(super) fn is_awaited(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == AWAITED
    }

    /// A head is complete: from here the deadlines for a head no longer count. The guard ends the turn.
    pub(super) fn take(self: &Arc<Self>) -> TurnGuard {
        self.stage.store(TAKEN, Ordering::Relaxed);
        self.tenure.is_busy();
        TurnGuard(Arc::clone(self))
    }

    /// Everything written so far is with the kernel: true if that ended an answer, and so the turn.
    pub(super) fn flushed(&self) -> bool {
        let ended = self.stage.load(Ordering::Relaxed) == ANSWERED;
        if ended {
            self.stage.store(AWAITED, Ordering::Relaxed);
        }
        ended
    }

    /// The client is awaited from now on with its next head.
    pub(super) fn is_idle(&self, since: Instant) {
        self.tenure.waits(since, true);
    }

    /// The next head has begun.
    pub(super) fn is_in_a_head(&self, since: Instant) {
        self.tenure.waits(since, false);
    }

    /// The connection is to end: from now on the socket says whether a request is on its way.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the connection is to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The socket's word on a next request.
    pub(super) fn hear(&self, heard: Heard) {
        self.heard.store(heard as u8, Ordering::Relaxed);
    }

    /// Whether a stopping connection may be told to close without losing a request that was already sent.
    pub(super) fn may_close(&self) -> bool {
        !self.is_awaited() || self.has_heard(Heard::Nothing)
    }

    /// Whether the connection stands in the way of others with half a head.
    pub(super) fn may_be_cut(&self, grace: Duration) -> bool {
        self.is_awaited()
            && self.has_heard(Heard::HalfAHead)
            && self.tenure.is_asked()
            && self.tenure.has_waited(grace)
    }

    fn has_heard(&self, heard: Heard) -> bool {
        self.heard.load(Ordering::Relaxed) == heard as u8
    }

    /// A request was refused before it was read to its end.
    pub(super) fn linger(&self) {
        self.lingers.store(true, Ordering::Relaxed);
    }

    /// Whether unread bytes may be on their way when the connection is closed.
    pub(super) fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
    }
}

/// Held by a request and then by its answer; dropped when hyper has taken all of it.
#[derive(Debug)]
pub(super) struct TurnGuard(Arc<Turn>);

impl TurnGuard {
    /// The turn that this guard will end.
    pub(super) fn turn(&self) -> &Turn {
        &self.0
    }
}

impl Drop for TurnGuard {
    fn drop(&mut self) {
        self.0.stage.store(ANSWERED, Ordering::Relaxed);
    }
}
