//! What leaves no row to count: refreshes, counted in the process and written by the hour.
//!
//! The hot path pays one atomic addition. Each minute the sum goes to the table `activity`, and once more when the server stops; a
//! crash loses at most the last minute of the count, and never a refresh.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::params;

use crate::store::db::{Db, Tx};
use crate::store::error::StoreError;
use crate::store::{Change, Store};
use crate::types::time::{Hour, Timestamp};

/// The count of a running server.
#[derive(Debug)]
pub struct Activity {
    /// When the counting began.
    begun: Timestamp,
    /// Refreshes answered since.
    refreshes: AtomicU64,
    ledger: Mutex<Ledger>,
}

/// What of the count stands in the table.
#[derive(Debug)]
struct Ledger {
    /// Up to here.
    written: u64,
    /// When that was.
    written_at: Timestamp,
    /// Where the count stood a minute ago.
    marked: u64,
    /// How much it grew in the minute before that mark.
    last_minute: Option<u64>,
}

impl Activity {
    /// Counts from now on.
    #[must_use]
    pub fn begin(now: Timestamp) -> Self {
        Self {
            begun: now,
            refreshes: AtomicU64::new(0),
            ledger: Mutex::new(Ledger {
                written: 0,
                written_at: now,
                marked: 0,
                last_minute: None,
            }),
        }
    }

    /// A refresh was answered with a pair of tokens.
    pub fn refreshed(&self) {
        // Nothing is decided on the count, so no order with other memory is needed.
        self.refreshes.fetch_add(1, Ordering::Relaxed);
    }

    /// When this process began to count.
    #[must_use]
    pub const fn begun(&self) -> Timestamp {
        self.begun
    }

    /// Refreshes that no row of the table tells of yet.
    #[must_use]
    pub fn unwritten(&self) -> u64 {
        let count = self.refreshes.load(Ordering::Relaxed);
        count.saturating_sub(self.ledger().written)
    }

    /// Refreshes in the last whole minute; `None` in the first minute of the process.
    #[must_use]
    pub fn last_minute(&self) -> Option<u64> {
        self.ledger().last_minute
    }

    /// A minute has passed.
    pub fn mark_minute(&self) {
        let count = self.refreshes.load(Ordering::Relaxed);
        let mut ledger = self.ledger();
        ledger.last_minute = Some(count.saturating_sub(ledger.marked));
        ledger.marked = count;
    }

    /// Writes what is not written yet. What could not be written now is written next time.
    ///
    /// # Errors
    /// What the store says.
    pub async fn write(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        let (due, since) = {
            let count = self.refreshes.load(Ordering::Relaxed);
            let mut ledger = self.ledger();
            let due = count.saturating_sub(ledger.written);
            if due == 0 {
                return Ok(());
            }
            // Taken before it is written, so that two who write at once do not write it twice.
            ledger.written = count;
            let since = std::mem::replace(&mut ledger.written_at, now);
            (due, since)
        };
        let written = store.write(Refreshes { due, since, now }).await;
        if written.is_err() {
            let mut ledger = self.ledger();
            ledger.written = ledger.written.saturating_sub(due);
            ledger.written_at = since;
        }
        written
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refreshes that were counted. It tells of no change, so it has no audit row.
struct Refreshes {
    due: u64,
    /// They were counted from here
    since: Timestamp,
    /// to here: the hour that they are put into, also where the minute began in the one before.
    now: Timestamp,
}

impl Change for Refreshes {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        tx.execute_on_one(
            "INSERT INTO activity (hour, refreshes, since)
             VALUES ($1, $2, $3)
             ON CONFLICT (hour) DO UPDATE SET refreshes = activity.refreshes + $2",
            params![
                Hour::of(self.now).number(),
                i64::try_from(self.due).unwrap_or(i64::MAX),
                self.since.micros()
            ],
        )
    }
}

/// The refreshes of each hour from one on, those hours that have any.
///
/// # Errors
/// What SQLite says.
pub fn refreshes(db: &Db<'_>, from: Hour) -> Result<Vec<(Hour, i64)>, StoreError> {
    db.all(
        "SELECT hour, refreshes
         FROM activity
         WHERE hour >= $1
         ORDER BY hour",
        params![from.number()],
        |row| Ok((Hour::from_number(row.get(0)?), row.get(1)?)),
    )
}

/// When counting began, as far as the table knows.
///
/// # Errors
/// What SQLite says.
pub fn since(db: &Db<'_>) -> Result<Option<Timestamp>, StoreError> {
    let first = db.optional(
        "SELECT since
         FROM activity
         ORDER BY hour
         LIMIT 1",
        params![],
        |row| row.get(0),
    )?;
    Ok(first.map(Timestamp::from_micros))
}
