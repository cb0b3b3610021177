//! Every way an act on a service account fails.

use crate::features::admin::users::error::AdministrationError;
use crate::store::StoreError;

/// Accounts at most: a bound for the list, which has no pages, and far more than a team has services.
pub const MAX_ACCOUNTS: u32 = 100;

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// There is no such account.
    #[error("no such service account; `hub service list` shows all")]
    NotFound,
    /// There is one of this name.
    #[error("a service account with this name exists already")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are 100 service accounts, and no more may be; revoke those that nobody uses")]
    TooMany,
    /// Only a SUPERADMIN may.
    #[error("only a SUPERADMIN may do this")]
    Forbidden,
    /// The database, or the key.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AdministrationError> for ServiceError {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Store(error) => Self::Store(error),
            _ => Self::Forbidden,
        }
    }
}
