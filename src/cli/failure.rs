//! How a command fails: one line on standard error, and an exit code from `sysexits.h` that scripts and service managers understand.

use crate::config::ConfigError;
use crate::crypto::keyring::KeyError;
use crate::features::admin::services::error::ServiceError;
use crate::features::admin::users::error::AdministrationError;
use crate::features::admin::webhooks::error::WebhookError;
use crate::front::TlsError;
use crate::hub::HubError;
use crate::hub::keys::RotationError;
use crate::store::backup::BackupError;
use crate::store::staging::PlaceError;
use crate::store::{OpenError, StoreError};

/// What a command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It failed.
    Failed = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// Something that is needed is not there (`EX_UNAVAILABLE`).
    Unavailable = 69,
    /// A file cannot be made (`EX_CANTCREAT`).
    CannotCreate = 73,
    /// Locked or running already: try again later (`EX_TEMPFAIL`).
    TryAgain = 75,
    /// Permission is missing, or there is too much of it (`EX_NOPERM`).
    Permission = 77,
    /// Configuration, key or schema do not fit (`EX_CONFIG`).
    Configuration = 78,
}

/// A failure: what, where, and what to do.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The line; several where several settings are wrong.
    pub text: String,
}

impl Failure {
    /// A failure with this code and line.
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self {
            exit,
            text: text.into(),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let exit = if error.is_denied() {
            Exit::Permission
        } else {
            Exit::Configuration
        };
        Self::new(exit, error.to_string())
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Key(error) => error.into(),
            HubError::Open(error) => error.into(),
            HubError::Store(error) => error.into(),
            HubError::Snapshot(ref cause) => Self::new(exit_of_copy(cause), error.to_string()),
            HubError::WrongKey(_) | HubError::OlderKeyMissing { .. } | HubError::Hasher(_) => {
                Self::new(Exit::Configuration, error.to_string())
            }
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        Self::new(exit_of_copy(&error), error.to_string())
    }
}

impl From<PlaceError> for Failure {
    fn from(error: PlaceError) -> Self {
        let exit = match &error {
            PlaceError::InUse(_) => Exit::TryAgain,
            PlaceError::CannotMove { .. } => Exit::CannotCreate,
            PlaceError::Store(cause) => exit_of(cause),
        };
        Self::new(exit, error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let exit = match &error {
            KeyError::Missing(_) | KeyError::Malformed { .. } => Exit::Configuration,
            KeyError::Exposed { .. } | KeyError::Unreadable { .. } => Exit::Permission,
            KeyError::CannotMake { .. } | KeyError::CannotReplace { .. } | KeyError::Full(_) => {
                Exit::CannotCreate
            }
        };
        Self::new(exit, error.to_string())
    }
}

impl From<RotationError> for Failure {
    fn from(error: RotationError) -> Self {
        let exit = match error {
            RotationError::Key(error) => return error.into(),
            RotationError::Store(error) => return error.into(),
            RotationError::Forbidden => Exit::Permission,
            RotationError::Configured | RotationError::WrongKey => Exit::Configuration,
            RotationError::UnderWay | RotationError::Overtaken => Exit::TryAgain,
            RotationError::TooOften { .. } => Exit::Failed,
            RotationError::Lock(_) => Exit::CannotCreate,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(exit_of_opening(&error), error.to_string())
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        let exit = match &error {
            TlsError::Exposed { .. } => Exit::Permission,
            TlsError::Unreadable { cause, .. }
                if cause.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                Exit::Permission
            }
            TlsError::Unreadable { .. }
            | TlsError::Malformed { .. }
            | TlsError::Mismatch { .. }
            | TlsError::Unusable { .. } => Exit::Configuration,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(exit_of(&error), error.to_string())
    }
}

impl From<AdministrationError> for Failure {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Store(error) => error.into(),
            other => Self::new(Exit::Failed, other.to_string()),
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Store(error) => error.into(),
            other => Self::new(Exit::Failed, other.to_string()),
        }
    }
}

impl From<WebhookError> for Failure {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Store(error) => error.into(),
            other => Self::new(Exit::Failed, other.to_string()),
        }
    }
}

fn exit_of(error: &StoreError) -> Exit {
    match error {
        StoreError::Busy(_) => Exit::TryAgain,
        StoreError::Unwritable(_) => Exit::CannotCreate,
        StoreError::Untrusted(_) | StoreError::Broken(_) => Exit::Failed,
    }
}

fn exit_of_opening(error: &OpenError) -> Exit {
    match error {
        OpenError::Missing(_) | OpenError::Lost(_) => Exit::Unavailable,
        OpenError::CannotMake { .. } | OpenError::CannotMakeDirectory { .. } => Exit::CannotCreate,
        OpenError::ReadOnly(_) => Exit::Permission,
        OpenError::Foreign { .. }
        | OpenError::Newer { .. }
        | OpenError::Older { .. }
        | OpenError::OldSqlite(_) => Exit::Configuration,
        OpenError::Failed { cause, .. } => exit_of(cause),
        OpenError::Damaged { .. } => Exit::Failed,
    }
}

fn exit_of_copy(error: &BackupError) -> Exit {
    match error {
        BackupError::Open(error) => exit_of_opening(error),
        BackupError::UnderWay(_) => Exit::TryAgain,
        BackupError::Exists(_) | BackupError::NoSpace { .. } | BackupError::CannotWrite { .. } => {
            Exit::CannotCreate
        }
        BackupError::Failed { cause, .. } => exit_of(cause),
    }
}
