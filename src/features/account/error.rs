//! Every way an action on one's own account fails, with status, text and code as tables.

use std::time::Duration;

use crate::crypto::hasher::HasherError;
use crate::crypto::jwt::SigningFailed;
use crate::features::passwords::model::PasswordError;
use crate::features::sessions::error::AccessError;
use crate::features::sessions::proof::ProofError;
use crate::features::users::store::Taken;
use crate::http::problem::ApiError;
use crate::hub::throttle::model::TooMany;
use crate::store::StoreError;
use crate::types::email::EmailError;
use crate::types::profile::BioError;
use crate::types::username::UsernameError;

/// Why no account was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterError {
    /// The administrator has closed registration.
    Closed,
    /// The body is no JSON object.
    NoData,
    /// A field is missing.
    MissingFields,
    /// The name breaks a rule.
    Username(UsernameError),
    /// The address breaks a rule.
    Email(EmailError),
    /// The password breaks a rule.
    Password(PasswordError),
    /// Too many accounts were made from there.
    TooMany(TooMany),
    /// Somebody has the name or the address.
    Taken(Taken),
    /// Too many passwords wait to be hashed.
    Busy(Duration),
    /// The database, the hasher or the signer failed.
    Store(StoreError),
}

impl From<StoreError> for RegisterError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TooMany> for RegisterError {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(too_many)
    }
}

impl From<SigningFailed> for RegisterError {
    fn from(error: SigningFailed) -> Self {
        Self::Store(StoreError::Broken(error.to_string()))
    }
}

impl From<HasherError> for RegisterError {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy(after) => Self::Busy(after),
            HasherError::Unreadable | HasherError::Failed => {
                Self::Store(StoreError::Broken(error.to_string()))
            }
        }
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => {
                Self::new(403, "Registration is disabled", "registration_disabled")
            }
            RegisterError::NoData => Self::new(400, "No data provided", "no_data"),
            RegisterError::MissingFields => Self::new(
                400,
                "Username, email and password are required",
                "missing_fields",
            ),
            RegisterError::Username(rule) => username(rule),
            RegisterError::Email(rule) => email(rule),
            RegisterError::Password(rule) => password(rule),
            RegisterError::Taken(Taken::Username) => {
                Self::new(409, "Username already exists", "username_taken")
            }
            RegisterError::Taken(Taken::Email) => email_taken(),
            RegisterError::TooMany(too_many) => too_many.into(),
            RegisterError::Busy(after) => Self::busy_for(after),
            RegisterError::Store(error) => {
                Self::store(error, "Registration failed", "registration_failed")
            }
        }
    }
}

fn username(rule: UsernameError) -> ApiError {
    let code = match rule {
        UsernameError::Length => "username_length",
        UsernameError::Characters => "username_characters",
    };
    ApiError::new(400, rule.to_string(), code)
}

fn email(rule: EmailError) -> ApiError {
    let code = match rule {
        EmailError::Form => "email_form",
        EmailError::Length => "email_length",
    };
    ApiError::new(400, rule.to_string(), code)
}

fn password(rule: PasswordError) -> ApiError {
    ApiError::new(400, rule.to_string(), rule.code())
}

fn email_taken() -> ApiError {
    ApiError::new(409, "Email already registered", "email_taken")
}

/// Why a profile was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileError {
    /// The caller is not let in.
    Access(AccessError),
    /// The body is no JSON object.
    NoData,
    /// A field is neither text nor null.
    NotText(&'static str),
    /// The bio breaks a rule.
    Bio(BioError),
    /// An address on the web is none.
    Url(&'static str),
    /// The address breaks a rule, or was to be emptied.
    Email(EmailError),
    /// Somebody else has the address.
    EmailTaken,
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for ProfileError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<AccessError> for ProfileError {
    fn from(error: AccessError) -> Self {
        Self::Access(error)
    }
}

impl From<ProfileError> for ApiError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Access(error) => error.into(),
            ProfileError::NoData => Self::new(400, "No data provided", "no_data"),
            ProfileError::NotText(field) => {
                Self::new(400, format!("{field} must be text or null"), "wrong_type")
            }
            ProfileError::Bio(rule) => {
                let code = match rule {
                    BioError::Length => "bio_length",
                    BioError::Characters => "bio_characters",
                };
                Self::new(400, rule.to_string(), code)
            }
            ProfileError::Url(field) => Self::new(
                400,
                format!("{field} must be an http or https address of at most 2048 bytes"),
                "url_form",
            ),
            ProfileError::Email(rule) => email(rule),
            ProfileError::EmailTaken => email_taken(),
            ProfileError::Store(error) => {
                Self::store(error, "Profile update failed", "profile_update_failed")
            }
        }
    }
}

/// Why a password was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordChangeError {
    /// The caller is not let in.
    Access(AccessError),
    /// The body is no JSON object.
    NoData,
    /// A field is missing.
    MissingFields,
    /// The new password breaks a rule.
    Password(PasswordError),
    /// The current password is another one.
    InvalidCredentials,
    /// Too many were wrong before: it was not compared.
    TooMany(TooMany),
    /// Too many passwords wait to be hashed.
    Busy(Duration),
    /// The database, the hasher or the signer failed.
    Store(StoreError),
}

impl From<StoreError> for PasswordChangeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<AccessError> for PasswordChangeError {
    fn from(error: AccessError) -> Self {
        Self::Access(error)
    }
}

impl From<SigningFailed> for PasswordChangeError {
    fn from(error: SigningFailed) -> Self {
        Self::Store(StoreError::Broken(error.to_string()))
    }
}

impl From<HasherError> for PasswordChangeError {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy(after) => Self::Busy(after),
            HasherError::Unreadable | HasherError::Failed => {
                Self::Store(StoreError::Broken(error.to_string()))
            }
        }
    }
}

impl From<ProofError> for PasswordChangeError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Wrong => Self::InvalidCredentials,
            ProofError::TooMany(too_many) => Self::TooMany(too_many),
            ProofError::Busy(after) => Self::Busy(after),
            ProofError::Store(error) => Self::Store(error),
        }
    }
}

impl From<PasswordChangeError> for ApiError {
    fn from(error: PasswordChangeError) -> Self {
        match error {
            PasswordChangeError::Access(error) => error.into(),
            PasswordChangeError::NoData => Self::new(400, "No data provided", "no_data"),
            PasswordChangeError::MissingFields => Self::new(
                400,
                "Current password and new password are required",
                "missing_fields",
            ),
            PasswordChangeError::Password(rule) => password(rule),
            PasswordChangeError::InvalidCredentials => {
                Self::new(401, "Invalid credentials", "invalid_credentials")
            }
            PasswordChangeError::TooMany(too_many) => too_many.into(),
            PasswordChangeError::Busy(after) => Self::busy_for(after),
            PasswordChangeError::Store(error) => {
                Self::store(error, "Password change failed", "password_change_failed")
            }
        }
    }
}
