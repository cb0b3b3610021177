//! Since when a connection has been of no use: written by its own task, read by whoever looks for room.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

/// A request is being received or worked on.
const BUSY: u64 = u64::MAX;

/// What a connection and the keeper of places tell each other. A request costs two plain stores in it, and no lock.
#[derive(Debug)]
pub(super) struct Tenure {
    /// When the door opened: what moments are counted from.
    opened: Instant,
    /// [`BUSY`], or twice the microsecond since which the client is awaited, and one more if it has nothing to lose.
    note: AtomicU64,
    asked: AtomicBool,
    wake: Notify,
}

/// A connection that waits for its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Waiting {
    since_us: u64,
    /// It waits between two requests, so that a client notices nothing when it ends: it sends its next one on another.
    pub(super) is_idle: bool,
}

impl Waiting {
    /// Whether it has waited that long by `now`.
    pub(super) fn has_lasted(self, time: Duration, now: u64) -> bool {
        self.since_us.saturating_add(microseconds(time)) <= now
    }
}

impl Tenure {
    /// Of a connection that was just accepted, and has said nothing.
    pub(super) fn begin(opened: Instant) -> Self {
        let tenure = Self {
            opened,
            note: AtomicU64::new(BUSY),
            asked: AtomicBool::new(false),
            wake: Notify::new(),
        };
        tenure.waits(Instant::now(), false);
        tenure
    }

    /// The client is awaited since then; `is_idle` if it is between two requests, and not before its first or within a head.
    pub(super) fn waits(&self, since: Instant, is_idle: bool) {
        let since_us = microseconds(since.duration_since(self.opened));
        self.note
            .store(since_us << 1 | u64::from(is_idle), Ordering::Relaxed);
    }

    /// A request is here.
    pub(super) fn is_busy(&self) {
        self.note.store(BUSY, Ordering::Relaxed);
    }

    /// What it waits for; none while it is busy.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        let note = self.note.load(Ordering::Relaxed);
        (note != BUSY).then_some(Waiting {
            since_us: note >> 1,
            is_idle: note & 1 == 1,
        })
    }

    /// Whether the client has let it wait that long.
    pub(super) fn has_waited(&self, time: Duration) -> bool {
        let now = microseconds(self.opened.elapsed());
        self.waiting()
            .is_some_and(|waiting| waiting.has_lasted(time, now))
    }

    /// Asks the connection to end as soon as nothing is lost by it.
    pub(super) fn ask_to_go(&self) {
        self.asked.store(true, Ordering::Relaxed);
        // Keeps the word for a task that does not listen yet.
        self.wake.notify_one();
    }

    /// Whether the connection was asked to go.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Resolves when the connection is asked to go.
    pub(super) fn asked(&self) -> Notified<'_> {
        self.wake.notified()
    }
}

/// As a number that can be stored at once. Half of its range are 290,000 years.
pub(super) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX >> 1)
}
