//! All SQL on `webhook_deliveries` that moves one along: waiting, tried, delivered or given up.

use rusqlite::{Row, params};

use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::{address, session_id};
use crate::features::webhooks::event::{Event, Facts};
use crate::features::webhooks::model::{Kind, MAX_DEAD};
use crate::features::webhooks::problem::Problem;
use crate::features::webhooks::store::targets;
use crate::store::{Db, StoreError, Tx, bad_row};
use crate::types::ids::{DeliveryId, UserId, WebhookId};
use crate::types::time::{Moment, Timestamp};

/// One event on its way to one webhook.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook: WebhookId,
    /// How often it was tried.
    pub tries: u32,
    /// What is told; `None` while it is not known when that was.
    pub event: Option<Event>,
}

impl Delivery {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let at: Option<i64> = row.get(4)?;
        let (mark, facts) = (row.get(3)?, facts(row)?);
        Ok(Self {
            id: DeliveryId(row.get(0)?),
            webhook: WebhookId(row.get(1)?),
            tries: row.get(2)?,
            event: at.map(|at| Event {
                mark,
                at: Timestamp::from_micros(at),
                facts,
            }),
        })
    }
}

/// What a row tells, from its column 5 on.
fn facts(row: &Row<'_>) -> rusqlite::Result<Facts> {
    let kind: String = row.get(5)?;
    let kind = Kind::from_row(&kind).ok_or_else(|| bad_row("webhook_deliveries.kind", &kind))?;
    let why: Option<String> = row.get(14)?;
    Ok(match kind {
        Kind::SessionStarted | Kind::SessionEnded | Kind::SessionReused => Facts::Session {
            kind,
            session: session_id(row.get(10)?)?,
            user: UserId(row.get(6)?),
            username: row.get(7)?,
            browser: row.get(11)?,
            address: address(row.get(12)?)?,
            agent: row.get(13)?,
            why: why
                .map(|why| {
                    EndReason::from_row(&why).ok_or_else(|| bad_row("webhook_deliveries.why", &why))
                })
                .transpose()?,
        },
        Kind::UserCreated | Kind::UserDisabled | Kind::UserDeleted => Facts::User {
            kind,
            user: UserId(row.get(6)?),
            username: row.get(7)?,
            email: row.get(8)?,
            role: row.get(9)?,
        },
        Kind::SignInFailures => Facts::Failures {
            user: row.get::<_, Option<i64>>(6)?.map(UserId),
            username: row.get(7)?,
            what: why.unwrap_or_default(),
            failures: row.get(15)?,
            address: address(row.get(12)?)?,
        },
        Kind::Test => Facts::Test,
    })
}

/// The deliveries of a webhook that are due, the longest first, at most so many.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn due(
    db: &Db<'_>,
    webhook: WebhookId,
    now: Moment,
    most: usize,
) -> Result<Vec<Delivery>, StoreError> {
    db.all(
        "SELECT id, webhook_id, tries, mark, at, kind, user_id, username, email, role, session_id, browser, address, agent, why, failures
         FROM webhook_deliveries
         WHERE webhook_id = $1 AND state = 'waiting' AND due_steady <= $2
         ORDER BY due_steady, id
         LIMIT $3",
        params![webhook.0, now.steady, i64::try_from(most).unwrap_or(i64::MAX)],
        Delivery::read,
    )
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What was wrong; nothing if it was taken.
    pub problem: Option<String>,
    /// When.
    pub at: Moment,
}

/// Notes that a delivery was made, and lets the user's next one go; tells whether it was still waiting.
///
/// # Errors
/// What SQLite says.
pub fn deliver(tx: &Tx<'_>, delivery: DeliveryId, tried: &Tried) -> Result<bool, StoreError> {
    finish(tx, delivery, tried, "delivered")
}

/// Gives a delivery up, and lets the user's next one go; tells whether it was still waiting.
///
/// # Errors
/// What SQLite says.
pub fn give_up(tx: &Tx<'_>, delivery: DeliveryId, tried: &Tried) -> Result<bool, StoreError> {
    finish(tx, delivery, tried, "dead")
}

fn finish(
    tx: &Tx<'_>,
    delivery: DeliveryId,
    tried: &Tried,
    state: &str,
) -> Result<bool, StoreError> {
    // It may be gone by now, and its webhook with it.
    let lane = tx.optional(
        "UPDATE webhook_deliveries
         SET state = $2, tries = tries + 1, tried_at = $3, status = $4, problem = $5,
             due_at = NULL, done_at = $3, done_steady = $6, done_boot = $7
         WHERE id = $1 AND state = 'waiting'
         RETURNING webhook_id, user_id",
        params![
            delivery.0,
            state,
            tried.at.wall.micros(),
            tried.status,
            tried.problem,
            tried.at.steady,
            tried.at.boot
        ],
        |row| Ok((WebhookId(row.get(0)?), row.get::<_, Option<i64>>(1)?)),
    )?;
    let Some((webhook, user)) = lane else {
        return Ok(false);
    };
    if let Some(user) = user {
        let next = tx.optional(
            "SELECT id
             FROM webhook_deliveries
             WHERE webhook_id = $1 AND user_id = $2 AND state IN ('waiting', 'behind')
             ORDER BY id
             LIMIT 1",
            params![webhook.0, user],
            |row| row.get::<_, i64>(0),
        )?;
        // If it waits already, it was sent anew.
        tx.execute(
            "UPDATE webhook_deliveries
             SET state = 'waiting'
             WHERE id = $1 AND state = 'behind'",
            params![next],
        )?;
    }
    Ok(true)
}

/// Gives up all that waits for any webhook, enabled or not; tells how many deliveries that were.
///
/// # Errors
/// What SQLite says.
pub fn give_up_all(tx: &Tx<'_>, problem: &Problem, at: Moment) -> Result<u64, StoreError> {
    let given_up = tx.execute(
        "UPDATE webhook_deliveries
         SET state = 'dead', status = NULL, problem = $1, due_at = NULL, done_at = $2, done_steady = $3, done_boot = $4
         WHERE state IN ('waiting', 'behind')",
        params![problem.to_string(), at.wall.micros(), at.steady, at.boot],
    )?;
    for webhook in targets::webhooks(tx)? {
        remove_most_dead(tx, webhook.id)?;
    }
    Ok(u64::try_from(given_up).unwrap_or(u64::MAX))
}

/// Removes the oldest dead letters of a webhook that has more than it may have.
///
/// # Errors
/// What SQLite says.
pub fn remove_most_dead(tx: &Tx<'_>, webhook: WebhookId) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM webhook_deliveries
         WHERE id IN (
           SELECT id
           FROM webhook_deliveries
           WHERE webhook_id = $1 AND state = 'dead'
           ORDER BY done_at, id
           LIMIT max(0, (SELECT dead FROM webhooks WHERE id = $1) - $2)
         )",
        params![webhook.0, MAX_DEAD],
    )?;
    Ok(())
}

/// Notes that a try failed, and when the next one comes; tells whether it was still waiting.
///
/// # Errors
/// What SQLite says.
pub fn postpone(
    tx: &Tx<'_>,
    delivery: DeliveryId,
    tried: &Tried,
    next: Moment,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE webhook_deliveries
         SET tries = tries + 1, tried_at = $2, status = $3, problem = $4, due_at = $5, due_steady = $6, due_boot = $7
         WHERE id = $1 AND state = 'waiting'",
        params![
            delivery.0,
            tried.at.wall.micros(),
            tried.status,
            tried.problem,
            next.wall.micros(),
            next.steady,
            next.boot
        ],
    )?;
    Ok(changed == 1)
}

/// Makes due at once what was postponed before the machine was started anew: how long ago that was cannot be told.
///
/// # Errors
/// What SQLite says.
pub fn forget_other_boots(tx: &Tx<'_>, boot: u32) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE webhook_deliveries
         SET due_at = NULL, due_steady = 0, due_boot = NULL
         WHERE state = 'waiting' AND due_boot <> $1",
        params![boot],
    )?;
    Ok(())
}

/// Writes when something happened, where the row of the cause did not tell.
///
/// # Errors
/// What SQLite says.
pub fn date(tx: &Tx<'_>, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE webhook_deliveries
         SET at = $1
         WHERE at IS NULL",
        params![at.micros()],
    )?;
    Ok(())
}

/// Has a test sent.
///
/// # Errors
/// What SQLite says.
pub fn add_test(tx: &Tx<'_>, webhook: WebhookId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO webhook_deliveries (webhook_id, kind, at)
         VALUES ($1, 'webhook.test', $2)",
        params![webhook.0, at.micros()],
    )
}

/// Sends a dead letter anew, with all its tries; tells whether there was such a one.
///
/// # Errors
/// What SQLite says.
pub fn resend(tx: &Tx<'_>, webhook: WebhookId, delivery: DeliveryId) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE webhook_deliveries
         SET state = 'waiting', tries = 0, due_at = NULL, due_steady = 0, due_boot = NULL,
             done_at = NULL, done_steady = NULL, done_boot = NULL
         WHERE id = $2 AND webhook_id = $1 AND state = 'dead'",
        params![webhook.0, delivery.0],
    )?;
    Ok(changed == 1)
}

/// Sends all dead letters of a webhook anew; tells how many there were.
///
/// # Errors
/// What SQLite says.
pub fn resend_all(tx: &Tx<'_>, webhook: WebhookId) -> Result<u64, StoreError> {
    let changed = tx.execute(
        "UPDATE webhook_deliveries
         SET state = 'waiting', tries = 0, due_at = NULL, due_steady = 0, due_boot = NULL,
             done_at = NULL, done_steady = NULL, done_boot = NULL
         WHERE webhook_id = $1 AND state = 'dead'",
        params![webhook.0],
    )?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

/// Makes what waits for a webhook due at once, and lets the first of each user go: whatever stood before it may have been removed.
///
/// # Errors
/// What SQLite says.
pub fn begin_anew(tx: &Tx<'_>, webhook: WebhookId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE webhook_deliveries
         SET due_at = NULL, due_steady = 0, due_boot = NULL
         WHERE webhook_id = $1 AND state = 'waiting'",
        params![webhook.0],
    )?;
    tx.execute(
        "UPDATE webhook_deliveries
         SET state = 'waiting'
         WHERE id IN (
           SELECT min(id)
           FROM webhook_deliveries
           WHERE webhook_id = $1 AND state IN ('waiting', 'behind')
           GROUP BY user_id
         ) AND state = 'behind'",
        params![webhook.0],
    )?;
    Ok(())
}
