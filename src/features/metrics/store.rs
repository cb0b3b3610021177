//! The one count that no other feature has.

use rusqlite::params;

use crate::store::{Db, StoreError};

/// How many users there are.
///
/// # Errors
/// What SQLite says.
pub fn users(db: &Db<'_>) -> Result<u64, StoreError> {
    db.one(
        "SELECT count(*)
         FROM users",
        params![],
        |row| row.get::<_, i64>(0).map(i64::unsigned_abs),
    )
}
