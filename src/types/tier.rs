//! What a user pays for: a word of the apps' own, such as `FREE` or `PREMIUM`.

use std::fmt;

/// Most characters of a tier: it has to fit a column.
pub const MAX_CHARS: usize = 32;

/// A tier: 1 to 32 of `[A-Z0-9_]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier(String);

/// What was given is no tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A tier has 1 to 32 capital letters, digits and underscores, like FREE or PREMIUM")]
pub struct NotATier;

impl Tier {
    /// Parses a tier.
    ///
    /// # Errors
    /// When it has another character, or none, or too many.
    pub fn parse(text: &str) -> Result<Self, NotATier> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotATier)
        }
    }

    /// As it stands in the database and in bodies.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotATier, Tier};

    #[test]
    fn a_tier_is_a_short_word_in_capitals() {
        for tier in ["FREE", "PREMIUM", "PLAN_2", &"X".repeat(32)] {
            assert_eq!(Tier::parse(tier).expect(tier).as_str(), tier);
        }
        for wrong in ["", "free", "A B", "A-B", "É", "FREE\n", &"X".repeat(33)] {
            assert_eq!(Tier::parse(wrong), Err(NotATier), "{wrong:?}");
        }
    }
}
