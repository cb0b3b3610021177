//! Whose turn it is on a connection: shared by its socket, its requests and their answers.
//!
//! All of them live in the connection's one task, so relaxed atomics are enough: they are here only because a task may
//! move between threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// The client's turn: between requests, or in the middle of a head.
const AWAITED: u8 = 0;
/// Our turn: a request is being received or worked on.
const TAKEN: u8 = 1;
/// The whole answer is with hyper and may still have to be sent.
const ANSWERED: u8 = 2;

/// What the parts of one connection tell each other.
#[derive(Debug, Default)]
pub(super) struct Turn {
    stage: AtomicU8,
    stopping: AtomicBool,
    quiet: AtomicBool,
    lingers: AtomicBool,
}

impl Turn {
    /// Whether the next bytes are the client's to send: a head, or nothing yet.
    pub(super) fn is_awaited(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == AWAITED
    }

    /// A head is complete: from here the deadlines for a head no longer count. The guard ends the turn.
    pub(super) fn take(self: &Arc<Self>) -> TurnGuard {
        self.stage.store(TAKEN, Ordering::Relaxed);
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

    /// The door is closing: from now on the socket says whether a request is on its way.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the door is closing.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The socket's word on whether nothing of a next request has arrived.
    pub(super) fn set_quiet(&self, quiet: bool) {
        self.quiet.store(quiet, Ordering::Relaxed);
    }

    /// Whether a stopping connection may be told to close without losing a request that was already sent.
    pub(super) fn may_close(&self) -> bool {
        !self.is_awaited() || self.quiet.load(Ordering::Relaxed)
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
