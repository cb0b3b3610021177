//! Every way to be refused the feed.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::features::sessions::answers::store;
use crate::http::openapi::refusals;
use crate::http::problem::ApiError;
use crate::store::StoreError;

/// Seconds after which a reader comes back that found all places taken: readers leave when they restart, or after an hour.
const FULL_RETRY_SECONDS: u32 = 30;

/// Why nothing is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedError {
    /// There is no token.
    Missing,
    /// It is no service account's, or that of one that was revoked; not even a user's good token is looked into.
    Invalid,
    /// As many read as may.
    Full,
    /// The database could not be asked.
    Store(StoreError),
}

impl IntoResponses for FeedError {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let errors = [Self::Missing, Self::Invalid, Self::Full];
        let every = errors.into_iter().chain(store().map(Self::Store));
        refusals(every.map(ApiError::from))
    }
}

impl From<StoreError> for FeedError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<FeedError> for ApiError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Missing => Self::new(
                401,
                "Authorization header required",
                "authorization_required",
            ),
            FeedError::Invalid => Self::new(401, "Invalid or expired token", "invalid_token"),
            FeedError::Full => Self::busy(FULL_RETRY_SECONDS),
            FeedError::Store(error) => {
                Self::store(error, "Internal server error", "internal_error")
            }
        }
    }
}
