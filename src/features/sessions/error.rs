//! Every way an action on sessions fails, with status, text and code as tables.

use std::time::Duration;

use crate::crypto::hasher::HasherError;
use crate::crypto::jwt::{SigningFailed, TokenFault};
use crate::features::attempts::attempt::Held;
use crate::features::sessions::bearer::Unfit;
use crate::features::sessions::model::EndReason;
use crate::http::problem::ApiError;
use crate::hub::counts::SignIn;
use crate::hub::throttle::model::TooMany;
use crate::store::StoreError;

/// Why an access token does not let its bearer in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessError {
    /// There is none.
    Missing,
    /// It is not one of ours.
    Invalid(TokenFault),
    /// Its day is over.
    Expired,
    /// Its session is past its absolute end.
    SessionExpired,
    /// Its session was ended.
    Ended(EndReason),
    /// Its session is not in the database: it was cleaned away, or a backup was put back.
    SessionUnknown,
    /// Its user is locked out.
    UserDisabled,
    /// Its user is gone.
    UserNotFound,
    /// The database could not be asked.
    Store(StoreError),
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unfit> for AccessError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::UserGone => Self::UserNotFound,
            Unfit::Ended(reason) => Self::Ended(reason),
            Unfit::UserDisabled => Self::UserDisabled,
            Unfit::PastEnd => Self::SessionExpired,
        }
    }
}

impl AccessError {
    /// The code, the same at every route.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "authorization_required",
            Self::Invalid(_) => "invalid_token",
            Self::Expired => "token_expired",
            Self::SessionExpired => "session_expired",
            Self::Ended(reason) => reason.code(),
            Self::SessionUnknown => "session_revoked",
            Self::UserDisabled => "user_disabled",
            Self::UserNotFound => "user_not_found",
            Self::Store(_) => "internal_error",
        }
    }

    /// The answer of `logout`, which tells less.
    #[must_use]
    pub fn at_logout(self) -> ApiError {
        match self {
            Self::Missing => ApiError::from(self),
            Self::Store(error) => ApiError::store(error, "Logout failed", "logout_failed"),
            other => ApiError::new(401, "Invalid or expired token", other.code()),
        }
    }

    /// The answer of `validate`, which says `"valid": false` too.
    #[must_use]
    pub fn at_validate(self) -> ApiError {
        let from_store = matches!(self, Self::Store(_));
        let error = ApiError::from(self);
        if from_store { error } else { error.not_valid() }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        let code = error.code();
        match error {
            AccessError::Missing => Self::new(401, "Authorization header required", code),
            AccessError::Invalid(fault) => Self::new(401, fault_text(fault), code),
            AccessError::Expired | AccessError::SessionExpired => {
                Self::new(401, "Token has expired", code)
            }
            AccessError::Ended(_) | AccessError::SessionUnknown | AccessError::UserDisabled => {
                Self::new(401, "Token has been revoked", code)
            }
            AccessError::UserNotFound => Self::new(401, "User not found", code),
            AccessError::Store(error) => Self::store(error, "Internal server error", code),
        }
    }
}

const fn fault_text(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::Segments => "Invalid token: Not enough segments",
        TokenFault::Header => "Invalid token: Invalid header",
        TokenFault::Encoding => "Invalid token: Invalid token encoding",
        TokenFault::Signature => "Invalid token: Signature verification failed",
        TokenFault::Claims => "Invalid token: Invalid claims",
    }
}

/// Why a refresh was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshError {
    /// 0: no usable `refresh_token` in the body.
    Missing,
    /// 1 and 2: not one of ours.
    Invalid,
    /// 1: its time is over.
    Expired,
    /// 3: its user is gone.
    UserNotFound,
    /// 4: its session is past its absolute end.
    SessionExpired,
    /// 4: its session was ended before, or its user is locked out.
    Ended(EndReason),
    /// 7 and 11: used before, but no harm is known. The session lives.
    Superseded,
    /// 9: used before, and the session was ended for it.
    Reused,
    /// Too many of this session's, or too many that are not ours from there: it was not judged.
    TooMany(TooMany),
    /// The database or the signer failed.
    Store(StoreError),
}

impl From<TooMany> for RefreshError {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(too_many)
    }
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unfit> for RefreshError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::UserGone => Self::UserNotFound,
            Unfit::Ended(reason) => Self::Ended(reason),
            Unfit::UserDisabled => Self::Ended(EndReason::UserDisabled),
            Unfit::PastEnd => Self::SessionExpired,
        }
    }
}

impl From<SigningFailed> for RefreshError {
    fn from(error: SigningFailed) -> Self {
        Self::Store(StoreError::Broken(error.to_string()))
    }
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        let refused = |code| Self::new(401, "Invalid or expired refresh token", code);
        match error {
            RefreshError::Missing => {
                Self::new(400, "Refresh token is required", "refresh_token_required")
            }
            RefreshError::Invalid => refused("invalid_token"),
            RefreshError::Expired => refused("token_expired"),
            RefreshError::UserNotFound => Self::new(401, "User not found", "user_not_found"),
            RefreshError::SessionExpired => refused("session_expired"),
            RefreshError::Ended(reason) => refused(reason.code()),
            RefreshError::TooMany(too_many) => too_many.into(),
            RefreshError::Superseded | RefreshError::Reused => refused("token_reused"),
            // Here, unlike elsewhere, even a disk that takes no writes is a 500: the document of this endpoint knows no other answer.
            RefreshError::Store(StoreError::Unwritable(cause) | StoreError::Untrusted(cause)) => {
                Self::store(
                    StoreError::Broken(cause),
                    "Token refresh failed",
                    "refresh_failed",
                )
            }
            RefreshError::Store(error) => {
                Self::store(error, "Token refresh failed", "refresh_failed")
            }
        }
    }
}

/// Why a sign-in was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// The body is no JSON object.
    NoData,
    /// A field is missing.
    MissingFields,
    /// No such name, or another password: nobody learns which.
    InvalidCredentials,
    /// The right password of a user who is locked out.
    Disabled,
    /// Too many failed before, or too many tries came from there: the password was not compared.
    TooMany(TooMany),
    /// Too many sign-ins wait.
    Busy(Duration),
    /// The database, the hasher or the signer failed.
    Store(StoreError),
}

impl LoginError {
    /// How the sign-in is counted.
    #[must_use]
    pub const fn ended(&self) -> SignIn {
        match self {
            Self::NoData | Self::MissingFields => SignIn::Malformed,
            Self::InvalidCredentials => SignIn::Wrong,
            Self::Disabled => SignIn::Disabled,
            Self::TooMany(_) => SignIn::Throttled,
            Self::Busy(_) => SignIn::Busy,
            Self::Store(_) => SignIn::Failed,
        }
    }
}

impl From<StoreError> for LoginError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TooMany> for LoginError {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(too_many)
    }
}

impl From<Held> for LoginError {
    fn from(held: Held) -> Self {
        match held {
            Held::TooMany(too_many) => Self::TooMany(too_many),
            Held::Store(error) => Self::Store(error),
        }
    }
}

impl From<SigningFailed> for LoginError {
    fn from(error: SigningFailed) -> Self {
        Self::Store(StoreError::Broken(error.to_string()))
    }
}

impl From<HasherError> for LoginError {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy(after) => Self::Busy(after),
            HasherError::Unreadable | HasherError::Failed => {
                Self::Store(StoreError::Broken(error.to_string()))
            }
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::NoData => Self::new(400, "No data provided", "no_data"),
            LoginError::MissingFields => Self::new(
                400,
                "Username/email and password are required",
                "missing_fields",
            ),
            LoginError::InvalidCredentials => {
                Self::new(401, "Invalid credentials", "invalid_credentials")
            }
            LoginError::Disabled => Self::new(401, "Account is disabled", "user_disabled"),
            LoginError::TooMany(too_many) => too_many.into(),
            LoginError::Busy(after) => Self::busy_for(after),
            LoginError::Store(error) => Self::store(error, "Login failed", "login_failed"),
        }
    }
}
