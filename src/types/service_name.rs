//! A service account's name: 1 to 64 of `[A-Za-z0-9._-]`, unique without regard to case.

use std::fmt;

/// Most characters of a name; more would not fit a column of any page.
pub const MAX_CHARS: usize = 64;

/// A name as an administrator typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName(String);

/// What was given is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A service's name has 1 to 64 letters, digits, dots, underscores and hyphens")]
pub struct NotAServiceName;

impl ServiceName {
    /// Parses a name; it is kept exactly as typed.
    ///
    /// # Errors
    /// When it is empty, too long, or has another character. ASCII only, so no two names can look alike.
    pub fn parse(text: &str) -> Result<Self, NotAServiceName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAServiceName)
        }
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two names are the same name.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ServiceName;

    #[test]
    fn a_name_is_kept_as_typed_and_anything_else_is_refused() {
        for name in ["a", "Shop-backend_2.eu", &"x".repeat(64)] {
            assert_eq!(ServiceName::parse(name).expect(name).as_str(), name);
        }
        assert_eq!(ServiceName::parse("Shop").expect("a name").key(), "shop");
        for other in ["", " ", "a b", "shöp", "a\0", "a/b", &*"x".repeat(65)] {
            assert!(ServiceName::parse(other).is_err(), "{other:?}");
        }
    }
}
