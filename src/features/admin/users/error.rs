//! Every way an act on somebody's account fails.

use crate::features::users::store::Taken;
use crate::store::StoreError;

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdministrationError {
    /// There is no such user.
    #[error("no such user")]
    UserNotFound,
    /// Somebody has the name.
    #[error("a user with this name exists already")]
    UsernameTaken,
    /// Somebody has the address.
    #[error("a user with this email exists already")]
    EmailTaken,
    /// Nobody would be left to manage the Hub.
    #[error("this is the last active SUPERADMIN; make another one first")]
    LastSuperAdmin,
    /// The actor's role does not allow it.
    #[error("only a SUPERADMIN may do this")]
    Forbidden,
    /// Nobody does this to themselves.
    #[error("nobody does this to their own account; ask another administrator")]
    Oneself,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Taken> for AdministrationError {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Username => Self::UsernameTaken,
            Taken::Email => Self::EmailTaken,
        }
    }
}
