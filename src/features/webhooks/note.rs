//! What a try leaves in the database, after the receiver's answer: a crash in between delivers again, and never not at all.
//!
//! It leaves no audit row: that a row of the outbox moves along is no act of anybody's, and the audit would grow with every event.

use std::time::Duration;

use crate::features::webhooks::store::outbox::{self, Delivery, Tried};
use crate::hub::counts::WebhookTry;
use crate::store::{Change, StoreError, Tx};
use crate::types::ids::{DeliveryId, WebhookId};
use crate::types::time::{Moment, Timestamp};

/// Notes how a try ended.
#[derive(Clone, Debug)]
pub struct Note {
    delivery: DeliveryId,
    webhook: WebhookId,
    tried: Tried,
    /// How long until the next try; `None`: there is none.
    wait: Option<Duration>,
}

impl Note {
    /// It was delivered.
    #[must_use]
    pub fn delivered(delivery: &Delivery, tried: Tried) -> Self {
        Self {
            delivery: delivery.id,
            webhook: delivery.webhook,
            tried,
            wait: None,
        }
    }

    /// It was not, and this long passes before the next try, if there is one.
    #[must_use]
    pub fn failed(delivery: &Delivery, tried: Tried, wait: Option<Duration>) -> Self {
        Self {
            wait,
            ..Self::delivered(delivery, tried)
        }
    }

    /// How the try ended.
    #[must_use]
    pub fn ended(&self) -> WebhookTry {
        match (&self.tried.problem, self.wait) {
            (None, _) => WebhookTry::Delivered,
            (Some(_), Some(_)) => WebhookTry::Failed,
            (Some(_), None) => WebhookTry::GivenUp,
        }
    }
}

impl Change for Note {
    /// Whether it was still there, and waiting.
    type Outcome = bool;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        match (self.ended(), self.wait) {
            (WebhookTry::Delivered, _) => outbox::deliver(tx, self.delivery, &self.tried),
            (_, Some(wait)) => {
                let next = later(self.tried.at, wait);
                outbox::postpone(tx, self.delivery, &self.tried, next)
            }
            (_, None) => {
                let was_there = outbox::give_up(tx, self.delivery, &self.tried)?;
                outbox::remove_most_dead(tx, self.webhook)?;
                Ok(was_there)
            }
        }
    }
}

fn later(now: Moment, wait: Duration) -> Moment {
    let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    Moment {
        wall: now.wall.plus(wait),
        steady: now.steady.saturating_add(micros),
        ..now
    }
}

/// Makes what waits ready for a server that starts.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// When.
    pub now: Moment,
}

impl Change for Begin {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        outbox::forget_other_boots(tx, self.now.boot)
    }
}

/// Dates what no act of the Hub's own dated: somebody else deleted a user.
#[derive(Clone, Copy, Debug)]
pub struct Date {
    /// When.
    pub now: Timestamp,
}

impl Change for Date {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        outbox::date(tx, self.now)
    }
}
