//! All SQL on `browser_cookies` and `half_sign_ins`.

use rusqlite::{Row, params};

use crate::features::browser::model::{Area, Times};
use crate::features::sessions::model::Standing;
use crate::features::sessions::store::{key_of, session_id, standing};
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::store::{Db, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::held_value::ValueHash;
use crate::types::ids::{SessionId, UserId};
use crate::types::time::{Moment, Timestamp};

/// A cookie's row with the session that it belongs to.
#[derive(Clone, Debug)]
pub struct Held {
    /// The session.
    pub session: SessionId,
    /// The cookie's times.
    pub times: Times,
    /// Whether the session was ended.
    pub standing: Standing,
    /// When the session ends at the latest.
    pub ends_at: Timestamp,
    /// When its browser was last seen.
    pub seen_at: Timestamp,
    /// Whose it is, if they still exist.
    pub user: Option<User>,
}

/// What a cookie's value opens in an area.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn held(db: &Db<'_>, area: Area, value: &ValueHash) -> Result<Option<Held>, StoreError> {
    db.optional(
        "SELECT c.session_id, c.made_at, c.made_steady, c.made_boot, c.used_at, c.used_steady, c.used_boot,
                c.proven_at, c.proven_steady, c.proven_boot,
                s.ended_at, s.end_reason, s.ends_at, s.rotated_at,
                u.id, u.username, u.email, u.email_verified, u.bio, u.profile_photo_url, u.website_url,
                u.created_at, u.updated_at, u.is_active, u.role, u.premium_tier
         FROM browser_cookies c
         JOIN sessions s ON s.id = c.session_id
         LEFT JOIN users u ON u.id = s.user_id
         WHERE c.value_hash = $1 AND c.area = $2",
        params![value.as_bytes(), area.as_str()],
        |row| {
            let user = row.get::<_, Option<i64>>(14)?;
            Ok(Held {
                session: session_id(row.get(0)?)?,
                times: Times {
                    made: moment(row, 1)?,
                    used: moment(row, 4)?,
                    proven: moment(row, 7)?,
                },
                standing: standing(row.get(10)?, row.get(11)?)?,
                ends_at: Timestamp::from_micros(row.get(12)?),
                seen_at: Timestamp::from_micros(row.get(13)?),
                user: user.map(|_| users::read(row, 14)).transpose()?,
            })
        },
    )
}

fn moment(row: &Row<'_>, first: usize) -> rusqlite::Result<Moment> {
    Ok(Moment::from_row(
        row.get(first)?,
        row.get(first + 1)?,
        row.get(first + 2)?,
    ))
}

/// Gives a session its cookie for an area, in place of any that it had there.
///
/// # Errors
/// What SQLite says.
pub fn give(
    tx: &Tx<'_>,
    session: SessionId,
    area: Area,
    value: &ValueHash,
    at: Moment,
) -> Result<(), StoreError> {
    take(tx, session, area)?;
    tx.execute_on_one(
        "INSERT INTO browser_cookies (value_hash, session_id, area, made_at, made_steady, made_boot,
                                      used_at, used_steady, used_boot, proven_at, proven_steady, proven_boot)
         VALUES ($1, $2, $3, $4, $5, $6, $4, $5, $6, $4, $5, $6)",
        params![
            value.as_bytes(),
            session.get(),
            area.as_str(),
            at.wall.micros(),
            at.steady,
            at.boot
        ],
    )
}

/// Takes a session's cookie for an area away.
///
/// # Errors
/// What SQLite says.
pub fn take(tx: &Tx<'_>, session: SessionId, area: Area) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM browser_cookies
         WHERE session_id = $1 AND area = $2",
        params![session.get(), area.as_str()],
    )?;
    Ok(())
}

/// Gives a cookie another value and notes that its holder has just given the password; false if there is no such cookie any more.
///
/// # Errors
/// What SQLite says.
pub fn prove(
    tx: &Tx<'_>,
    old: &ValueHash,
    new: &ValueHash,
    at: Moment,
) -> Result<bool, StoreError> {
    let proven = tx.execute(
        "UPDATE browser_cookies
         SET value_hash = $2, used_at = $3, used_steady = $4, used_boot = $5,
             proven_at = $3, proven_steady = $4, proven_boot = $5
         WHERE value_hash = $1",
        params![
            old.as_bytes(),
            new.as_bytes(),
            at.wall.micros(),
            at.steady,
            at.boot
        ],
    )?;
    Ok(proven == 1)
}

/// Notes that a cookie was shown.
///
/// # Errors
/// What SQLite says.
pub fn touch(tx: &Tx<'_>, value: &ValueHash, at: Moment) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE browser_cookies
         SET used_at = $2, used_steady = $3, used_boot = $4
         WHERE value_hash = $1",
        params![value.as_bytes(), at.wall.micros(), at.steady, at.boot],
    )?;
    Ok(touched == 1)
}

/// Notes from where and when a live session's browser was last seen. The time never goes back.
///
/// # Errors
/// What SQLite says.
pub fn seen(tx: &Tx<'_>, session: SessionId, agent: i64, cause: &Cause) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE sessions
         SET rotated_at = max(rotated_at, $2), address = $3, agent = $4, address_key = $5
         WHERE id = $1 AND browser = 1 AND ended_at IS NULL",
        params![
            session.get(),
            cause.at.wall.micros(),
            cause.address.map(|address| address.to_string()),
            agent,
            key_of(cause.address)
        ],
    )?;
    Ok(())
}

/// A right password that waits for its second factor.
#[derive(Clone, Debug)]
pub struct Half {
    /// Whose password it was.
    pub user: UserId,
    /// SHA-256 of the stored hash that it was compared with.
    pub password_mark: [u8; 32],
    /// When it was given.
    pub made: Moment,
}

/// Remembers a right password, in place of any other of the same user.
///
/// # Errors
/// What SQLite says.
pub fn remember_half(tx: &Tx<'_>, value: &ValueHash, half: &Half) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM half_sign_ins
         WHERE user_id = $1",
        params![half.user.0],
    )?;
    tx.execute_on_one(
        "INSERT INTO half_sign_ins (value_hash, user_id, password_mark, made_at, made_steady, made_boot)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            value.as_bytes(),
            half.user.0,
            half.password_mark,
            half.made.wall.micros(),
            half.made.steady,
            half.made.boot
        ],
    )
}

/// The right password that a value stands for.
///
/// # Errors
/// What SQLite says.
pub fn half(db: &Db<'_>, value: &ValueHash) -> Result<Option<Half>, StoreError> {
    db.optional(
        "SELECT user_id, password_mark, made_at, made_steady, made_boot
         FROM half_sign_ins
         WHERE value_hash = $1",
        params![value.as_bytes()],
        |row| {
            Ok(Half {
                user: UserId(row.get(0)?),
                password_mark: row.get(1)?,
                made: moment(row, 2)?,
            })
        },
    )
}

/// Forgets it.
///
/// # Errors
/// What SQLite says.
pub fn forget_half(tx: &Tx<'_>, value: &ValueHash) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM half_sign_ins
         WHERE value_hash = $1",
        params![value.as_bytes()],
    )?;
    Ok(())
}

/// Takes every half sign-in away.
///
/// # Errors
/// What SQLite says.
pub fn forget_halves(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM half_sign_ins", params![])?;
    Ok(())
}
