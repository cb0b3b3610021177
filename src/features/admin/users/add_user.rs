//! An administrator makes an account, in any role.

use crate::features::admin::users::error::AdministrationError;
use crate::features::users::model::{NewUser, User};
use crate::features::users::store as users;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;

/// Makes a user.
pub struct AddUser {
    /// The user.
    pub user: NewUser,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for AddUser {
    type Outcome = User;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<User, AdministrationError> {
        if let Some(taken) = users::taken(tx, &self.user)? {
            return Err(taken.into());
        }
        let user = users::insert(tx, &self.user, self.cause.at.wall)?;
        tx.audit(
            &self.cause,
            Action::UserAdd,
            Some(format!("user:{}", user.id)),
            Some(format!("role={}", user.role)),
        )?;
        Ok(user)
    }
}
