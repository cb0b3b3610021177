//! What the front door counts: connections, and requests that it answers itself. It stands here so that the door needs to know nobody who reads it.

use crate::types::counting::{Counter, Counters, Level};

/// The statuses with which the door refuses a request by itself.
pub const REFUSALS: [u16; 10] = [400, 405, 408, 413, 414, 421, 431, 500, 501, 503];

/// The counts of one door.
#[derive(Debug, Default)]
pub struct DoorCounts {
    /// Connections that are open.
    pub open: Level,
    /// Connections that may be open at once.
    pub most: Level,
    /// Connections that got a place.
    pub admitted: Counter,
    /// Connections that were closed at once: their network has more than its share.
    pub refused: Counter,
    /// Connections that were asked to go so that others find a place.
    pub closed: Counter,
    refusals: Counters<{ REFUSALS.len() }>,
}

impl DoorCounts {
    /// A request was refused with this status before any route saw it.
    pub fn refusal(&self, status: u16) {
        if let Some(at) = REFUSALS.iter().position(|known| *known == status) {
            self.refusals.count(at);
        }
    }

    /// How many requests were refused with each status.
    pub fn refusals(&self) -> impl Iterator<Item = (u16, u64)> {
        let all = REFUSALS.into_iter().enumerate();
        all.map(|(at, status)| (status, self.refusals.read(at)))
    }
}
