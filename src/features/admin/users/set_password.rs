//! An administrator sets a user's password, which ends all their sessions.

use crate::crypto::hasher::StoredHash;
use crate::features::admin::users::error::AdministrationError;
use crate::features::sessions::end;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::Now;
use crate::features::users::store as users;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;

/// Sets a user's password.
pub struct SetPassword {
    /// Whose.
    pub user: UserId,
    /// The new password's hash.
    pub password_hash: StoredHash,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SetPassword {
    /// How many sessions were ended that were still good by the clock.
    type Outcome = u64;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        users::set_password_hash(tx, user.id, &self.password_hash, self.cause.at.wall)?;
        let reason = EndReason::PasswordChanged;
        let ended = end::end_all_of(tx, user.id, None, reason, self.now, &self.cause)?;
        tx.audit(
            &self.cause,
            Action::PasswordSet,
            Some(format!("user:{}", user.id)),
            Some(format!("ended={ended}")),
        )?;
        Ok(ended)
    }
}
