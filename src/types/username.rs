//! A user's name: 3 to 64 of `[A-Za-z0-9_-]`, unique without regard to case.

use std::fmt;

/// Fewest characters of a name.
pub const MIN_CHARS: usize = 3;
/// Most characters of a name; more would not fit a column of any page.
pub const MAX_CHARS: usize = 64;

/// A name as its owner typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// Which rule a name breaks. The texts are part of the HTTP contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Fewer than [`MIN_CHARS`] or more than [`MAX_CHARS`].
    #[error("Username must be between 3 and 64 characters")]
    Length,
    /// A character outside `[A-Za-z0-9_-]`.
    #[error("Username may only contain letters, digits, underscores and hyphens")]
    Characters,
}

impl Username {
    /// Parses a name; it is kept exactly as typed.
    ///
    /// # Errors
    /// The first rule it breaks. ASCII only, so no two names can look alike by script or composition.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        if !(MIN_CHARS..=MAX_CHARS).contains(&text.chars().count()) {
            return Err(UsernameError::Length);
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !text.bytes().all(allowed) {
            return Err(UsernameError::Characters);
        }
        Ok(Self(text.to_owned()))
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

impl fmt::Display for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Username, UsernameError};

    #[test]
    fn names_of_the_contract_are_kept_as_typed() {
        for name in ["abc", "JohnDoe123", "a-b_c", &"x".repeat(64)] {
            assert_eq!(Username::parse(name).expect(name).as_str(), name);
        }
        assert_eq!(Username::parse("JohnDoe").expect("valid").key(), "johndoe");
    }

    #[test]
    fn every_other_name_is_refused_with_the_rule_it_breaks() {
        for (name, rule) in [
            ("", UsernameError::Length),
            ("ab", UsernameError::Length),
            (&*"x".repeat(65), UsernameError::Length),
            ("john doe", UsernameError::Characters),
            ("john@doe", UsernameError::Characters),
            ("jöhn", UsernameError::Characters),
            ("adm\u{131}n", UsernameError::Characters),
            ("\u{ff41}\u{ff44}\u{ff4d}in", UsernameError::Characters),
            ("ad\u{200d}min", UsernameError::Characters),
            ("abc\0", UsernameError::Characters),
            (" abc", UsernameError::Characters),
        ] {
            assert_eq!(Username::parse(name), Err(rule), "{name:?}");
        }
    }
}
