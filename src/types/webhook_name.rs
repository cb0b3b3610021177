//! A webhook's name: 1 to 64 of `[A-Za-z0-9._-]`, unique without regard to case, as a service account's.

use std::fmt;

use crate::types::service_name::ServiceName;

/// A name as an administrator typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookName(ServiceName);

/// What was given is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A webhook's name has 1 to 64 letters, digits, dots, underscores and hyphens")]
pub struct NotAWebhookName;

impl WebhookName {
    /// Parses a name; it is kept exactly as typed.
    ///
    /// # Errors
    /// When it is empty, too long, or has another character.
    pub fn parse(text: &str) -> Result<Self, NotAWebhookName> {
        ServiceName::parse(text)
            .map(Self)
            .map_err(|_| NotAWebhookName)
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The form in which two names are the same name.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.key()
    }
}

impl fmt::Display for WebhookName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
