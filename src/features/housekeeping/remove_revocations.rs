//! Removing what the feed of revocations told long ago: whoever reads on from before that is told to forget everything, which is never wrong.

use std::time::Duration;

use crate::features::housekeeping::model::is_old;
use crate::features::housekeeping::remove_rest::age;
use crate::features::housekeeping::store::removals::{self, Kind};
use crate::features::housekeeping::store::revocations::{self as store, Age};
use crate::store::lived;
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::time::{Moment, Timestamp};

/// Rows a batch: they lie side by side, and no index comes along.
pub const BATCH_REVOCATIONS: u32 = 500;
/// How much longer rows are kept than an access token lives: a reader that was away for less than both goes on where it was.
const MARGIN: Duration = Duration::from_hours(1);

/// Notes how far the feed goes by now, and removes the next rows that are over.
#[derive(Clone, Debug)]
pub struct RemoveRevocations {
    /// What time it is.
    pub now: Moment,
    /// How long an access token lives.
    pub access_ttl: Duration,
    /// How many at most.
    pub most: u32,
}

impl RemoveRevocations {
    fn keep(&self) -> Duration {
        self.access_ttl.saturating_add(MARGIN)
    }

    fn is_over_by_wall_clock(&self, noted_at: Timestamp) -> bool {
        noted_at <= self.now.wall.minus(self.keep())
    }

    /// Whether applying this might change anything. Asked of a reader, it costs the writer nothing.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn peek(&self, db: &Db<'_>) -> Result<bool, StoreError> {
        let is_over = |age: &Age| self.is_over_by_wall_clock(age.noted.wall);
        Ok(store::has_unnoted(db)? || store::ages(db)?.iter().any(is_over))
    }
}

impl Change for RemoveRevocations {
    /// How many rows went.
    type Outcome = u64;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, StoreError> {
        let lived = lived::advance(tx, self.now)?;
        store::note_age(tx, self.now)?;
        for found in store::ages(tx)? {
            let passed = age(tx, found.noted, lived)?;
            if !is_old(found.noted.wall, Some(passed), self.keep(), self.now.wall) {
                continue;
            }
            let removed = store::remove_revocations(tx, found.last, self.most)?;
            store::remove_ages_before(tx, found.last)?;
            removals::count(tx, Kind::Revocations, removed)?;
            return Ok(removed);
        }
        Ok(0)
    }
}
