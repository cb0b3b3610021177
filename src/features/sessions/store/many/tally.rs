//! How many sessions there are: kept by the database with each beginning and end, and what the clock changes counted in an index.

use rusqlite::{Row, params};

use crate::features::sessions::store::many::{Now, Status};
use crate::store::{Db, StoreError};

/// How many sessions there are of each kind, whatever the clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Not ended; past their time or not.
    pub live: u64,
    /// Ended by somebody.
    pub ended: u64,
    /// Ended because a used token came again.
    pub reused: u64,
}

impl Tally {
    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.live + self.ended + self.reused
    }
}

/// The numbers as they are.
///
/// # Errors
/// What SQLite says.
pub fn tally(db: &Db<'_>) -> Result<Tally, StoreError> {
    db.one(
        "SELECT live, ended, reused
         FROM session_tally
         WHERE id = 1",
        params![],
        |row| {
            Ok(Tally {
                live: number(row, 0)?,
                ended: number(row, 1)?,
                reused: number(row, 2)?,
            })
        },
    )
}

/// How many sessions have a status at `now`; all of them without one.
///
/// # Errors
/// What SQLite says.
pub fn with_status(db: &Db<'_>, status: Option<Status>, now: Now) -> Result<u64, StoreError> {
    let tally = tally(db)?;
    Ok(match status {
        None => tally.all(),
        Some(Status::Ended) => tally.ended,
        Some(Status::Reused) => tally.reused,
        Some(Status::Expired) => expired(db, now)?,
        Some(Status::Active) => tally.live.saturating_sub(expired(db, now)?),
        // Whatever is past its time by then and is not yet.
        Some(Status::Expiring) => expired(db, now.soon())?.saturating_sub(expired(db, now)?),
    })
}

/// Sessions past their time: those whose refresh token has expired, and those past their own end with a younger one.
fn expired(db: &Db<'_>, now: Now) -> Result<u64, StoreError> {
    db.one(
        "SELECT (SELECT count(*)
                 FROM sessions
                 WHERE rotated_at <= $2 AND end_reason IS NULL)
              + (SELECT count(*)
                 FROM sessions
                 WHERE ended_at IS NULL AND ends_at > $2 AND ends_at <= $1 AND +rotated_at > $2)",
        // No session is used past its end, so one whose end came before the younger tokens' time has none: `ends_at > $2` leaves nothing out.
        params![now.at.micros(), now.refresh_expired.micros()],
        |row| number(row, 0),
    )
}

/// A number that counts something.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}
