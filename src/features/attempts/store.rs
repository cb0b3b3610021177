//! All SQL on `failed_attempts` and `known_networks`; and what webhooks are told of failures.

use std::net::IpAddr;
use std::time::Duration;

use rusqlite::params;

use crate::crypto::attempt_keys::Subject;
use crate::features::attempts::model::Failures;
use crate::hub::throttle::Counted;
use crate::store::{Db, StoreError, Tx};
use crate::types::ids::UserId;
use crate::types::sender_network::SenderNetwork;
use crate::types::time::{Moment, Timestamp};

/// Rows that leave with each one that is written: more than come, so that they never pile up, and too few to be felt.
const SWEPT_ROWS: u32 = 4;
/// Networks that are remembered of each user: home, work, a phone's few, and some travel. The one used least lately goes.
const KNOWN_NETWORKS: u32 = 20;

/// The column of a network; empty for all strangers together.
fn column(network: Option<SenderNetwork>) -> Vec<u8> {
    network.map(|network| network.key()).unwrap_or_default()
}

/// What failures have come to.
///
/// # Errors
/// What SQLite says.
pub fn failures(db: &Db<'_>, counted: &Counted) -> Result<Failures, StoreError> {
    let found = db.optional(
        "SELECT failures, failed_at, failed_steady, failed_boot
         FROM failed_attempts
         WHERE subject = $1 AND network = $2",
        params![counted.subject.as_bytes(), column(counted.network)],
        |row| {
            Ok(Failures {
                count: row.get(0)?,
                last: Some(Moment::from_row(row.get(1)?, row.get(2)?, row.get(3)?)),
            })
        },
    )?;
    Ok(found.unwrap_or(Failures::NONE))
}

/// Notes what failures have come to.
///
/// # Errors
/// What SQLite says.
pub fn note(tx: &Tx<'_>, counted: &Counted, count: u32, last: Moment) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO failed_attempts (subject, network, failures, failed_at, failed_steady, failed_boot)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (subject, network) DO UPDATE
         SET failures = $3, failed_at = $4, failed_steady = $5, failed_boot = $6",
        params![
            counted.subject.as_bytes(),
            column(counted.network),
            count,
            last.wall.micros(),
            last.steady,
            last.boot
        ],
    )
}

/// Has the webhooks that want it told that failures at an account have come to so many. Without such webhooks it writes nothing.
///
/// # Errors
/// What SQLite says.
pub fn tell(
    tx: &Tx<'_>,
    user: Option<UserId>,
    what: &str,
    failures: u32,
    address: Option<IpAddr>,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO webhook_deliveries (webhook_id, kind, at, user_id, username, address, why, failures)
         SELECT w.id, k.kind, $1, $2, (SELECT username FROM users WHERE id = $2), $3, $4, $5
         FROM webhook_kinds k
         JOIN webhooks w ON w.id = k.webhook_id
         WHERE k.kind = 'sign_in.failures' AND w.disabled_at IS NULL",
        params![
            at.micros(),
            user.map(|user| user.0),
            address.map(|address| address.to_string()),
            what,
            failures
        ],
    )?;
    Ok(())
}

/// Forgets the failures that are counted together.
///
/// # Errors
/// What SQLite says.
pub fn forget(tx: &Tx<'_>, counted: &Counted) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM failed_attempts
         WHERE subject = $1 AND network = $2",
        params![counted.subject.as_bytes(), column(counted.network)],
    )?;
    Ok(())
}

/// Forgets all failures at a subject, from wherever they came.
///
/// # Errors
/// What SQLite says.
pub fn forget_all(tx: &Tx<'_>, subject: &Subject) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM failed_attempts
         WHERE subject = $1",
        params![subject.as_bytes()],
    )?;
    Ok(())
}

/// Removes a few rows whose last failure came so long ago, on the steady clock of this boot of the machine. (Those from before it are left to
/// the housekeeping: here it cannot be told how old they are.)
///
/// # Errors
/// What SQLite says.
pub fn sweep(tx: &Tx<'_>, now: Moment, age: Duration) -> Result<(), StoreError> {
    let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
    tx.execute(
        "DELETE FROM failed_attempts
         WHERE failed_boot = $1 AND failed_steady <= $2 AND (subject, network) IN (
           SELECT subject, network
           FROM failed_attempts
           ORDER BY failed_at
           LIMIT $3
         )",
        params![now.boot, now.steady.saturating_sub(age), SWEPT_ROWS],
    )?;
    Ok(())
}

/// Whether a user began a session from a network since then. Without a user the same is looked for, and not found.
///
/// # Errors
/// What SQLite says.
pub fn is_known(
    db: &Db<'_>,
    user: Option<UserId>,
    network: SenderNetwork,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let seen = db.optional(
        "SELECT seen_at
         FROM known_networks
         WHERE user_id = $1 AND network = $2",
        params![user.map_or(0, |user| user.0), network.key()],
        |row| row.get(0),
    )?;
    Ok(seen.is_some_and(|seen| Timestamp::from_micros(seen) >= since))
}

/// Remembers that a user began a session from a network.
///
/// # Errors
/// What SQLite says.
pub fn remember_network(
    tx: &Tx<'_>,
    user: UserId,
    network: SenderNetwork,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO known_networks (user_id, network, seen_at, seen_steady, seen_boot)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_id, network) DO UPDATE SET seen_at = $3, seen_steady = $4, seen_boot = $5",
        params![
            user.0,
            network.key(),
            now.wall.micros(),
            now.steady,
            now.boot
        ],
    )?;
    tx.execute(
        "DELETE FROM known_networks
         WHERE user_id = $1 AND network NOT IN (
           SELECT network
           FROM known_networks
           WHERE user_id = $1
           ORDER BY seen_at DESC, network
           LIMIT $2
         )",
        params![user.0, KNOWN_NETWORKS],
    )?;
    Ok(())
}
