//! An administrator deletes a user. Their session rows stay, ended, so that their tokens can still be answered truthfully.

use crate::features::admin::users::error::AdministrationError;
use crate::features::sessions::end;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::Now;
use crate::features::users::store as users;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;
use crate::types::role::Role;

/// Deletes a user.
pub struct DeleteUser {
    /// Whom.
    pub user: UserId,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for DeleteUser {
    /// How many sessions were ended that were still good by the clock.
    type Outcome = u64;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        let last = user.role == Role::SuperAdmin && user.is_active;
        if last && !users::has_other_super_admin(tx, user.id)? {
            return Err(AdministrationError::LastSuperAdmin);
        }
        let reason = EndReason::UserDeleted;
        let ended = end::end_all_of(tx, user.id, None, reason, self.now, &self.cause)?;
        users::delete(tx, user.id)?;
        tx.audit(
            &self.cause,
            Action::UserDelete,
            Some(format!("user:{}", user.id)),
            Some(format!("ended={ended}")),
        )?;
        Ok(ended)
    }
}
