//! An administrator locks a user out, which ends all their sessions, or lets them in again.

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

/// Locks a user out or lets them in.
pub struct SetActive {
    /// Whom.
    pub user: UserId,
    /// Whether they may sign in.
    pub active: bool,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SetActive {
    /// How many sessions were ended that were still good by the clock.
    type Outcome = u64;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        if user.is_active == self.active {
            // Nothing changes, so nothing is written.
            return Ok(0);
        }
        let last = !self.active && user.role == Role::SuperAdmin && user.is_active;
        if last && !users::has_other_super_admin(tx, user.id)? {
            return Err(AdministrationError::LastSuperAdmin);
        }
        users::set_active(tx, user.id, self.active, self.cause.at.wall)?;
        let target = Some(format!("user:{}", user.id));
        if self.active {
            tx.audit(&self.cause, Action::UserEnable, target, None)?;
            return Ok(0);
        }
        let reason = EndReason::UserDisabled;
        let ended = end::end_all_of(tx, user.id, None, reason, self.now, &self.cause)?;
        let detail = Some(format!("ended={ended}"));
        tx.audit(&self.cause, Action::UserDisable, target, detail)?;
        Ok(ended)
    }
}
