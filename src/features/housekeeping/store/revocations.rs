//! What of the feed of revocations is over. Its rows carry no moment; how old they are at least is noted every hour for all of them at once.

use rusqlite::params;

use crate::store::{Db, StoreError, Tx};
use crate::types::time::Moment;

/// Notes that are looked at: one an hour, for as long as rows are kept.
const MAX_AGES: u32 = 1_000;

/// Up to which row the feed went, and when that was noted.
#[derive(Clone, Copy, Debug)]
pub struct Age {
    /// The last row there was.
    pub last: i64,
    /// When.
    pub noted: Moment,
}

/// The notes, the newest first.
///
/// # Errors
/// What SQLite says.
pub fn ages(db: &Db<'_>) -> Result<Vec<Age>, StoreError> {
    db.all(
        "SELECT last, at, steady, boot
         FROM revocation_ages
         ORDER BY last DESC
         LIMIT $1",
        params![MAX_AGES],
        |row| {
            Ok(Age {
                last: row.get(0)?,
                noted: Moment::from_row(row.get(1)?, row.get(2)?, row.get(3)?),
            })
        },
    )
}

/// Whether rows came since the last note.
///
/// # Errors
/// What SQLite says.
pub fn has_unnoted(db: &Db<'_>) -> Result<bool, StoreError> {
    db.one(
        "SELECT (SELECT max(id) FROM revocations) > (SELECT coalesce(max(last), 0) FROM revocation_ages)",
        params![],
        |row| row.get(0),
    )
}

/// Notes that every row there is now is at least as old as this, unless none came since the last note.
///
/// # Errors
/// What SQLite says.
pub fn note_age(tx: &Tx<'_>, now: Moment) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO revocation_ages (last, at, steady, boot)
         SELECT max(id), $1, $2, $3
         FROM revocations
         HAVING max(id) IS NOT NULL
         ON CONFLICT (last) DO NOTHING",
        params![now.wall.micros(), now.steady, now.boot],
    )?;
    Ok(())
}

/// Removes rows up to this one, the oldest first, at most so many; tells how many. The very last row stays whatever its age: it is where whoever
/// has read everything goes on.
///
/// # Errors
/// What SQLite says.
pub fn remove_revocations(tx: &Tx<'_>, last: i64, most: u32) -> Result<u64, StoreError> {
    let removed = tx.execute(
        "DELETE FROM revocations
         WHERE id IN (
           SELECT id
           FROM revocations
           WHERE id <= $1 AND id < (SELECT max(id) FROM revocations)
           ORDER BY id
           LIMIT $2
         )",
        params![last, most],
    )?;
    Ok(u64::try_from(removed).unwrap_or(u64::MAX))
}

/// Removes the notes before this one: it says all that they said.
///
/// # Errors
/// What SQLite says.
pub fn remove_ages_before(tx: &Tx<'_>, last: i64) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM revocation_ages
         WHERE last < $1",
        params![last],
    )?;
    Ok(())
}
