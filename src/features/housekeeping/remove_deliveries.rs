//! Removing what webhooks were told long ago, what could not be told, and what waits for one that is disabled for good.

use std::time::Duration;

use crate::features::housekeeping::model::is_old;
use crate::features::housekeeping::remove_rest::age;
use crate::features::housekeeping::store::deliveries as store;
use crate::features::housekeeping::store::removals::{self, Kind};
use crate::features::webhooks::model::{DEAD_KEPT, DELIVERED_KEPT, DISABLED_KEPT, MAX_DELIVERED};
use crate::features::webhooks::store::targets::{self, Webhook};
use crate::store::lived::{self, Lived};
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::ids::DeliveryId;
use crate::types::time::Moment;

/// Rows a batch, of each webhook and kind: each takes a few entries of indexes and a count along.
pub const BATCH_DELIVERIES: u32 = 100;

/// Removes the next deliveries that are over.
#[derive(Clone, Debug)]
pub struct RemoveDeliveries {
    /// What time it is.
    pub now: Moment,
    /// How many at most, of each webhook and kind.
    pub most: u32,
}

impl RemoveDeliveries {
    /// Whether applying this might change anything. Asked of a reader, it costs the writer nothing.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn peek(&self, db: &Db<'_>) -> Result<bool, StoreError> {
        for webhook in targets::webhooks(db)? {
            let is_any = !self.delivered(db, &webhook)?.is_empty()
                || !self.dead(db, &webhook)?.is_empty()
                || !store::surplus(db, webhook.id, MAX_DELIVERED, 1)?.is_empty()
                || (self.is_off(&webhook) && !store::waiting(db, webhook.id, 1)?.is_empty());
            if is_any {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn delivered(
        &self,
        db: &Db<'_>,
        webhook: &Webhook,
    ) -> Result<Vec<(DeliveryId, Moment)>, StoreError> {
        let before = self.now.wall.minus(DELIVERED_KEPT);
        store::delivered(db, webhook.id, before, self.most)
    }

    fn dead(
        &self,
        db: &Db<'_>,
        webhook: &Webhook,
    ) -> Result<Vec<(DeliveryId, Moment)>, StoreError> {
        let before = self.now.wall.minus(DEAD_KEPT);
        store::dead(db, webhook.id, before, self.most)
    }

    /// Whether it is disabled for so long by the wall clock that it may lose what waits.
    fn is_off(&self, webhook: &Webhook) -> bool {
        let since = self.now.wall.minus(DISABLED_KEPT);
        webhook.disabled.is_some_and(|at| at.wall <= since)
    }

    /// Those of `found` that are old by both clocks.
    fn old(
        &self,
        tx: &Tx<'_>,
        found: Vec<(DeliveryId, Moment)>,
        span: Duration,
        lived: Lived,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let mut old = Vec::new();
        for (delivery, done) in found {
            let age = age(tx, done, lived)?;
            if is_old(done.wall, Some(age), span, self.now.wall) {
                old.push(delivery);
            }
        }
        Ok(old)
    }

    fn waiting(
        &self,
        tx: &Tx<'_>,
        webhook: &Webhook,
        lived: Lived,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let Some(disabled) = webhook.disabled else {
            return Ok(Vec::new());
        };
        let age = age(tx, disabled, lived)?;
        if is_old(disabled.wall, Some(age), DISABLED_KEPT, self.now.wall) {
            store::waiting(tx, webhook.id, self.most)
        } else {
            Ok(Vec::new())
        }
    }
}

impl Change for RemoveDeliveries {
    /// How many rows went.
    type Outcome = u64;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, StoreError> {
        let lived = lived::advance(tx, self.now)?;
        let mut removed = 0;
        for webhook in targets::webhooks(tx)? {
            let delivered = self.delivered(tx, &webhook)?;
            let dead = self.dead(tx, &webhook)?;
            let mut over = self.old(tx, delivered, DELIVERED_KEPT, lived)?;
            over.extend(self.old(tx, dead, DEAD_KEPT, lived)?);
            over.extend(self.waiting(tx, &webhook, lived)?);
            for delivery in &over {
                store::remove(tx, *delivery)?;
            }
            // Looked for when the old ones are gone, which may have been among them.
            let surplus = store::surplus(tx, webhook.id, MAX_DELIVERED, self.most)?;
            for delivery in &surplus {
                store::remove(tx, *delivery)?;
            }
            removed += u64::try_from(over.len() + surplus.len()).unwrap_or(u64::MAX);
        }
        removals::count(tx, Kind::Deliveries, removed)?;
        Ok(removed)
    }
}
