//! How a session's tokens followed one another: the last 100 events each, written in the transaction of what they tell.

use std::net::IpAddr;

use rusqlite::params;

use crate::features::sessions::model::FirstUse;
use crate::features::sessions::store;
use crate::store::{Db, StoreError, Tx, bad_row};
use crate::types::cause::Cause;
use crate::types::ids::SessionId;
use crate::types::time::{Moment, Timestamp};
use crate::types::user_agent::UserAgent;

/// Events kept a session: months of daily use, and a bound on what one busy client can store.
pub const KEPT_EVENTS: i64 = 100;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The sign-in.
    Start,
    /// A new generation was made.
    Rotate,
    /// The parent came within the grace, and the present generation was answered again; or that itself came while it settled.
    Retry,
    /// An older ancestor came within the grace and was answered the same; or any, and was refused, the answer having been given too often.
    Straggler,
    /// An ancestor came after the grace.
    Reuse,
    /// The session was ended.
    End,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 6] = [
        Self::Start,
        Self::Rotate,
        Self::Retry,
        Self::Straggler,
        Self::Reuse,
        Self::End,
    ];

    /// As it stands in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Rotate => "rotate",
            Self::Retry => "retry",
            Self::Straggler => "straggler",
            Self::Reuse => "reuse",
            Self::End => "end",
        }
    }
}

/// An event as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place among the session's events, from 1.
    pub position: i64,
    /// What happened.
    pub kind: Kind,
    /// `Rotate`: the generation made; otherwise the one presented, or the present one.
    pub generation: i64,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: Option<IpAddr>,
    /// With which client.
    pub user_agent: UserAgent,
}

/// An event to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent {
    /// Of which session.
    pub session: SessionId,
    /// Its place: one more than the last.
    pub position: i64,
    /// What happened.
    pub kind: Kind,
    /// Which generation.
    pub generation: i64,
    /// The user agent's row.
    pub agent: i64,
}

/// Writes an event, and drops the one that is no longer kept.
///
/// # Errors
/// What SQLite says.
pub fn write(tx: &Tx<'_>, event: &NewEvent, cause: &Cause) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO lineage (session_id, position, kind, generation, at, steady, boot, address, agent)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            event.session.get(),
            event.position,
            event.kind.as_str(),
            event.generation,
            cause.at.wall.micros(),
            cause.at.steady,
            cause.at.boot,
            cause.address.map(|address| address.to_string()),
            event.agent
        ],
    )?;
    if event.position > KEPT_EVENTS {
        // Positions have no gaps, so one row falls out for each that comes in. (For a range SQLite would build a temporary table first, which cost
        // more than to write the event.)
        tx.execute(
            "DELETE FROM lineage
             WHERE session_id = $1 AND position = $2",
            params![event.session.get(), event.position - KEPT_EVENTS],
        )?;
    }
    Ok(())
}

/// When a generation was first used, which is when its successor was made.
///
/// If that event is no longer kept, all that is known is that it was before the oldest one that is.
///
/// # Errors
/// What SQLite says.
pub fn first_use(
    db: &Db<'_>,
    session: SessionId,
    generation: i64,
) -> Result<Option<FirstUse>, StoreError> {
    let kept = db.optional(
        "SELECT at, steady, boot
         FROM lineage
         WHERE session_id = $1 AND kind = 'rotate' AND generation = $2",
        params![session.get(), generation.saturating_add(1)],
        |row| Ok(Moment::from_row(row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    if let Some(moment) = kept {
        return Ok(Some(FirstUse::At(moment)));
    }
    let oldest = db.optional(
        "SELECT at, steady, boot
         FROM lineage
         WHERE session_id = $1
         ORDER BY position
         LIMIT 1",
        params![session.get()],
        |row| Ok(Moment::from_row(row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(oldest.map(FirstUse::Before))
}

/// A session's events, oldest first.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn of_session(db: &Db<'_>, session: SessionId) -> Result<Vec<Event>, StoreError> {
    db.all(
        "SELECT l.position, l.kind, l.generation, l.at, l.address, a.text
         FROM lineage l
         JOIN user_agents a ON a.id = l.agent
         WHERE l.session_id = $1
         ORDER BY l.position
         LIMIT $2",
        params![session.get(), KEPT_EVENTS],
        |row| {
            let kind: String = row.get(1)?;
            let agent: String = row.get(5)?;
            Ok(Event {
                position: row.get(0)?,
                kind: Kind::ALL
                    .into_iter()
                    .find(|known| known.as_str() == kind)
                    .ok_or_else(|| bad_row("lineage.kind", &kind))?,
                generation: row.get(2)?,
                at: Timestamp::from_micros(row.get(3)?),
                address: store::address(row.get(4)?)?,
                user_agent: UserAgent::from_row(agent),
            })
        },
    )
}
