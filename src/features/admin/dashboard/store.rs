//! The counts of the dashboard that are no list's.

use rusqlite::params;

use crate::features::sessions::store::many::Now;
use crate::store::{Db, StoreError};

/// How many users there are.
///
/// # Errors
/// What SQLite says.
pub fn users(db: &Db<'_>) -> Result<i64, StoreError> {
    db.one(
        "SELECT count(*)
         FROM users",
        params![],
        |row| row.get(0),
    )
}

/// How many sessions are good at `now`.
///
/// # Errors
/// What SQLite says.
pub fn active_sessions(db: &Db<'_>, now: Now) -> Result<i64, StoreError> {
    db.one(
        "SELECT count(*)
         FROM sessions
         WHERE ended_at IS NULL AND ends_at > $1 AND rotated_at > $2",
        params![now.at.micros(), now.refresh_expired.micros()],
        |row| row.get(0),
    )
}
