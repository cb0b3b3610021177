//! All SQL on what people are shown of deliveries, and what is counted of them.

use rusqlite::{Row, params};

use crate::features::webhooks::model::State;
use crate::store::{Db, StoreError, bad_row};
use crate::types::ids::{DeliveryId, WebhookId};
use crate::types::time::Timestamp;

/// A delivery as lists show it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number.
    pub id: DeliveryId,
    /// What is told.
    pub kind: String,
    /// About whom.
    pub username: Option<String>,
    /// When it happened; `None` for a moment.
    pub at: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub tries: u32,
    /// When it was last tried.
    pub tried_at: Option<Timestamp>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// What was wrong with the last try.
    pub problem: Option<String>,
    /// When it is tried next; `None`: at once.
    pub due_at: Option<Timestamp>,
}

impl Line {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let time = |at| {
            let micros: rusqlite::Result<Option<i64>> = row.get(at);
            micros.map(|micros| micros.map(Timestamp::from_micros))
        };
        let state: String = row.get(4)?;
        Ok(Self {
            id: DeliveryId(row.get(0)?),
            kind: row.get(1)?,
            username: row.get(2)?,
            at: time(3)?,
            state: State::from_row(&state)
                .ok_or_else(|| bad_row("webhook_deliveries.state", &state))?,
            tries: row.get(5)?,
            tried_at: time(6)?,
            status: row.get(7)?,
            problem: row.get(8)?,
            due_at: time(9)?,
        })
    }
}

/// What waits for a webhook, in the order in which it happened, at most so many.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn waiting(db: &Db<'_>, webhook: WebhookId, most: u32) -> Result<Vec<Line>, StoreError> {
    db.all(
        "SELECT id, kind, username, at, state, tries, tried_at, status, problem, due_at
         FROM webhook_deliveries
         WHERE webhook_id = $1 AND state = 'waiting'
         ORDER BY due_steady, id
         LIMIT $2",
        params![webhook.0, most],
        Line::read,
    )
}

/// The last deliveries that were made to a webhook, newest first, at most so many.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn delivered(db: &Db<'_>, webhook: WebhookId, most: u32) -> Result<Vec<Line>, StoreError> {
    db.all(
        "SELECT id, kind, username, at, state, tries, tried_at, status, problem, due_at
         FROM webhook_deliveries
         WHERE webhook_id = $1 AND state = 'delivered'
         ORDER BY done_at DESC, id DESC
         LIMIT $2",
        params![webhook.0, most],
        Line::read,
    )
}

/// The last deliveries to a webhook that were given up, newest first, at most so many.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn dead(db: &Db<'_>, webhook: WebhookId, most: u32) -> Result<Vec<Line>, StoreError> {
    db.all(
        "SELECT id, kind, username, at, state, tries, tried_at, status, problem, due_at
         FROM webhook_deliveries
         WHERE webhook_id = $1 AND state = 'dead'
         ORDER BY done_at DESC, id DESC
         LIMIT $2",
        params![webhook.0, most],
        Line::read,
    )
}

/// How many deliveries wait for all webhooks together, how many were given up, and how many events had no room.
///
/// # Errors
/// What SQLite says.
pub fn sums(db: &Db<'_>) -> Result<[u64; 3], StoreError> {
    db.one(
        "SELECT coalesce(sum(waiting), 0), coalesce(sum(dead), 0), coalesce(sum(lost), 0)
         FROM webhooks",
        params![],
        |row| {
            let count = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
            Ok([count(0)?, count(1)?, count(2)?])
        },
    )
}
