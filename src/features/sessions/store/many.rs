//! Many sessions at once: which of them a filter lets pass, how many they are, their pages, and their endings.

mod along;
mod choice;
pub mod order;
pub mod page;
mod passing;
pub mod tally;
mod walk;

use std::net::IpAddr;

use rusqlite::{Row, params};

use crate::features::sessions::model::Standing;
use crate::features::sessions::store::many::choice::Choice;
use crate::features::sessions::store::many::passing::Bound;
use crate::features::sessions::store::{address, session_id, standing};
use crate::store::{Db, StoreError};
use crate::types::ids::{SessionId, UserId};
use crate::types::network::Network;
use crate::types::time::Timestamp;
use crate::types::user_agent::UserAgent;

/// Which sessions a list, or an ending of many, is about. Absent conditions let everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this user. (Either this or `names`.)
    pub user: Option<UserId>,
    /// Of a user whose name in lower case lies between these, both included.
    pub names: Option<(String, String)>,
    /// But not this one.
    pub except: Option<SessionId>,
    /// Last used from this network.
    pub network: Option<Network>,
    /// With a client whose device or own words hold this text, in any case.
    pub device: Option<String>,
    /// With a key between these, both included.
    pub keys: Option<(i64, i64)>,
    /// With each of these words in the user's name, the address or the client; at most [`MAX_WORDS`].
    pub words: Vec<Word>,
    /// In this standing at `now`.
    pub status: Option<Status>,
    /// Last used at or after this time.
    pub used_since: Option<Timestamp>,
    /// Last used before this time.
    pub used_before: Option<Timestamp>,
}

/// Words of a search that the statements have a place for: a name, a device and a town's network are three.
pub const MAX_WORDS: usize = 3;

/// A word that may be part of a name or of what a client is called, or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What the name or the client must hold.
    pub text: String,
    /// The network that it names too, if it does.
    pub network: Option<Network>,
}

/// A session's standing and its time taken together, as lists show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Neither ended nor past its time; soon to be past it or not.
    Active,
    /// Active, and past its time within [`EXPIRING_DAYS`] unless it is used.
    Expiring,
    /// Past its time.
    Expired,
    /// Ended by somebody.
    Ended,
    /// Ended because a used token came again.
    Reused,
}

/// "Expiring" begins so long before the end: a weekend and a day to ask its owner.
pub const EXPIRING_DAYS: u64 = 3;

impl Status {
    /// Every status there is.
    pub const ALL: [Self; 5] = [
        Self::Active,
        Self::Expiring,
        Self::Expired,
        Self::Ended,
        Self::Reused,
    ];

    /// As it stands on the command line and in the URL of a list.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expiring => "expiring",
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

impl Now {
    /// The same, so long from now that what is past its time by then is expiring.
    #[must_use]
    pub fn soon(self) -> Self {
        let span = std::time::Duration::from_hours(EXPIRING_DAYS * 24);
        Self {
            at: self.at.plus(span),
            refresh_expired: self.refresh_expired.plus(span),
        }
    }
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

/// A session that is about to be ended together with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The row's key.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
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
            user: UserId(row.get(1)?),
            generation: row.get(2)?,
            lineage_length: row.get(3)?,
            in_time: row.get(4)?,
        })
    }
}

/// The sessions that were not ended yet and pass the filter, to end them all.
///
/// # Errors
/// What SQLite says.
pub fn endings(db: &Db<'_>, filter: &Filter, now: Now) -> Result<Vec<Ending>, StoreError> {
    let choice = Choice::of(db, filter)?;
    let bound = Bound::new(filter, now, choice.word);
    db.all(along::endings(choice.path), &bound.values(), Ending::read)
}

/// The same as their keys and users alone: a million of them are sixteen megabytes. Of those that began after `until`, none.
///
/// # Errors
/// What SQLite says.
pub fn settle(
    db: &Db<'_>,
    filter: &Filter,
    now: Now,
    until: Timestamp,
) -> Result<Vec<(SessionId, UserId)>, StoreError> {
    let choice = Choice::of(db, filter)?;
    let bound = Bound::new(filter, now, choice.word);
    let found = db.all(along::endings(choice.path), &bound.values(), |row| {
        let in_time = Timestamp::from_micros(row.get(5)?) <= until;
        let session = (session_id(row.get(0)?)?, UserId(row.get(1)?));
        Ok(in_time.then_some(session))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// One session that was not ended yet: `None` if there is none, or it was ended before.
///
/// # Errors
/// What SQLite says.
pub fn ending(db: &Db<'_>, id: SessionId, now: Now) -> Result<Option<Ending>, StoreError> {
    db.optional(
        "SELECT id, user_id, generation, lineage_length, ends_at > $2 AND rotated_at > $3
         FROM sessions
         WHERE id = $1 AND ended_at IS NULL",
        params![id.get(), now.at.micros(), now.refresh_expired.micros()],
        Ending::read,
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
