//! All SQL on `sessions` and `user_agents`. (`lineage` has its own file.)

use std::net::IpAddr;

use rusqlite::{Row, params};

use crate::features::sessions::model::{Agent, EndReason, Session, Standing};
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::store::{Db, StoreError, Tx, bad_row};
use crate::types::cause::Cause;
use crate::types::ids::{SessionId, UserId};
use crate::types::time::{Moment, Timestamp};
use crate::types::user_agent::UserAgent;

/// A session with its user, or with `None` if the user is gone.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn load(db: &Db<'_>, id: SessionId) -> Result<Option<(Session, Option<User>)>, StoreError> {
    db.optional(
        "SELECT s.id, s.user_id, s.salt, s.generation, s.retries,
                s.rotated_at, s.rotated_steady, s.rotated_boot,
                s.previous_at, s.previous_steady, s.previous_boot,
                s.created_at, s.ends_at, s.ended_at, s.end_reason,
                s.address, s.agent, a.text, s.lineage_length,
                u.id, u.username, u.email, u.email_verified, u.bio, u.profile_photo_url, u.website_url,
                u.created_at, u.updated_at, u.is_active, u.role, u.premium_tier
         FROM sessions s
         JOIN user_agents a ON a.id = s.agent
         LEFT JOIN users u ON u.id = s.user_id
         WHERE s.id = $1",
        params![id.get()],
        |row| {
            let user = row.get::<_, Option<i64>>(SESSION_COLUMNS)?;
            let user = user.map(|_| users::read(row, SESSION_COLUMNS)).transpose()?;
            Ok((read(row)?, user))
        },
    )
}

/// How many columns [`read`] takes.
const SESSION_COLUMNS: usize = 19;

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    let previous = (row.get(8)?, row.get(9)?, row.get(10)?);
    Ok(Session {
        id: session_id(row.get(0)?)?,
        user: UserId(row.get(1)?),
        salt: row.get(2)?,
        generation: row.get(3)?,
        retries: row.get(4)?,
        rotated: moment(row.get(5)?, row.get(6)?, row.get(7)?),
        previous: match previous {
            (Some(at), Some(steady), Some(boot)) => Some(moment(at, steady, boot)),
            (None, None, None) => None,
            _ => return Err(bad_row("sessions.previous_at", "half a moment")),
        },
        created_at: Timestamp::from_micros(row.get(11)?),
        ends_at: Timestamp::from_micros(row.get(12)?),
        standing: standing(row.get(13)?, row.get(14)?)?,
        address: address(row.get(15)?)?,
        agent: Agent {
            id: row.get(16)?,
            text: row.get(17)?,
        },
        lineage_length: row.get(18)?,
    })
}

fn session_id(key: i64) -> rusqlite::Result<SessionId> {
    SessionId::from_row(key).ok_or_else(|| bad_row("sessions.id", "not positive"))
}

/// A moment from its three columns.
pub(super) fn moment(at: i64, steady: i64, boot: u32) -> Moment {
    Moment {
        wall: Timestamp::from_micros(at),
        steady,
        boot,
    }
}

/// A standing from its two columns.
///
/// # Errors
/// When they contradict each other.
pub(super) fn standing(at: Option<i64>, reason: Option<String>) -> rusqlite::Result<Standing> {
    match (at, reason) {
        (None, None) => Ok(Standing::Live),
        (Some(at), Some(reason)) => Ok(Standing::Ended {
            at: Timestamp::from_micros(at),
            reason: EndReason::from_row(&reason)
                .ok_or_else(|| bad_row("sessions.end_reason", &reason))?,
        }),
        _ => Err(bad_row("sessions.end_reason", "half a standing")),
    }
}

/// An address from its column.
///
/// # Errors
/// When it is none.
pub(super) fn address(text: Option<String>) -> rusqlite::Result<Option<IpAddr>> {
    text.map(|text| text.parse().map_err(|_| bad_row("address", &text)))
        .transpose()
}

/// What every request with an access token asks about its session.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Whose the session is.
    pub user_id: UserId,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// Whether it was ended.
    pub standing: Standing,
    /// Its user, if there still is one.
    pub user: Option<User>,
}

/// The session that an access token names.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn claimed(db: &Db<'_>, id: SessionId) -> Result<Option<Claimed>, StoreError> {
    db.optional(
        "SELECT s.user_id, s.ends_at, s.ended_at, s.end_reason,
                u.id, u.username, u.email, u.email_verified, u.bio, u.profile_photo_url, u.website_url,
                u.created_at, u.updated_at, u.is_active, u.role, u.premium_tier
         FROM sessions s
         LEFT JOIN users u ON u.id = s.user_id
         WHERE s.id = $1",
        params![id.get()],
        |row| {
            let user = row.get::<_, Option<i64>>(4)?;
            Ok(Claimed {
                user_id: UserId(row.get(0)?),
                ends_at: Timestamp::from_micros(row.get(1)?),
                standing: standing(row.get(2)?, row.get(3)?)?,
                user: user.map(|_| users::read(row, 4)).transpose()?,
            })
        },
    )
}

/// Writes a new session's row.
///
/// # Errors
/// What SQLite says.
pub fn insert(tx: &Tx<'_>, session: &Session) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO sessions (id, user_id, salt, generation, retries,
                               rotated_at, rotated_steady, rotated_boot,
                               created_at, ends_at,
                               first_address, first_agent, address, agent, lineage_length)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12, $13)",
        params![
            session.id.get(),
            session.user.0,
            session.salt,
            session.generation,
            session.retries,
            session.rotated.wall.micros(),
            session.rotated.steady,
            session.rotated.boot,
            session.created_at.micros(),
            session.ends_at.micros(),
            session.address.map(|address| address.to_string()),
            session.agent.id,
            session.lineage_length
        ],
    )
}

/// Writes what a rotation or a retry changes in the row.
///
/// # Errors
/// What SQLite says.
pub fn update(tx: &Tx<'_>, session: &Session) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE sessions
         SET generation = $2, retries = $3,
             rotated_at = $4, rotated_steady = $5, rotated_boot = $6,
             previous_at = $7, previous_steady = $8, previous_boot = $9,
             address = $10, agent = $11, lineage_length = $12
         WHERE id = $1",
        params![
            session.id.get(),
            session.generation,
            session.retries,
            session.rotated.wall.micros(),
            session.rotated.steady,
            session.rotated.boot,
            session.previous.map(|previous| previous.wall.micros()),
            session.previous.map(|previous| previous.steady),
            session.previous.map(|previous| previous.boot),
            session.address.map(|address| address.to_string()),
            session.agent.id,
            session.lineage_length
        ],
    )
}

/// Marks a live session as ended; false if it was ended before. The first reason stays.
///
/// # Errors
/// What SQLite says.
pub fn end(
    tx: &Tx<'_>,
    id: SessionId,
    at: Timestamp,
    reason: EndReason,
) -> Result<bool, StoreError> {
    let ended = tx.execute(
        "UPDATE sessions
         SET ended_at = $2, end_reason = $3, lineage_length = lineage_length + 1
         WHERE id = $1 AND ended_at IS NULL",
        params![id.get(), at.micros(), reason.as_str()],
    )?;
    Ok(ended == 1)
}

/// A session that is about to be ended together with others.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// The row's key.
    pub id: SessionId,
    /// The present generation.
    pub generation: i64,
    /// Lineage rows so far.
    pub lineage_length: i64,
    /// The client that used it last.
    pub agent: i64,
    /// Whether it would still have been good by the clock.
    pub in_time: bool,
}

impl Ending {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: session_id(row.get(0)?)?,
            generation: row.get(1)?,
            lineage_length: row.get(2)?,
            agent: row.get(3)?,
            in_time: row.get(4)?,
        })
    }
}

/// Which sessions a list, or an ending of many, is about. Absent conditions let everything pass.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this user.
    pub user: Option<UserId>,
    /// But not this one.
    pub except: Option<SessionId>,
    /// Last used from this address.
    pub address: Option<IpAddr>,
    /// In this standing at `now`.
    pub status: Option<Status>,
    /// Last used before this time.
    pub used_before: Option<Timestamp>,
}

/// A session's standing and its time taken together, as lists show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Neither ended nor past its time.
    Active,
    /// Past its time.
    Expired,
    /// Ended by somebody.
    Ended,
    /// Ended because a used token came again.
    Reused,
}

impl Status {
    /// Every status there is.
    pub const ALL: [Self; 4] = [Self::Active, Self::Expired, Self::Ended, Self::Reused];

    /// As it stands on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::Reused => "reused",
        }
    }
}

/// What "past its time" is measured with.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The wall clock.
    pub at: Timestamp,
    /// Sessions last rotated at or before this time hold an expired refresh token.
    pub refresh_expired: Timestamp,
}

/// The sessions that were not ended yet and pass the filter, to end them all.
///
/// # Errors
/// What SQLite says.
pub fn endings(db: &Db<'_>, filter: &Filter, now: Now) -> Result<Vec<Ending>, StoreError> {
    db.all(
        "SELECT id, generation, lineage_length, agent, ends_at > $6 AND rotated_at > $7
         FROM sessions
         WHERE ended_at IS NULL
           AND ($1 IS NULL OR user_id = $1)
           AND ($2 IS NULL OR id <> $2)
           AND ($3 IS NULL OR address = $3)
           AND ($4 IS NULL OR rotated_at < $4)
           AND CASE $5 WHEN 'active' THEN ends_at > $6 AND rotated_at > $7
                       WHEN 'expired' THEN ends_at <= $6 OR rotated_at <= $7
                       WHEN 'ended' THEN 0
                       WHEN 'reused' THEN 0
                       ELSE 1 END",
        params![
            filter.user.map(|user| user.0),
            filter.except.map(SessionId::get),
            filter.address.map(|address| address.to_string()),
            filter.used_before.map(Timestamp::micros),
            filter.status.map(Status::as_str),
            now.at.micros(),
            now.refresh_expired.micros()
        ],
        Ending::read,
    )
}

/// A session's row for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The row's key.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Their name, if they still exist.
    pub username: Option<String>,
    /// When the sign-in was.
    pub created_at: Timestamp,
    /// When it was last rotated, or begun.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// Whether it was ended.
    pub standing: Standing,
    /// The address that used it last.
    pub address: Option<IpAddr>,
    /// The client that used it last, as it calls itself.
    pub user_agent: UserAgent,
    /// How often it was rotated.
    pub rotations: i64,
}

impl Listed {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let agent: String = row.get(9)?;
        Ok(Self {
            id: session_id(row.get(0)?)?,
            user: UserId(row.get(1)?),
            username: row.get(2)?,
            created_at: Timestamp::from_micros(row.get(3)?),
            last_used_at: Timestamp::from_micros(row.get(4)?),
            ends_at: Timestamp::from_micros(row.get(5)?),
            standing: standing(row.get(6)?, row.get(7)?)?,
            address: address(row.get(8)?)?,
            user_agent: UserAgent::from_row(agent),
            rotations: row.get::<_, i64>(10)? - 1,
        })
    }
}

/// The sessions that pass the filter, newest first, at most `limit`.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn list(db: &Db<'_>, filter: &Filter, now: Now, limit: u32) -> Result<Vec<Listed>, StoreError> {
    db.all(
        "SELECT s.id, s.user_id, u.username, s.created_at, s.rotated_at, s.ends_at, s.ended_at, s.end_reason,
                s.address, a.text, s.generation
         FROM sessions s
         JOIN user_agents a ON a.id = s.agent
         LEFT JOIN users u ON u.id = s.user_id
         WHERE ($1 IS NULL OR s.user_id = $1)
           AND ($2 IS NULL OR s.id <> $2)
           AND ($3 IS NULL OR s.address = $3)
           AND ($4 IS NULL OR s.rotated_at < $4)
           AND CASE $5 WHEN 'active' THEN s.ended_at IS NULL AND s.ends_at > $6 AND s.rotated_at > $7
                       WHEN 'expired' THEN s.ended_at IS NULL AND (s.ends_at <= $6 OR s.rotated_at <= $7)
                       WHEN 'ended' THEN s.ended_at IS NOT NULL AND s.end_reason <> 'reuse'
                       WHEN 'reused' THEN s.end_reason = 'reuse'
                       ELSE 1 END
         ORDER BY s.created_at DESC, s.id DESC
         LIMIT $8",
        params![
            filter.user.map(|user| user.0),
            filter.except.map(SessionId::get),
            filter.address.map(|address| address.to_string()),
            filter.used_before.map(Timestamp::micros),
            filter.status.map(Status::as_str),
            now.at.micros(),
            now.refresh_expired.micros(),
            limit
        ],
        Listed::read,
    )
}

/// A user's live sessions, newest first, at most `limit`.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn live_of_user(
    db: &Db<'_>,
    user: UserId,
    now: Now,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    db.all(
        "SELECT s.id, s.user_id, NULL, s.created_at, s.rotated_at, s.ends_at, s.ended_at, s.end_reason,
                s.address, a.text, s.generation
         FROM sessions s
         JOIN user_agents a ON a.id = s.agent
         WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.ends_at > $2 AND s.rotated_at > $3
         ORDER BY s.created_at DESC, s.id DESC
         LIMIT $4",
        params![
            user.0,
            now.at.micros(),
            now.refresh_expired.micros(),
            limit
        ],
        Listed::read,
    )
}

/// Whose a session is, if there is such a session.
///
/// # Errors
/// What SQLite says.
pub fn owner(db: &Db<'_>, id: SessionId) -> Result<Option<UserId>, StoreError> {
    db.optional(
        "SELECT user_id
         FROM sessions
         WHERE id = $1",
        params![id.get()],
        |row| row.get(0).map(UserId),
    )
}

/// The row of what a client calls itself; made if it is the first.
///
/// # Errors
/// What SQLite says.
pub fn agent(tx: &Tx<'_>, cause: &Cause) -> Result<Agent, StoreError> {
    let text = cause.user_agent.as_str();
    let known = tx.optional(
        "SELECT id
         FROM user_agents
         WHERE text = $1",
        params![text],
        |row| row.get(0),
    )?;
    let id = match known {
        Some(id) => id,
        None => tx.one(
            "INSERT INTO user_agents (text)
             VALUES ($1)
             RETURNING id",
            params![text],
            |row| row.get(0),
        )?,
    };
    Ok(Agent {
        id,
        text: text.to_owned(),
    })
}
