//! Every refusal of the actions on sessions, for the document of the API: each from the error that it is made of.

use std::collections::BTreeMap;
use std::time::Duration;

use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::crypto::jwt::TokenFault;
use crate::features::sessions::error::{AccessError, LoginError, RefreshError};
use crate::features::sessions::model::EndReason;
use crate::http::openapi::{refusals, refusals_with_body};
use crate::http::problem::ApiError;
use crate::hub::throttle::model::TooMany;
use crate::store::StoreError;

type Answers = BTreeMap<String, RefOr<Response>>;

/// How long whoever tries too often waits in examples.
pub const WAIT: TooMany = TooMany {
    after: Duration::from_secs(30),
};

/// A store that failed, and one that is busy.
#[must_use]
pub fn store() -> [StoreError; 2] {
    [
        StoreError::Broken(String::new()),
        StoreError::Busy(String::new()),
    ]
}

impl AccessError {
    /// Every one of them.
    pub fn every() -> impl Iterator<Item = Self> {
        let faults = [
            TokenFault::Segments,
            TokenFault::Header,
            TokenFault::Encoding,
            TokenFault::Signature,
            TokenFault::Claims,
        ];
        let rest = [
            Self::Expired,
            Self::SessionExpired,
            Self::SessionUnknown,
            Self::UserDisabled,
            Self::UserNotFound,
        ];
        [Self::Missing]
            .into_iter()
            .chain(faults.map(Self::Invalid))
            .chain(EndReason::ALL.map(Self::Ended))
            .chain(rest)
            .chain(store().map(Self::Store))
    }
}

impl IntoResponses for AccessError {
    fn responses() -> Answers {
        refusals(Self::every().map(ApiError::from))
    }
}

/// Those of `logout`, which tells less.
pub struct AtLogout;

impl IntoResponses for AtLogout {
    fn responses() -> Answers {
        refusals(AccessError::every().map(AccessError::at_logout))
    }
}

/// Those of `validate`, which says `"valid": false` too.
pub struct AtValidate;

impl IntoResponses for AtValidate {
    fn responses() -> Answers {
        refusals(AccessError::every().map(AccessError::at_validate))
    }
}

impl IntoResponses for RefreshError {
    fn responses() -> Answers {
        let errors = [
            Self::Missing,
            Self::Invalid,
            Self::Expired,
            Self::UserNotFound,
            Self::SessionExpired,
            Self::Superseded,
            Self::Reused,
            Self::TooMany(WAIT),
        ];
        let every = errors
            .into_iter()
            .chain(EndReason::ALL.map(Self::Ended))
            .chain(store().map(Self::Store));
        refusals_with_body(every.map(ApiError::from))
    }
}

impl IntoResponses for LoginError {
    fn responses() -> Answers {
        let errors = [
            Self::NoData,
            Self::MissingFields,
            Self::InvalidCredentials,
            Self::Disabled,
            Self::TooMany(WAIT),
            Self::Busy(WAIT.after),
        ];
        let every = errors.into_iter().chain(store().map(Self::Store));
        refusals_with_body(every.map(ApiError::from))
    }
}
