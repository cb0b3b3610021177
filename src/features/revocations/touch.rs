//! Noting that a service account reads the feed, to the hour. It leaves no audit row: that somebody reads changes nothing that anybody could ask about.

use std::time::Duration;

use crate::features::revocations::store::{self, Account};
use crate::store::{Change, StoreError, Tx};
use crate::types::ids::ServiceId;
use crate::types::time::Timestamp;

/// How coarse the time is: whoever connects again every second must not write every second.
const COARSE: Duration = Duration::from_hours(1);

/// Notes when an account last began to read.
pub struct Touch {
    id: ServiceId,
    at: Timestamp,
}

impl Touch {
    /// What there is to note of an account that begins to read now; `None` if that is known already. A clock that was set back is followed.
    #[must_use]
    pub fn of(account: &Account, now: Timestamp) -> Option<Self> {
        let is_known = |at: Timestamp| at <= now && now < at.plus(COARSE);
        (!account.used_at.is_some_and(is_known)).then_some(Self {
            id: account.id,
            at: now,
        })
    }
}

impl Change for Touch {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        store::touch_account(tx, self.id, self.at)
    }
}
