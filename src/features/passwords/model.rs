//! The rules of a new password. An old one is only ever compared.

use crate::features::passwords::common;
use crate::types::password::{MAX_BYTES, MAX_CHARS, Password};

/// Which rule a new password breaks. The texts are part of the HTTP contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer characters than configured.
    #[error("Password must be at least {0} characters")]
    TooShort(usize),
    /// More than 128 characters.
    #[error("Password must be at most 128 characters")]
    TooLong,
    /// No letter.
    #[error("Password must contain at least one letter")]
    NoLetter,
    /// No digit.
    #[error("Password must contain at least one digit")]
    NoDigit,
    /// On every attacker's list.
    #[error("Password is too common")]
    Common,
    /// The name or the address again.
    #[error("Password must not be the username or email")]
    Identity,
}

impl PasswordError {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort(_) => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::NoLetter => "password_needs_letter",
            Self::NoDigit => "password_needs_digit",
            Self::Common => "password_too_common",
            Self::Identity => "password_is_identity",
        }
    }
}

/// Whether a password may be chosen by the user of this name and address.
///
/// Characters are Unicode scalar values, letters and digits those of any script; what is hashed are the exact bytes.
///
/// # Errors
/// The first rule it breaks.
pub fn check(
    password: &Password,
    min_chars: usize,
    username: &str,
    email: &str,
) -> Result<(), PasswordError> {
    let text = password.reveal();
    if text.len() > MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    let chars = text.chars().count();
    if chars < min_chars {
        return Err(PasswordError::TooShort(min_chars));
    }
    if chars > MAX_CHARS {
        return Err(PasswordError::TooLong);
    }
    if !text.chars().any(char::is_alphabetic) {
        return Err(PasswordError::NoLetter);
    }
    if !text.chars().any(char::is_numeric) {
        return Err(PasswordError::NoDigit);
    }
    if common::contains_identity(text, username, email) {
        return Err(PasswordError::Identity);
    }
    if common::is_common(text) {
        return Err(PasswordError::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{PasswordError, check};
    use crate::types::password::Password;

    fn judge(text: &str) -> Result<(), PasswordError> {
        check(&Password::new(text), 8, "johndoe", "john@example.com")
    }

    #[test]
    fn passwords_of_8_to_128_characters_with_a_letter_and_a_digit_pass() {
        for good in [
            "x7v w2q!",
            "  leading and trailing 1  ",
            "\u{0}nul is a character 1",
            "🦀🦀🦀🦀🦀🦀a1",
            "пароль-девять9",
            &format!("{}1", "ab".repeat(63) + "c"),
        ] {
            assert_eq!(judge(good), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn every_other_password_is_refused_with_the_rule_it_breaks() {
        for (bad, rule) in [
            ("", PasswordError::TooShort(8)),
            ("x7v w2q", PasswordError::TooShort(8)),
            ("🦀🦀🦀🦀🦀a1", PasswordError::TooShort(8)),
            (&*format!("{}1", "ab".repeat(64)), PasswordError::TooLong),
            (&*"a1".repeat(513), PasswordError::TooLong),
            ("12345678901", PasswordError::NoLetter),
            ("no digit at all", PasswordError::NoDigit),
            ("password123", PasswordError::Common),
            ("PassWord123", PasswordError::Common),
            ("hub12345678", PasswordError::Common),
            ("JohnDoe99", PasswordError::Identity),
        ] {
            assert_eq!(judge(bad), Err(rule), "{bad:?}");
        }
    }
}
