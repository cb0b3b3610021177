//! What of the deliveries to webhooks is over.

use rusqlite::{Row, params};

use crate::store::{Db, StoreError, Tx};
use crate::types::ids::{DeliveryId, WebhookId};
use crate::types::time::{Moment, Timestamp};

fn over(row: &Row<'_>) -> rusqlite::Result<(DeliveryId, Moment)> {
    let done = Moment::from_row(row.get(1)?, row.get(2)?, row.get(3)?);
    Ok((DeliveryId(row.get(0)?), done))
}

/// What was delivered to a webhook by then, the oldest first, at most so many.
///
/// # Errors
/// What SQLite says.
pub fn delivered(
    db: &Db<'_>,
    webhook: WebhookId,
    before: Timestamp,
    most: u32,
) -> Result<Vec<(DeliveryId, Moment)>, StoreError> {
    db.all(
        "SELECT id, done_at, done_steady, done_boot
         FROM webhook_deliveries
         WHERE webhook_id = $1 AND state = 'delivered' AND done_at <= $2
         ORDER BY done_at, id
         LIMIT $3",
        params![webhook.0, before.micros(), most],
        over,
    )
}

/// What was given up by then, the oldest first, at most so many.
///
/// # Errors
/// What SQLite says.
pub fn dead(
    db: &Db<'_>,
    webhook: WebhookId,
    before: Timestamp,
    most: u32,
) -> Result<Vec<(DeliveryId, Moment)>, StoreError> {
    db.all(
        "SELECT id, done_at, done_steady, done_boot
         FROM webhook_deliveries
         WHERE webhook_id = $1 AND state = 'dead' AND done_at <= $2
         ORDER BY done_at, id
         LIMIT $3",
        params![webhook.0, before.micros(), most],
        over,
    )
}

/// What was delivered to a webhook before the last so many, at most so many.
///
/// # Errors
/// What SQLite says.
pub fn surplus(
    db: &Db<'_>,
    webhook: WebhookId,
    kept: u32,
    most: u32,
) -> Result<Vec<DeliveryId>, StoreError> {
    db.all(
        "SELECT id
         FROM webhook_deliveries
         WHERE webhook_id = $1 AND state = 'delivered'
         ORDER BY done_at DESC, id DESC
         LIMIT $3 OFFSET $2",
        params![webhook.0, kept, most],
        |row| Ok(DeliveryId(row.get(0)?)),
    )
}

/// What waits for a webhook, the oldest first, at most so many.
///
/// # Errors
/// What SQLite says.
pub fn waiting(db: &Db<'_>, webhook: WebhookId, most: u32) -> Result<Vec<DeliveryId>, StoreError> {
    db.all(
        "SELECT id
         FROM webhook_deliveries
         WHERE webhook_id = $1 AND state IN ('waiting', 'behind')
         LIMIT $2",
        params![webhook.0, most],
        |row| Ok(DeliveryId(row.get(0)?)),
    )
}

/// Removes a delivery.
///
/// # Errors
/// What SQLite says.
pub fn remove(tx: &Tx<'_>, delivery: DeliveryId) -> Result<(), StoreError> {
    tx.execute_on_one(
        "DELETE FROM webhook_deliveries
         WHERE id = $1",
        params![delivery.0],
    )
}
