//! One's own second factor goes, with its recovery codes.

use crate::features::second_factors::error::SecondFactorError;
use crate::features::second_factors::store;
use crate::features::sessions::access::still_carried;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::SessionId;

/// Removes the second factor of whoever acts in a session.
pub struct Remove {
    /// In which session.
    pub session: SessionId,
    /// When, from where.
    pub cause: Cause,
}

impl Change for Remove {
    /// Whether there was one that counted.
    type Outcome = bool;
    type Error = SecondFactorError;

    fn apply(self, tx: &Tx<'_>) -> Result<bool, SecondFactorError> {
        let (_, user) = still_carried(tx, self.session, self.cause.at.wall)?;
        let removed = store::remove(tx, user.id)?;
        if removed {
            let target = Some(format!("user:{}", user.id));
            let cause = self.cause.by_user(user.id);
            tx.audit(&cause, Action::SecondFactorRemove, target, None)?;
        }
        Ok(removed)
    }
}
