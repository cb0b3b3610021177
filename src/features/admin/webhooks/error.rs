//! Every way an act on a webhook fails.

use crate::features::admin::users::error::AdministrationError;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::store::StoreError;

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// There is no such webhook.
    #[error("no such webhook; `hub webhook list` shows all")]
    NotFound,
    /// There is one of this name.
    #[error("a webhook with this name exists already")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are 20 webhooks, and no more may be; delete those that nobody needs")]
    TooMany,
    /// It would never be told anything.
    #[error("choose at least one event")]
    NoEvents,
    /// Its address may not be connected to.
    #[error("{0}")]
    Refused(String),
    /// It is disabled.
    #[error("the webhook is disabled; enable it first")]
    Disabled,
    /// There is no such dead letter.
    #[error("no such dead letter; `hub webhook show` lists them")]
    NoDeadLetter,
    /// Only a SUPERADMIN may.
    #[error("only a SUPERADMIN may do this")]
    Forbidden,
    /// The database, or the key.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AdministrationError> for WebhookError {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Store(error) => Self::Store(error),
            _ => Self::Forbidden,
        }
    }
}

/// As an answer, where no form comes back.
impl From<WebhookError> for Refusal {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Store(error) => error.into(),
            WebhookError::Forbidden => ApiError::of_status(403).into(),
            WebhookError::NotFound
            | WebhookError::NameTaken
            | WebhookError::TooMany
            | WebhookError::NoEvents
            | WebhookError::Refused(_)
            | WebhookError::Disabled
            | WebhookError::NoDeadLetter => ApiError::of_status(404).into(),
        }
    }
}
