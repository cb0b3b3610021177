//! All SQL that removes what is over, whosever table it stands in: whoever wants to know what is ever deleted by itself reads this file.

pub mod deliveries;
pub mod removals;
pub mod revocations;

use rusqlite::{Row, params};

use crate::features::housekeeping::model::Times;
use crate::features::sessions::store::session_id;
use crate::store::{Db, StoreError, Tx};
use crate::types::ids::{SessionId, UserId};
use crate::types::time::{Moment, Timestamp};

/// A place in the order of last use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    used_at: i64,
    id: i64,
}

impl Place {
    /// Before every session.
    pub const FIRST: Self = Self {
        used_at: i64::MIN,
        id: 0,
    };
}

/// A session that was not used for long.
#[derive(Clone, Copy, Debug)]
pub struct Resting {
    /// The row's key.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What the wall clock said.
    pub times: Times,
    /// When its last refresh token was made; of a browser's session, when it began.
    pub made: Moment,
    /// When it was ended, if it was.
    pub ended: Option<Moment>,
}

impl Resting {
    /// Where it stands in the order of last use.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            used_at: self.times.used_at.micros(),
            id: self.id.get(),
        }
    }

    /// The moments that tell its age.
    pub fn moments(&self) -> impl Iterator<Item = Moment> {
        std::iter::once(self.made).chain(self.ended)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let used_at: i64 = row.get(2)?;
        let ended_at: Option<i64> = row.get(7)?;
        let ending = (row.get(9)?, row.get(10)?);
        Ok(Self {
            id: session_id(row.get(0)?)?,
            user: UserId(row.get(1)?),
            made: Moment::from_row(used_at, row.get(3)?, row.get(4)?),
            times: Times {
                used_at: Timestamp::from_micros(used_at),
                created_at: Timestamp::from_micros(row.get(5)?),
                ends_at: Timestamp::from_micros(row.get(6)?),
                ended_at: ended_at.map(Timestamp::from_micros),
                is_browser: row.get(8)?,
            },
            ended: match (ended_at, ending) {
                (Some(at), (Some(steady), Some(boot))) => Some(Moment::from_row(at, steady, boot)),
                _ => None,
            },
        })
    }
}

/// The next sessions that were not used after `unused_since`, the longest unused first. How long ago one was ended, the last event of its
/// lineage tells on the clock that nobody can set.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn resting(
    db: &Db<'_>,
    unused_since: Timestamp,
    after: Place,
    most: u32,
) -> Result<Vec<Resting>, StoreError> {
    db.all(
        "SELECT s.id, s.user_id, s.rotated_at, s.rotated_steady, s.rotated_boot, s.created_at, s.ends_at, s.ended_at, s.browser,
                e.steady, e.boot
         FROM sessions s
         LEFT JOIN lineage e ON e.session_id = s.id AND e.position = s.lineage_length AND e.kind = 'end'
         WHERE s.rotated_at <= $1 AND s.rotated_at >= $2 AND (s.rotated_at > $2 OR s.id > $3)
         ORDER BY s.rotated_at, s.id
         LIMIT $4",
        params![unused_since.micros(), after.used_at, after.id, most],
        Resting::read,
    )
}

/// Removes a session with its lineage and its cookies; tells how many events its lineage had.
///
/// # Errors
/// What SQLite says.
pub fn remove_session(tx: &Tx<'_>, session: SessionId) -> Result<u64, StoreError> {
    let events = tx.execute(
        "DELETE FROM lineage
         WHERE session_id = $1",
        params![session.get()],
    )?;
    tx.execute(
        "DELETE FROM browser_cookies
         WHERE session_id = $1",
        params![session.get()],
    )?;
    tx.execute_on_one(
        "DELETE FROM sessions
         WHERE id = $1",
        params![session.get()],
    )?;
    Ok(rows(events))
}

/// Forgets that a user is gone, if nothing is left of them; tells whether it did.
///
/// # Errors
/// What SQLite says.
pub fn remove_former_user(tx: &Tx<'_>, user: UserId) -> Result<bool, StoreError> {
    let removed = tx.execute(
        "DELETE FROM former_users
         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = $1)",
        params![user.0],
    )?;
    Ok(removed == 1)
}

/// The users next in number who are gone and left no session, at most so many.
///
/// # Errors
/// What SQLite says.
pub fn former_users(db: &Db<'_>, most: u32) -> Result<Vec<UserId>, StoreError> {
    db.all(
        "SELECT id
         FROM former_users f
         WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = f.id)
         ORDER BY id
         LIMIT $1",
        params![most],
        |row| Ok(UserId(row.get(0)?)),
    )
}

/// Whether there is one that [`remove_halves`] would remove.
///
/// # Errors
/// What SQLite says.
pub fn has_old_half(db: &Db<'_>, before: Moment) -> Result<bool, StoreError> {
    db.one(
        "SELECT EXISTS (
           SELECT 1
           FROM half_sign_ins
           WHERE made_boot <> $1 OR made_steady < $2
         )",
        params![before.boot, before.steady],
        |row| row.get(0),
    )
}

/// Removes right passwords that have waited for their second factor since `before` on the steady clock of this boot, or since another boot:
/// they are good for nothing. Tells how many.
///
/// # Errors
/// What SQLite says.
pub fn remove_halves(tx: &Tx<'_>, before: Moment, most: u32) -> Result<u64, StoreError> {
    let removed = tx.execute(
        "DELETE FROM half_sign_ins
         WHERE value_hash IN (
           SELECT value_hash
           FROM half_sign_ins
           WHERE made_boot <> $1 OR made_steady < $2
           LIMIT $3
         )",
        params![before.boot, before.steady, most],
    )?;
    Ok(rows(removed))
}

/// What failures are counted by: the account's mark and the network.
pub type Failed = (Vec<u8>, Vec<u8>);

/// The failures at a password whose last came before `before`, the oldest first.
///
/// # Errors
/// What SQLite says.
pub fn failures(
    db: &Db<'_>,
    before: Timestamp,
    most: u32,
) -> Result<Vec<(Failed, Moment)>, StoreError> {
    db.all(
        "SELECT subject, network, failed_at, failed_steady, failed_boot
         FROM failed_attempts
         WHERE failed_at <= $1
         ORDER BY failed_at
         LIMIT $2",
        params![before.micros(), most],
        |row| {
            let moment = Moment::from_row(row.get(2)?, row.get(3)?, row.get(4)?);
            Ok(((row.get(0)?, row.get(1)?), moment))
        },
    )
}

/// Forgets failures at a password.
///
/// # Errors
/// What SQLite says.
pub fn remove_failures(tx: &Tx<'_>, key: &Failed) -> Result<(), StoreError> {
    tx.execute_on_one(
        "DELETE FROM failed_attempts
         WHERE subject = $1 AND network = $2",
        params![key.0, key.1],
    )
}

/// A network that a user is known from.
pub type Network = (UserId, Vec<u8>);

/// The networks next in order behind one, whether they are old or not.
///
/// # Errors
/// What SQLite says.
pub fn networks(
    db: &Db<'_>,
    after: &Network,
    most: u32,
) -> Result<Vec<(Network, Timestamp, Option<Moment>)>, StoreError> {
    db.all(
        "SELECT user_id, network, seen_at, seen_steady, seen_boot
         FROM known_networks
         WHERE (user_id, network) > ($1, $2)
         ORDER BY user_id, network
         LIMIT $3",
        params![after.0.0, after.1, most],
        |row| {
            let seen_at = row.get(2)?;
            let moment = match (row.get(3)?, row.get(4)?) {
                (Some(steady), Some(boot)) => Some(Moment::from_row(seen_at, steady, boot)),
                _ => None,
            };
            let network = (UserId(row.get(0)?), row.get(1)?);
            Ok((network, Timestamp::from_micros(seen_at), moment))
        },
    )
}

/// Forgets a network.
///
/// # Errors
/// What SQLite says.
pub fn remove_network(tx: &Tx<'_>, network: &Network) -> Result<(), StoreError> {
    tx.execute_on_one(
        "DELETE FROM known_networks
         WHERE user_id = $1 AND network = $2",
        params![network.0.0, network.1],
    )
}

/// The setup link's moment, if there is a link.
///
/// # Errors
/// What SQLite says.
pub fn link(db: &Db<'_>) -> Result<Option<Moment>, StoreError> {
    db.optional(
        "SELECT made_at, made_steady, made_boot
         FROM setup_link
         WHERE id = 1",
        params![],
        |row| Ok(Moment::from_row(row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Takes the setup link away.
///
/// # Errors
/// What SQLite says.
pub fn remove_link(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute_on_one(
        "DELETE FROM setup_link
         WHERE id = 1",
        params![],
    )
}

fn rows(changed: usize) -> u64 {
    u64::try_from(changed).unwrap_or(u64::MAX)
}
