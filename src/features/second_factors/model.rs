//! What a second factor is, and what somebody may type for it. Pure.

use std::fmt;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::crypto::totp::DIGITS;
use crate::features::attempts::model::Failures;
use crate::types::entropy::Entropy;
use crate::types::ids::UserId;
use crate::types::salt::Salt;
use crate::types::time::{Elapsed, Moment, Timestamp};

/// A user's second factor, as its row has it.
#[derive(Clone, Debug)]
pub struct Factor {
    /// With the key and the user's number, what its secret is derived from.
    pub nonce: Salt,
    /// Which key that is.
    pub key_id: i64,
    /// How far it is.
    pub state: State,
    /// Wrong codes in a row.
    pub failures: Failures,
}

/// How far a second factor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its secret was shown; until a code proves that it arrived, it protects nothing and is asked for nowhere.
    Pending {
        /// When it was shown.
        drawn: Moment,
    },
    /// It counts.
    Confirmed {
        /// Since when.
        at: Timestamp,
        /// The step of the last right code.
        last_step: i64,
    },
}

/// How long a secret that was shown waits for its first code. Longer than anybody needs to find an app, short enough that a forgotten page
/// is worth nothing.
pub const ENROLMENT_LIFE: Duration = Duration::from_mins(30);

/// Whether a secret shown at `drawn` may still be confirmed. Where the clocks cannot tell, not: beginning anew costs a minute.
#[must_use]
pub fn is_open(drawn: Moment, now: Moment) -> bool {
    matches!(now.since(drawn), Elapsed::Span(span) if span < ENROLMENT_LIFE)
}

/// What somebody typed for their second factor.
#[derive(Debug)]
pub enum Presented {
    /// A code from a phone.
    Code(CodeText),
    /// A recovery code.
    Recovery(RecoveryCode),
}

/// What was typed is neither a code nor a recovery code: no guess, so it counts as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Enter the six digits that your app shows, or one of your recovery codes")]
pub struct NotACode;

impl Presented {
    /// Parses what was typed; blanks and hyphens do not matter, nor does the case of a recovery code.
    ///
    /// # Errors
    /// When it is neither six digits nor a recovery code.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        // Blanks of every kind: apps show "123 456", some with a blank that does not break.
        let plain: Zeroizing<String> = Zeroizing::new(
            text.chars()
                .filter(|character| !character.is_whitespace() && *character != '-')
                .take(MAX_TYPED_CHARS)
                .map(|character| character.to_ascii_uppercase())
                .collect(),
        );
        if plain.len() == usize::from(DIGITS) && plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Code(CodeText(plain)));
        }
        let bytes = BASE32_NOPAD
            .decode(plain.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| NotACode)?;
        let bytes = bytes.as_slice().try_into().map_err(|_| NotACode)?;
        Ok(Self::Recovery(RecoveryCode(Zeroizing::new(bytes))))
    }
}

/// Characters read of what was typed: more than the longest code has.
const MAX_TYPED_CHARS: usize = 32;

/// Six digits that somebody typed.
pub struct CodeText(Zeroizing<String>);

impl CodeText {
    /// The digits: for comparison.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CodeText(redacted)")
    }
}

/// How many recovery codes somebody gets: a lost phone takes one, and ten fit on a slip of paper.
pub const RECOVERY_CODES: usize = 10;
/// Bytes of a recovery code: 80 bits cannot be guessed, and make four groups of four letters.
const RECOVERY_BYTES: usize = 10;

/// A recovery code. It leaves through [`RecoveryCode::reveal`] only, once.
pub struct RecoveryCode(Zeroizing<[u8; RECOVERY_BYTES]>);

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryCode(redacted)")
    }
}

impl RecoveryCode {
    /// The code as it is written down: `ABCD-EFGH-IJKL-MNOP`.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let text = Zeroizing::new(BASE32_NOPAD.encode(self.0.as_ref()));
        in_groups(&text, "-")
    }

    /// What the database has of it. With the user's number in it, so that nobody guesses at everybody's codes at once.
    #[must_use]
    pub fn hash(&self, user: UserId) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"regardingwork-hub/1/recovery-code");
        hasher.update(user.0.to_be_bytes());
        hasher.update(self.0.as_ref());
        hasher.finalize().into()
    }
}

/// A set of new recovery codes.
#[derive(Debug)]
pub struct RecoveryCodes(Vec<RecoveryCode>);

impl RecoveryCodes {
    /// Draws them.
    #[must_use]
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let code = |_| {
            let mut bytes = Zeroizing::new([0; RECOVERY_BYTES]);
            entropy.fill(bytes.as_mut());
            RecoveryCode(bytes)
        };
        Self((0..RECOVERY_CODES).map(code).collect())
    }

    /// Each as it is written down.
    #[must_use]
    pub fn reveal(&self) -> Vec<Zeroizing<String>> {
        self.0.iter().map(RecoveryCode::reveal).collect()
    }

    /// What the database has of them.
    #[must_use]
    pub fn hashes(&self, user: UserId) -> Vec<[u8; 32]> {
        self.0.iter().map(|code| code.hash(user)).collect()
    }
}

/// A text in groups of four, so that it can be read out and typed.
#[must_use]
pub fn in_groups(text: &str, between: &str) -> Zeroizing<String> {
    let mut grouped = Zeroizing::new(String::with_capacity(text.len() * 2));
    for (at, character) in text.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            grouped.push_str(between);
        }
        grouped.push(character);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ENROLMENT_LIFE, NotACode, Presented, RecoveryCodes, in_groups, is_open};
    use crate::types::entropy::SeededEntropy;
    use crate::types::ids::UserId;
    use crate::types::time::{Clock, HandClock, Timestamp};

    const SECOND: Duration = Duration::from_secs(1);

    fn clock() -> HandClock {
        HandClock::at(Timestamp::from_seconds(1_800_000_000))
    }

    #[test]
    fn a_secret_that_was_shown_waits_half_an_hour_for_its_first_code() {
        let clock = clock();
        let drawn = clock.now();
        clock.advance(ENROLMENT_LIFE.saturating_sub(SECOND));
        assert!(is_open(drawn, clock.now()));
        clock.advance(SECOND);
        assert!(!is_open(drawn, clock.now()));
        clock.reboot();
        assert!(!is_open(drawn, clock.now()));
    }

    #[test]
    fn a_code_is_read_however_it_is_spaced() {
        for text in ["123456", "123 456", " 12-34-56\n", "123\u{a0}456"] {
            let Ok(Presented::Code(code)) = Presented::parse(text) else {
                panic!("{text:?}");
            };
            assert_eq!(code.reveal(), "123456");
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_it_was_written_and_in_small_letters() {
        let codes = RecoveryCodes::draw(&SeededEntropy::new(1));
        for (code, hash) in codes.reveal().iter().zip(codes.hashes(UserId(1))) {
            assert_eq!(code.len(), 19, "{}", code.as_str());
            for text in [
                code.to_string(),
                code.to_lowercase(),
                code.replace('-', " "),
            ] {
                let Ok(Presented::Recovery(read)) = Presented::parse(&text) else {
                    panic!("{text:?}");
                };
                assert_eq!(read.hash(UserId(1)), hash);
                assert_ne!(read.hash(UserId(2)), hash);
            }
        }
    }

    #[test]
    fn anything_else_is_no_code() {
        let long = "A".repeat(100_000);
        for text in [
            "",
            " ",
            "12345",
            "1234567",
            "12345a",
            "+12345",
            "١٢٣٤٥٦",
            "ABCD-EFGH-IJKL",
            "ABCD-EFGH-IJKL-MNO1",
            "ABCD-EFGH-IJKL-MNOPQ",
            "<script>",
            &long,
        ] {
            assert_eq!(Presented::parse(text).err(), Some(NotACode), "{text:?}");
        }
    }

    #[test]
    fn what_is_secret_does_not_show_itself() {
        let codes = RecoveryCodes::draw(&SeededEntropy::new(1));
        let presented = (
            Presented::parse("123456"),
            Presented::parse(&codes.reveal()[0]),
        );
        let shown = format!("{codes:?} {presented:?}");
        assert!(!shown.contains("123456"), "{shown}");
        assert!(!shown.contains(codes.reveal()[0].as_str()), "{shown}");
    }

    #[test]
    fn groups_have_four_characters() {
        assert_eq!(*in_groups("ABCDEFGHIJ", " "), "ABCD EFGH IJ");
    }
}
