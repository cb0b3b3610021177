//! All SQL on the feed and on the accounts that may read it. (What is over, the housekeeping removes.)

use rusqlite::{Row, params};

use crate::crypto::service_keys::ServiceFacts;
use crate::features::revocations::model::{Event, Place, Told};
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::session_id;
use crate::store::{Db, StoreError, Tx, bad_row};
use crate::types::ids::{KeyId, ServiceId, UserId};
use crate::types::salt::Salt;
use crate::types::service_name::ServiceName;
use crate::types::time::Timestamp;

/// What wakes streams when it changes: the number of the last row, and which accounts there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    last: i64,
    accounts: i64,
    sum_of_accounts: i64,
}

/// The news.
///
/// # Errors
/// What SQLite says.
pub fn news(db: &Db<'_>) -> Result<News, StoreError> {
    db.one(
        "SELECT (SELECT max(id) FROM revocations), count(*), coalesce(sum(id), 0)
         FROM service_accounts",
        params![],
        |row| {
            Ok(News {
                last: row.get(0)?,
                accounts: row.get(1)?,
                sum_of_accounts: row.get(2)?,
            })
        },
    )
}

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        number: row.get(0)?,
        mark: row.get(1)?,
    })
}

/// The last row there is; there always is one.
///
/// # Errors
/// What SQLite says.
pub fn last(db: &Db<'_>) -> Result<Place, StoreError> {
    db.one(
        "SELECT id, mark
         FROM revocations
         ORDER BY id DESC
         LIMIT 1",
        params![],
        place,
    )
}

/// Whether a row of this number and mark is there.
///
/// # Errors
/// What SQLite says.
pub fn has(db: &Db<'_>, wanted: Place) -> Result<bool, StoreError> {
    let found = db.optional(
        "SELECT id, mark
         FROM revocations
         WHERE id = $1",
        params![wanted.number],
        place,
    )?;
    Ok(found == Some(wanted))
}

/// The events behind a row, in order, at most so many.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn after(db: &Db<'_>, number: i64, most: u32) -> Result<Vec<Event>, StoreError> {
    db.all(
        "SELECT id, mark, kind, session_id, user_id, what, at
         FROM revocations
         WHERE id > $1
         ORDER BY id
         LIMIT $2",
        params![number, most],
        |row| {
            let kind: String = row.get(2)?;
            let told = match kind.as_str() {
                "session" => Told::Session {
                    session: session_id(row.get(3)?)?,
                    user: UserId(row.get(4)?),
                    why: EndReason::from_row(&row.get::<_, String>(5)?)
                        .ok_or_else(|| bad_row("what", "no such reason"))?,
                    at: Timestamp::from_micros(row.get(6)?),
                },
                "user" => Told::User {
                    user: UserId(row.get(4)?),
                    what: row.get(5)?,
                },
                _ => Told::Reset,
            };
            let place = place(row)?;
            Ok(Event { place, told })
        },
    )
}

/// Tells everybody to forget everything.
///
/// # Errors
/// What SQLite says.
pub fn reset(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO revocations (kind)
         VALUES ('reset')",
        params![],
    )
}

/// A service account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its number.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    salt: Salt,
    /// The key that its token is made with.
    pub key: KeyId,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it last began to read, to the hour.
    pub used_at: Option<Timestamp>,
}

impl Account {
    /// What its token is made of.
    #[must_use]
    pub fn facts(&self) -> ServiceFacts<'_> {
        ServiceFacts {
            id: self.id,
            salt: &self.salt,
            key: self.key,
        }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let used_at: Option<i64> = row.get(5)?;
        Ok(Self {
            id: ServiceId(row.get(0)?),
            name: row.get(1)?,
            salt: Salt::from_row(row.get(2)?),
            key: KeyId(row.get(3)?),
            made_at: Timestamp::from_micros(row.get(4)?),
            used_at: used_at.map(Timestamp::from_micros),
        })
    }
}

/// The account of a number.
///
/// # Errors
/// What SQLite says.
pub fn account(db: &Db<'_>, id: ServiceId) -> Result<Option<Account>, StoreError> {
    db.optional(
        "SELECT id, name, salt, key, made_at, used_at
         FROM service_accounts
         WHERE id = $1",
        params![id.0],
        Account::read,
    )
}

/// The account that a token names, if there is one, and the present key: both of one moment, in one look.
///
/// # Errors
/// What SQLite says, and when no key is known.
pub fn claimed(db: &Db<'_>, id: ServiceId) -> Result<(Option<Account>, KeyId), StoreError> {
    db.one(
        "SELECT a.id, a.name, a.salt, a.key, a.made_at, a.used_at, k.id
         FROM keys k
         LEFT JOIN service_accounts a ON a.id = $1
         ORDER BY k.id DESC
         LIMIT 1",
        params![id.0],
        |row| {
            let account = row.get::<_, Option<i64>>(0)?;
            let account = account.map(|_| Account::read(row)).transpose()?;
            Ok((account, KeyId(row.get(6)?)))
        },
    )
}

/// The account of a name.
///
/// # Errors
/// What SQLite says.
pub fn account_named(db: &Db<'_>, name: &ServiceName) -> Result<Option<Account>, StoreError> {
    db.optional(
        "SELECT id, name, salt, key, made_at, used_at
         FROM service_accounts
         WHERE name_key = $1",
        params![name.key()],
        Account::read,
    )
}

/// All accounts, by name, at most so many.
///
/// # Errors
/// What SQLite says.
pub fn accounts(db: &Db<'_>, most: u32) -> Result<Vec<Account>, StoreError> {
    db.all(
        "SELECT id, name, salt, key, made_at, used_at
         FROM service_accounts
         ORDER BY name_key
         LIMIT $1",
        params![most],
        Account::read,
    )
}

/// Makes an account.
///
/// # Errors
/// What SQLite says.
pub fn add_account(
    tx: &Tx<'_>,
    name: &ServiceName,
    salt: &Salt,
    key: KeyId,
    at: Timestamp,
) -> Result<Account, StoreError> {
    tx.one(
        "INSERT INTO service_accounts (name, name_key, salt, key, made_at)
         VALUES ($1, $2, $3, $4, $5)
         RETURNING id, name, salt, key, made_at, used_at",
        params![name.as_str(), name.key(), salt.reveal(), key.0, at.micros()],
        Account::read,
    )
}

/// Removes an account. Its number never returns, and so its token never counts again.
///
/// # Errors
/// What SQLite says.
pub fn remove_account(tx: &Tx<'_>, id: ServiceId) -> Result<(), StoreError> {
    tx.execute_on_one(
        "DELETE FROM service_accounts
         WHERE id = $1",
        params![id.0],
    )
}

/// Notes when an account last began to read. (It may be gone by now.)
///
/// # Errors
/// What SQLite says.
pub fn touch_account(tx: &Tx<'_>, id: ServiceId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE service_accounts
         SET used_at = $2
         WHERE id = $1",
        params![id.0, at.micros()],
    )?;
    Ok(())
}
