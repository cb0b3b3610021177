//! All SQL on `sessions` and `user_agents`. (`lineage` has its own file.)

pub mod many;

use std::net::IpAddr;

use rusqlite::{Row, params};

use crate::features::sessions::model::{Agent, EndReason, Session, Standing};
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::store::{Db, StoreError, Tx, bad_row};
use crate::types::cause::Cause;
use crate::types::ids::{KeyId, SessionId, UserId};
use crate::types::network::address_key;
use crate::types::salt::Salt;
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
                s.address, s.agent, a.text, s.lineage_length, s.key,
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

/// How a session began.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// From which address.
    pub address: Option<IpAddr>,
    /// With which client, as it calls itself.
    pub user_agent: UserAgent,
    /// Whether at the Hub's own pages: then it has no tokens.
    pub browser: bool,
}

/// How a session began; the lineage may have forgotten it.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn beginning(db: &Db<'_>, id: SessionId) -> Result<Option<Beginning>, StoreError> {
    db.optional(
        "SELECT s.first_address, a.text, s.browser
         FROM sessions s
         JOIN user_agents a ON a.id = s.first_agent
         WHERE s.id = $1",
        params![id.get()],
        |row| {
            Ok(Beginning {
                address: address(row.get(0)?)?,
                user_agent: UserAgent::from_row(row.get(1)?),
                browser: row.get(2)?,
            })
        },
    )
}

/// How many columns [`read`] takes.
const SESSION_COLUMNS: usize = 20;

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    let previous = (row.get(8)?, row.get(9)?, row.get(10)?);
    Ok(Session {
        id: session_id(row.get(0)?)?,
        user: UserId(row.get(1)?),
        salt: Salt::from_row(row.get(2)?),
        generation: row.get(3)?,
        retries: row.get(4)?,
        rotated: Moment::from_row(row.get(5)?, row.get(6)?, row.get(7)?),
        previous: match previous {
            (Some(at), Some(steady), Some(boot)) => Some(Moment::from_row(at, steady, boot)),
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
        key: KeyId(row.get(19)?),
    })
}

/// A session's key from its column.
///
/// # Errors
/// When it is none.
pub(in crate::features) fn session_id(key: i64) -> rusqlite::Result<SessionId> {
    SessionId::from_row(key).ok_or_else(|| bad_row("sessions.id", "not positive"))
}

/// A standing from its two columns.
///
/// # Errors
/// When they contradict each other.
pub(in crate::features) fn standing(
    at: Option<i64>,
    reason: Option<String>,
) -> rusqlite::Result<Standing> {
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
pub(in crate::features) fn address(text: Option<String>) -> rusqlite::Result<Option<IpAddr>> {
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

impl Claimed {
    /// Whether the absolute end has come, in the whole seconds that tokens count in: none of them is good until later.
    #[must_use]
    pub fn is_past_end(&self, now: Timestamp) -> bool {
        self.ends_at.seconds() <= now.seconds()
    }
}

/// The session that a token names, if there is one, and the present key: both of one moment, in one look.
///
/// # Errors
/// What SQLite says, or an impossible row, and when no key is known.
pub fn claimed(db: &Db<'_>, id: SessionId) -> Result<(Option<Claimed>, KeyId), StoreError> {
    db.one(
        "SELECT k.id, s.user_id, s.ends_at, s.ended_at, s.end_reason,
                u.id, u.username, u.email, u.email_verified, u.bio, u.profile_photo_url, u.website_url,
                u.created_at, u.updated_at, u.is_active, u.role, u.premium_tier
         FROM keys k
         LEFT JOIN sessions s ON s.id = $1
         LEFT JOIN users u ON u.id = s.user_id
         ORDER BY k.id DESC
         LIMIT 1",
        params![id.get()],
        |row| {
            let present = KeyId(row.get(0)?);
            let Some(user_id) = row.get(1)? else {
                return Ok((None, present));
            };
            let user = row.get::<_, Option<i64>>(5)?;
            let claimed = Claimed {
                user_id: UserId(user_id),
                ends_at: Timestamp::from_micros(row.get(2)?),
                standing: standing(row.get(3)?, row.get(4)?)?,
                user: user.map(|_| users::read(row, 5)).transpose()?,
            };
            Ok((Some(claimed), present))
        },
    )
}

/// Writes a new session's row; `browser` if it holds cookies in place of tokens.
///
/// # Errors
/// What SQLite says.
pub fn insert(tx: &Tx<'_>, session: &Session, browser: bool) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO sessions (id, user_id, salt, generation, retries,
                               rotated_at, rotated_steady, rotated_boot,
                               created_at, ends_at,
                               first_address, first_agent, address, agent, lineage_length, browser,
                               address_key, key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12, $13, $14, $15, $16)",
        params![
            session.id.get(),
            session.user.0,
            session.salt.reveal(),
            session.generation,
            session.retries,
            session.rotated.wall.micros(),
            session.rotated.steady,
            session.rotated.boot,
            session.created_at.micros(),
            session.ends_at.micros(),
            session.address.map(|address| address.to_string()),
            session.agent.id,
            session.lineage_length,
            browser,
            key_of(session.address),
            session.key.0
        ],
    )
}

/// Writes what a rotation changes in the row; `has_moved` if its client has another address or calls itself otherwise than before.
///
/// A statement rewrites the index of every column that it names, so a client that stayed where it was has a statement of its own: it touches one.
///
/// # Errors
/// What SQLite says.
pub fn advance(tx: &Tx<'_>, next: &Session, has_moved: bool) -> Result<(), StoreError> {
    if has_moved {
        tx.execute_on_one(
            "UPDATE sessions
             SET address = $2, address_key = $3, agent = $4
             WHERE id = $1",
            params![
                next.id.get(),
                next.address.map(|address| address.to_string()),
                key_of(next.address),
                next.agent.id
            ],
        )?;
    }
    tx.execute_on_one(
        "UPDATE sessions
         SET generation = $2, retries = $3,
             rotated_at = $4, rotated_steady = $5, rotated_boot = $6,
             previous_at = $7, previous_steady = $8, previous_boot = $9,
             lineage_length = $10, key = $11
         WHERE id = $1",
        params![
            next.id.get(),
            next.generation,
            next.retries,
            next.rotated.wall.micros(),
            next.rotated.steady,
            next.rotated.boot,
            next.previous.map(|previous| previous.wall.micros()),
            next.previous.map(|previous| previous.steady),
            next.previous.map(|previous| previous.boot),
            next.lineage_length,
            next.key.0
        ],
    )
}

/// Writes what a use without a rotation changes in the row.
///
/// # Errors
/// What SQLite says.
pub fn note(tx: &Tx<'_>, noted: &Session) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE sessions
         SET retries = $2, lineage_length = $3
         WHERE id = $1",
        params![noted.id.get(), noted.retries, noted.lineage_length],
    )
}

/// What an address is sorted and searched by.
pub(in crate::features) fn key_of(address: Option<IpAddr>) -> Vec<u8> {
    address.map(address_key).unwrap_or_default()
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
            "INSERT INTO user_agents (text, device)
             VALUES ($1, $2)
             RETURNING id",
            params![text, cause.user_agent.device()],
            |row| row.get(0),
        )?,
    };
    Ok(Agent {
        id,
        text: text.to_owned(),
    })
}
