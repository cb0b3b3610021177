//! An administrator gives a user another role. It counts at the user's next request, for roles stand in no token.

use crate::features::admin::users::error::AdministrationError;
use crate::features::users::store as users;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;
use crate::types::role::Role;

/// Gives a user another role.
pub struct SetRole {
    /// Whom.
    pub user: UserId,
    /// Which.
    pub role: Role,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SetRole {
    type Outcome = ();
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        if user.role == self.role {
            // Nothing changes, so nothing is written.
            return Ok(());
        }
        let lowered = user.role == Role::SuperAdmin && self.role != Role::SuperAdmin;
        if lowered && user.is_active && !users::has_other_super_admin(tx, user.id)? {
            return Err(AdministrationError::LastSuperAdmin);
        }
        users::set_role(tx, user.id, self.role, self.cause.at.wall)?;
        tx.audit(
            &self.cause,
            Action::UserRole,
            Some(format!("user:{}", user.id)),
            Some(format!("from={} to={}", user.role, self.role)),
        )?;
        Ok(())
    }
}
