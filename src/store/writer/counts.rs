//! What the writer counts of its own work.

use crate::types::counting::{Counter, Histogram, Level};

/// Largest number of changes of each span: alone, in small company, up to a whole batch.
pub const BATCH_CHANGES: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// Largest time of each span in microseconds: a sync takes a tenth of a millisecond on a good disk, tens on a spinning one, and seconds on one that
/// somebody else fills.
pub const COMMIT_MICROS: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 5_000_000,
];

/// The counts of one writer.
#[derive(Debug)]
pub struct WriterCounts {
    /// Changes that wait.
    pub waiting: Level,
    /// Changes that were refused, because too many wait or the store is closing.
    pub refused: Counter,
    /// Changes in one commit.
    pub batches: Histogram<{ BATCH_CHANGES.len() }>,
    /// How long a turn takes, in microseconds: the changes, the commit and its sync.
    pub commits: Histogram<{ COMMIT_MICROS.len() }>,
    /// Turns that could not be committed.
    pub failed: Counter,
}

impl Default for WriterCounts {
    fn default() -> Self {
        Self {
            waiting: Level::default(),
            refused: Counter::default(),
            batches: Histogram::of(&BATCH_CHANGES),
            commits: Histogram::of(&COMMIT_MICROS),
            failed: Counter::default(),
        }
    }
}
