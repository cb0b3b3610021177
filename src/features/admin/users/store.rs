//! The SQL of the users' pages.

use std::net::IpAddr;

use rusqlite::{Row, ToSql, params};

use crate::features::sessions::model::Standing;
use crate::features::sessions::store as sessions;
use crate::features::sessions::store::many::Now;
use crate::features::users::model::User;
use crate::features::users::store::{self as users, COLUMNS};
use crate::store::{Db, StoreError};
use crate::types::ids::{SessionId, UserId};
use crate::types::role::Role;
use crate::types::time::Timestamp;
use crate::types::user_agent::UserAgent;

/// Which users a list shows. Absent conditions let everything pass.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Part of the name or the address, in small letters; empty for all.
    pub words: String,
    /// With this role.
    pub role: Option<Role>,
    /// Who may, or may not, sign in.
    pub active: Option<bool>,
    /// With, or without, a second factor.
    pub second_factor: Option<bool>,
}

/// What a list is sorted by. Equals stand in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The name, without regard to case.
    Name,
    /// When the account was made, which is the order of the numbers.
    Created,
    /// When they last signed in; never is before everything.
    SignedIn,
}

impl Sort {
    /// Every sort there is.
    pub const ALL: [Self; 3] = [Self::Name, Self::Created, Self::SignedIn];

    /// As it stands in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Created => "created",
            Self::SignedIn => "signed_in",
        }
    }
}

/// Which way to go from a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To larger values.
    Up,
    /// To smaller values.
    Down,
}

impl Way {
    /// The other one.
    #[must_use]
    pub const fn back(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// A value that a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A name in small letters.
    Name(String),
    /// A number or a time.
    Number(i64),
}

/// A place in a sorted list: between two rows, or at a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What the list is sorted by.
    pub key: Key,
    /// And then by this.
    pub id: i64,
}

impl Mark {
    /// Before everything, on a way.
    fn start(sort: Sort, way: Way) -> Self {
        let key = match (sort, way) {
            (Sort::Name, Way::Up) => Key::Name(String::new()),
            // Behind every letter that a name may have.
            (Sort::Name, Way::Down) => Key::Name("\u{7f}".to_owned()),
            (Sort::Created | Sort::SignedIn, Way::Up) => Key::Number(i64::MIN),
            (Sort::Created | Sort::SignedIn, Way::Down) => Key::Number(i64::MAX),
        };
        let id = if way == Way::Up { i64::MIN } else { i64::MAX };
        Self { key, id }
    }

    fn value(&self) -> &dyn ToSql {
        match &self.key {
            Key::Name(name) => name,
            Key::Number(number) => number,
        }
    }
}

/// A user in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The user.
    pub user: User,
    /// When they last signed in, if ever.
    pub signed_in_at: Option<Timestamp>,
    /// Whether they have a second factor.
    pub second_factor: bool,
    /// Sessions that can still be used.
    pub live_sessions: u64,
}

impl Listed {
    /// Where it stands in a list.
    #[must_use]
    pub fn mark(&self, sort: Sort) -> Mark {
        let id = self.user.id.0;
        let key = match sort {
            Sort::Name => Key::Name(self.user.username.to_ascii_lowercase()),
            Sort::Created => Key::Number(id),
            Sort::SignedIn => Key::Number(self.signed_in_at.map_or(0, Timestamp::micros)),
        };
        Mark { key, id }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let signed_in_at = row.get::<_, i64>(COLUMNS)?;
        Ok(Self {
            user: users::read(row, 0)?,
            signed_in_at: (signed_in_at > 0).then(|| Timestamp::from_micros(signed_in_at)),
            second_factor: row.get(COLUMNS + 1)?,
            live_sessions: row.get::<_, u32>(COLUMNS + 2)?.into(),
        })
    }
}

/// The users that pass the search, beyond a mark. What changes from list to list is the head, the key, the way and the tail.
macro_rules! passing {
    ($head:literal, $key:literal, $than:literal, $tail:literal) => {
        concat!(
            $head,
            "
             FROM users u
             LEFT JOIN second_factors f ON f.user_id = u.id AND f.confirmed_at IS NOT NULL
             WHERE ($1 = '' OR instr(u.username_key, $1) > 0 OR instr(u.email_key, $1) > 0)
               AND ($2 IS NULL OR u.role = $2)
               AND ($3 IS NULL OR u.is_active = $3)
               AND ($4 IS NULL OR (f.user_id IS NOT NULL) = $4)
               AND (",
            $key,
            ", u.id) ",
            $than,
            " ($5, $6)",
            $tail
        )
    };
}

/// A page of them, in the order of the way.
macro_rules! paged {
    ($key:literal, $than:literal, $tail:literal) => {
        passing!(
            "SELECT u.id, u.username, u.email, u.email_verified, u.bio, u.profile_photo_url, u.website_url,
                    u.created_at, u.updated_at, u.is_active, u.role, u.premium_tier, u.signed_in_at, f.user_id IS NOT NULL,
                    (SELECT count(*)
                     FROM sessions s
                     WHERE s.user_id = u.id AND s.ended_at IS NULL AND s.ends_at > $8 AND s.rotated_at > $9)",
            $key,
            $than,
            $tail
        )
    };
}

/// The users beyond a mark, the nearest first, at most `limit`; without a mark from the beginning of the way.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn beyond(
    db: &Db<'_>,
    search: &Search,
    (sort, way): (Sort, Way),
    mark: Option<&Mark>,
    limit: u32,
    now: Now,
) -> Result<Vec<Listed>, StoreError> {
    let start = Mark::start(sort, way);
    let mark = mark.unwrap_or(&start);
    let statement = match (sort, way) {
        (Sort::Name, Way::Up) => {
            paged!(
                "u.username_key",
                ">",
                " ORDER BY u.username_key, u.id LIMIT $7"
            )
        }
        (Sort::Name, Way::Down) => {
            paged!(
                "u.username_key",
                "<",
                " ORDER BY u.username_key DESC, u.id DESC LIMIT $7"
            )
        }
        (Sort::Created, Way::Up) => paged!("u.id", ">", " ORDER BY u.id LIMIT $7"),
        (Sort::Created, Way::Down) => paged!("u.id", "<", " ORDER BY u.id DESC LIMIT $7"),
        (Sort::SignedIn, Way::Up) => {
            paged!(
                "u.signed_in_at",
                ">",
                " ORDER BY u.signed_in_at, u.id LIMIT $7"
            )
        }
        (Sort::SignedIn, Way::Down) => {
            paged!(
                "u.signed_in_at",
                "<",
                " ORDER BY u.signed_in_at DESC, u.id DESC LIMIT $7"
            )
        }
    };
    db.all(
        statement,
        params![
            search.words,
            search.role.map(Role::as_str),
            search.active,
            search.second_factor,
            mark.value(),
            mark.id,
            limit,
            now.at.micros(),
            now.refresh_expired.micros()
        ],
        Listed::read,
    )
}

/// How many users lie beyond a mark; without a mark all that pass the search.
///
/// # Errors
/// What SQLite says.
pub fn count_beyond(
    db: &Db<'_>,
    search: &Search,
    (sort, way): (Sort, Way),
    mark: Option<&Mark>,
) -> Result<u64, StoreError> {
    let start = Mark::start(sort, way);
    let mark = mark.unwrap_or(&start);
    let statement = match (sort, way) {
        (Sort::Name, Way::Up) => passing!("SELECT count(*)", "u.username_key", ">", ""),
        (Sort::Name, Way::Down) => passing!("SELECT count(*)", "u.username_key", "<", ""),
        (Sort::Created, Way::Up) => passing!("SELECT count(*)", "u.id", ">", ""),
        (Sort::Created, Way::Down) => passing!("SELECT count(*)", "u.id", "<", ""),
        (Sort::SignedIn, Way::Up) => passing!("SELECT count(*)", "u.signed_in_at", ">", ""),
        (Sort::SignedIn, Way::Down) => passing!("SELECT count(*)", "u.signed_in_at", "<", ""),
    };
    db.one(
        statement,
        params![
            search.words,
            search.role.map(Role::as_str),
            search.active,
            search.second_factor,
            mark.value(),
            mark.id
        ],
        |row| row.get::<_, u32>(0).map(u64::from),
    )
}

/// When a user last signed in, if ever.
///
/// # Errors
/// What SQLite says.
pub fn signed_in_at(db: &Db<'_>, user: UserId) -> Result<Option<Timestamp>, StoreError> {
    let at = db.optional(
        "SELECT signed_in_at
         FROM users
         WHERE id = $1",
        params![user.0],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(at.filter(|at| *at > 0).map(Timestamp::from_micros))
}

/// How many sessions of a user can still be used.
///
/// # Errors
/// What SQLite says.
pub fn live_sessions(db: &Db<'_>, user: UserId, now: Now) -> Result<u64, StoreError> {
    db.one(
        "SELECT count(*)
         FROM sessions
         WHERE user_id = $1 AND ended_at IS NULL AND ends_at > $2 AND rotated_at > $3",
        params![user.0, now.at.micros(), now.refresh_expired.micros()],
        |row| row.get::<_, u32>(0).map(u64::from),
    )
}

/// A session on its user's page.
#[derive(Clone, Debug)]
pub struct SessionOfUser {
    /// Its key.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// Whether it was ended.
    pub standing: Standing,
    /// From where it was last used.
    pub address: Option<IpAddr>,
    /// With which client.
    pub user_agent: UserAgent,
}

/// A user's sessions, ended or not, the newest first, at most `limit`.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn sessions_of(
    db: &Db<'_>,
    user: UserId,
    limit: u32,
) -> Result<Vec<SessionOfUser>, StoreError> {
    db.all(
        "SELECT s.id, s.created_at, s.rotated_at, s.ends_at, s.ended_at, s.end_reason, s.address, a.text
         FROM sessions s
         JOIN user_agents a ON a.id = s.agent
         WHERE s.user_id = $1
         ORDER BY s.created_at DESC, s.id DESC
         LIMIT $2",
        params![user.0, limit],
        |row| {
            Ok(SessionOfUser {
                id: sessions::session_id(row.get(0)?)?,
                created_at: Timestamp::from_micros(row.get(1)?),
                last_used_at: Timestamp::from_micros(row.get(2)?),
                ends_at: Timestamp::from_micros(row.get(3)?),
                standing: sessions::standing(row.get(4)?, row.get(5)?)?,
                address: sessions::address(row.get(6)?)?,
                user_agent: UserAgent::from_row(row.get(7)?),
            })
        },
    )
}
