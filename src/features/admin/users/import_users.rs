//! Users who come from another system, a batch in one transaction: an audit row for each of them, and nothing of a batch without the rest of it.

use crate::features::admin::setup::store as setup_link;
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::users::model::{ImportedUser, NewUser};
use crate::features::users::store::{self as users, Taken, moving};
use crate::store::audit::Action;
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::role::Role;

/// Most users of one batch: some thirty milliseconds, which is how long a sign-in may have to wait for it.
pub const MAX_BATCH_USERS: usize = 250;

/// What became of a user who was to be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They are here now.
    Added,
    /// They were here, with this name and this address.
    Present,
    /// Somebody else has one of these.
    Refused(Taken),
}

/// Makes a batch of users.
pub struct ImportUsers {
    /// The users, at most [`MAX_BATCH_USERS`].
    pub users: Vec<ImportedUser>,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for ImportUsers {
    type Outcome = Vec<Fate>;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<Vec<Fate>, AdministrationError> {
        self.users
            .iter()
            .map(|user| self.import(tx, user))
            .collect()
    }
}

impl ImportUsers {
    fn import(&self, tx: &Tx<'_>, imported: &ImportedUser) -> Result<Fate, AdministrationError> {
        let role = imported.user.role;
        check(tx, &self.cause, Act::Add(role), None)?;
        let fate = fate(tx, &imported.user)?;
        if fate != Fate::Added {
            return Ok(fate);
        }
        let id = moving::insert_imported(tx, imported, self.cause.at.wall)?;
        if role == Role::SuperAdmin && imported.is_active {
            // The link was for want of one.
            setup_link::forget(tx)?;
        }
        let target = Some(format!("user:{id}"));
        let detail = Some(format!("role={role} by=import"));
        tx.audit(&self.cause, Action::UserAdd, target, detail)?;
        Ok(Fate::Added)
    }
}

/// What would become of a user now.
///
/// # Errors
/// What SQLite says.
pub fn fate(db: &Db<'_>, user: &NewUser) -> Result<Fate, StoreError> {
    let Some(taken) = users::taken(db, user)? else {
        return Ok(Fate::Added);
    };
    if taken == Taken::Username {
        let present = users::by_name(db, &user.username)?;
        let key = user.email.key();
        if present.is_some_and(|present| present.email.to_ascii_lowercase() == key) {
            return Ok(Fate::Present);
        }
    }
    Ok(Fate::Refused(taken))
}
