//! How many rows each hour has of each action: counted with each row, so that nobody counts a million rows for a picture.
//!
//! Beside an index on action and time it costs a sign-in a microsecond more, and a reader ten rows an hour instead of all of them.

use rusqlite::params;

use crate::store::audit::Action;
use crate::store::db::{Db, Tx};
use crate::store::error::StoreError;
use crate::types::time::{Hour, Timestamp};

/// Counts a row, in its own transaction.
pub(super) fn count(tx: &Tx<'_>, at: Timestamp, action: Action) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO audit_hours (hour, action, entries)
         VALUES ($1, $2, 1)
         ON CONFLICT (hour, action) DO UPDATE SET entries = audit_hours.entries + 1",
        params![Hour::of(at).number(), action.as_str()],
    )
}

/// How often something was done in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// In which hour.
    pub hour: Hour,
    /// What, as [`Action::as_str`] says.
    pub action: String,
    /// How many rows.
    pub entries: i64,
}

/// How often something was done from an hour on.
///
/// # Errors
/// What SQLite says.
pub fn done_since(db: &Db<'_>, action: Action, from: Hour) -> Result<i64, StoreError> {
    db.one(
        "SELECT coalesce(sum(entries), 0)
         FROM audit_hours
         WHERE hour >= $1 AND action = $2",
        params![from.number(), action.as_str()],
        |row| row.get(0),
    )
}

/// What was done from an hour on, hour by hour.
///
/// # Errors
/// What SQLite says.
pub fn hours(db: &Db<'_>, from: Hour) -> Result<Vec<Tally>, StoreError> {
    db.all(
        "SELECT hour, action, entries
         FROM audit_hours
         WHERE hour >= $1
         ORDER BY hour, action",
        params![from.number()],
        |row| {
            Ok(Tally {
                hour: Hour::from_number(row.get(0)?),
                action: row.get(1)?,
                entries: row.get(2)?,
            })
        },
    )
}
