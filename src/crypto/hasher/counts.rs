//! What is counted of the hashing of passwords.

use crate::crypto::hasher::HasherSettings;
use crate::types::counting::{Counter, Histogram, Level};

/// Largest time of each span in microseconds: one hash takes some ten milliseconds on a core of its own, and a second on a small machine in a storm.
pub const HASH_MICROS: [u64; 10] = [
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
];

/// The counts of one hasher.
#[derive(Debug)]
pub struct HasherCounts {
    /// Threads that hash.
    pub threads: usize,
    /// How many may wait.
    pub queue: usize,
    /// Passwords that wait for a thread. One whose caller gave up counts until a thread passes it over.
    pub waiting: Level,
    /// Passwords that are being hashed.
    pub under_way: Level,
    /// Passwords that were refused: too many waited.
    pub refused: Counter,
    /// Passwords that were given up: they waited too long.
    pub too_late: Counter,
    /// How long one takes, in microseconds.
    pub durations: Histogram<{ HASH_MICROS.len() }>,
}

impl HasherCounts {
    /// Nothing was hashed yet.
    #[must_use]
    pub fn of(settings: &HasherSettings) -> Self {
        Self {
            threads: settings.threads.max(1),
            queue: settings.queue,
            waiting: Level::default(),
            under_way: Level::default(),
            refused: Counter::default(),
            too_late: Counter::default(),
            durations: Histogram::of(&HASH_MICROS),
        }
    }
}
