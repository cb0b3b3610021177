//! Every way an act on one's own second factor fails. What only refuses a code is no failure but an outcome.

use crate::features::sessions::error::AccessError;
use crate::http::problem::ApiError;
use crate::store::StoreError;

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondFactorError {
    /// Who acts was signed out or locked out meanwhile.
    Access(AccessError),
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for SecondFactorError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<AccessError> for SecondFactorError {
    fn from(error: AccessError) -> Self {
        Self::Access(error)
    }
}

impl From<SecondFactorError> for ApiError {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Access(error) => error.into(),
            SecondFactorError::Store(error) => {
                Self::store(error, "Second factor failed", "second_factor_failed")
            }
        }
    }
}

/// The secret of a second factor cannot be derived: its key is not in the key file.
#[must_use]
pub fn key_missing(key_id: i64) -> StoreError {
    StoreError::Broken(format!(
        "a second factor was made with key {key_id}, which is not at hand; put it back, or reset the second factor"
    ))
}
