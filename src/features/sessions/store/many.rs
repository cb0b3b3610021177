//! The SQL on `sessions` that concerns many of them: lists, and endings of all that a filter shows.

use std::net::IpAddr;

use rusqlite::{Row, params};

use crate::features::sessions::model::Standing;
use crate::features::sessions::store::{address, session_id, standing};
use crate::store::{Db, StoreError};
use crate::types::ids::{SessionId, UserId};
use crate::types::time::Timestamp;
use crate::types::user_agent::UserAgent;

/// A session that is about to be ended together with others.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// The row's key.
    pub id: SessionId,
    /// The present generation.
    pub generation: i64,
    /// Lineage rows so far.
    pub lineage_length: i64,
    /// Whether it would still have been good by the clock.
    pub in_time: bool,
}

impl Ending {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: session_id(row.get(0)?)?,
            generation: row.get(1)?,
            lineage_length: row.get(2)?,
            in_time: row.get(3)?,
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
        "SELECT id, generation, lineage_length, ends_at > $6 AND rotated_at > $7
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
