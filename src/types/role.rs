//! What a user may do at the Hub itself.

use std::fmt;
use std::str::FromStr;

/// A user's role. It stands in no token: it is read whenever it matters, so a change counts at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Signs in, and manages the own account.
    User,
    /// Manages users and sessions too.
    Admin,
    /// Manages roles, keys and settings too.
    SuperAdmin,
}

impl Role {
    /// As it stands in bodies, the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Admin => "ADMIN",
            Self::SuperAdmin => "SUPERADMIN",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What was given is none of the three roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is USER, ADMIN or SUPERADMIN")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        match text {
            "USER" => Ok(Self::User),
            "ADMIN" => Ok(Self::Admin),
            "SUPERADMIN" => Ok(Self::SuperAdmin),
            _ => Err(NotARole),
        }
    }
}
