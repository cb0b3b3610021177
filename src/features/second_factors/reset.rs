//! An administrator takes the second factor from a user who has lost their phone and their recovery codes.

use crate::features::second_factors::store;
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;

/// Removes a user's second factor. Whether the actor may do so to this user is the caller's to decide.
pub struct Reset {
    /// Whose.
    pub user: UserId,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Reset {
    /// The same as a part of another change.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn within(&self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        let removed = store::remove(tx, self.user)?;
        if removed {
            let target = Some(format!("user:{}", self.user));
            tx.audit(&self.cause, Action::SecondFactorReset, target, None)?;
        }
        Ok(removed)
    }
}

impl Change for Reset {
    /// Whether there was one that counted.
    type Outcome = bool;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        self.within(tx)
    }
}
