//! The count of the dashboard that no list has.

use rusqlite::params;

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
