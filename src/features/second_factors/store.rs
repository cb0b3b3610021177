//! All SQL on `second_factors` and `recovery_codes`.

use rusqlite::{Row, params};
use subtle::ConstantTimeEq;

use crate::features::attempts::model::Failures;
use crate::features::second_factors::model::{Factor, State};
use crate::store::{Db, StoreError, Tx, bad_row};
use crate::types::ids::UserId;
use crate::types::salt::Salt;
use crate::types::time::{Moment, Timestamp};

/// Whether a second factor is asked of a user: one whose secret was only shown is not.
///
/// # Errors
/// What SQLite says.
pub fn has(db: &Db<'_>, user: UserId) -> Result<bool, StoreError> {
    let confirmed = db.optional(
        "SELECT 1
         FROM second_factors
         WHERE user_id = $1 AND confirmed_at IS NOT NULL",
        params![user.0],
        |_| Ok(()),
    )?;
    Ok(confirmed.is_some())
}

/// A user's second factor, confirmed or not.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn of_user(db: &Db<'_>, user: UserId) -> Result<Option<Factor>, StoreError> {
    db.optional(
        "SELECT nonce, key_id, drawn_at, drawn_steady, drawn_boot, confirmed_at, last_step,
                failures, failed_at, failed_steady, failed_boot
         FROM second_factors
         WHERE user_id = $1",
        params![user.0],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<Factor> {
    let drawn = Moment::from_row(row.get(2)?, row.get(3)?, row.get(4)?);
    let failed = (row.get(8)?, row.get(9)?, row.get(10)?);
    Ok(Factor {
        nonce: Salt::from_row(row.get(0)?),
        key_id: row.get(1)?,
        state: match (row.get::<_, Option<i64>>(5)?, row.get(6)?) {
            (None, None) => State::Pending { drawn },
            (Some(at), Some(last_step)) => State::Confirmed {
                at: Timestamp::from_micros(at),
                last_step,
            },
            _ => return Err(bad_row("second_factors.last_step", "half a state")),
        },
        failures: Failures {
            count: row.get(7)?,
            last: match failed {
                (Some(at), Some(steady), Some(boot)) => Some(Moment::from_row(at, steady, boot)),
                (None, None, None) => None,
                _ => return Err(bad_row("second_factors.failed_at", "half a moment")),
            },
        },
    })
}

/// Keeps what the secret just shown is derived from, in place of one that was shown before. A confirmed one stays as it is.
///
/// # Errors
/// What SQLite says.
pub fn keep_pending(
    tx: &Tx<'_>,
    user: UserId,
    nonce: &Salt,
    key_id: i64,
    now: Moment,
) -> Result<bool, StoreError> {
    let written = tx.execute(
        "INSERT INTO second_factors (user_id, nonce, key_id, drawn_at, drawn_steady, drawn_boot)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id) DO UPDATE
         SET nonce = $2, key_id = $3, drawn_at = $4, drawn_steady = $5, drawn_boot = $6
         WHERE second_factors.confirmed_at IS NULL",
        params![
            user.0,
            nonce.reveal(),
            key_id,
            now.wall.micros(),
            now.steady,
            now.boot
        ],
    )?;
    Ok(written == 1)
}

/// The first right code came.
///
/// # Errors
/// What SQLite says.
pub fn confirm(tx: &Tx<'_>, user: UserId, step: i64, now: Timestamp) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE second_factors
         SET confirmed_at = $2, last_step = $3
         WHERE user_id = $1 AND confirmed_at IS NULL",
        params![user.0, now.micros(), step],
    )
}

/// A right code came: its step is used, and wrong codes are forgotten.
///
/// # Errors
/// What SQLite says.
pub fn use_step(tx: &Tx<'_>, user: UserId, step: i64) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE second_factors
         SET last_step = $2, failures = 0, failed_at = NULL, failed_steady = NULL, failed_boot = NULL
         WHERE user_id = $1 AND last_step < $2",
        params![user.0, step],
    )
}

/// Notes how many wrong codes came in a row, and when the last did.
///
/// # Errors
/// What SQLite says.
pub fn note_failures(tx: &Tx<'_>, user: UserId, failures: Failures) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE second_factors
         SET failures = $2, failed_at = $3, failed_steady = $4, failed_boot = $5
         WHERE user_id = $1",
        params![
            user.0,
            failures.count,
            failures.last.map(|last| last.wall.micros()),
            failures.last.map(|last| last.steady),
            failures.last.map(|last| last.boot)
        ],
    )
}

/// Removes a user's second factor with its recovery codes, and tells whether it counted.
///
/// # Errors
/// What SQLite says.
pub fn remove(tx: &Tx<'_>, user: UserId) -> Result<bool, StoreError> {
    let counted = has(tx, user)?;
    tx.execute(
        "DELETE FROM recovery_codes
         WHERE user_id = $1",
        params![user.0],
    )?;
    tx.execute(
        "DELETE FROM second_factors
         WHERE user_id = $1",
        params![user.0],
    )?;
    Ok(counted)
}

/// Puts new recovery codes in the place of all that a user has.
///
/// # Errors
/// What SQLite says.
pub fn replace_recovery_codes(
    tx: &Tx<'_>,
    user: UserId,
    hashes: &[[u8; 32]],
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM recovery_codes
         WHERE user_id = $1",
        params![user.0],
    )?;
    for hash in hashes {
        tx.execute_on_one(
            "INSERT INTO recovery_codes (user_id, hash)
             VALUES ($1, $2)",
            params![user.0, hash],
        )?;
    }
    Ok(())
}

/// Uses up a recovery code, if it is one of the user's.
///
/// # Errors
/// What SQLite says.
pub fn use_recovery_code(
    tx: &Tx<'_>,
    user: UserId,
    presented: &[u8; 32],
) -> Result<bool, StoreError> {
    let left = tx.all(
        "SELECT hash
         FROM recovery_codes
         WHERE user_id = $1
         LIMIT 100",
        params![user.0],
        |row| row.get::<_, [u8; 32]>(0),
    )?;
    let is_one_of_them = left.iter().fold(subtle::Choice::from(0), |found, hash| {
        found | hash.ct_eq(presented)
    });
    if !bool::from(is_one_of_them) {
        return Ok(false);
    }
    tx.execute_on_one(
        "DELETE FROM recovery_codes
         WHERE user_id = $1 AND hash = $2",
        params![user.0, presented],
    )?;
    Ok(true)
}

/// How many recovery codes a user has left.
///
/// # Errors
/// What SQLite says.
pub fn recovery_codes_left(db: &Db<'_>, user: UserId) -> Result<u32, StoreError> {
    db.one(
        "SELECT count(*)
         FROM recovery_codes
         WHERE user_id = $1",
        params![user.0],
        |row| row.get(0),
    )
}

/// How many may manage the Hub, and how many of them have a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Administrators {
    /// Active ADMINs and SUPERADMINs.
    pub all: u32,
    /// Those of them with a second factor.
    pub with_one: u32,
}

/// Counts the administrators.
///
/// # Errors
/// What SQLite says.
pub fn administrators(db: &Db<'_>) -> Result<Administrators, StoreError> {
    db.one(
        "SELECT count(*), count(f.confirmed_at)
         FROM users u
         LEFT JOIN second_factors f ON f.user_id = u.id
         WHERE u.role IN ('ADMIN', 'SUPERADMIN') AND u.is_active = 1",
        params![],
        |row| {
            Ok(Administrators {
                all: row.get(0)?,
                with_one: row.get(1)?,
            })
        },
    )
}
