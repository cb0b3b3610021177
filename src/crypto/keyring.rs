//! A secret, and the keys derived from it, one for each purpose.
//!
//! Secrets stand in `secret.key` ([`crate::crypto::key_file`]), never in the database or a backup: a stolen database mints no token.

use std::fmt;
use std::io;
use std::path::PathBuf;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::types::entropy::Entropy;

/// Bytes of the secret, and of every key derived from it.
pub const KEY_BYTES: usize = 32;
/// Bytes of a check value.
pub const CHECK_BYTES: usize = 16;
/// Fewer different bytes than this are typed or copied from an example, not drawn: 32 random bytes have about 30.
const MIN_DISTINCT_BYTES: usize = 12;
/// What people put through a hash when they are asked for 64 hex digits.
const FIRST_GUESSES: [&str; 12] = [
    "",
    "secret",
    "password",
    "changeme",
    "test",
    "admin",
    "key",
    "hub",
    "regardingwork",
    "regardingwork-hub",
    "hello",
    "123456",
];

/// What a key is for. Each purpose has a key of its own, so that nothing made for one ever passes for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs refresh tokens.
    Refresh,
    /// Signs access tokens.
    Access,
    /// Makes the part of a refresh token that cannot be guessed.
    Jti,
    /// Binds forms to their session.
    Form,
    /// Tells keys and tokens apart in pages and in the database without showing them.
    Fingerprint,
    /// Makes the secrets of second factors.
    SecondFactor,
    /// Names accounts where failed tries are counted.
    Attempt,
    /// Makes the tokens of service accounts.
    Service,
    /// Makes the secrets that webhooks are signed with.
    Webhook,
}

impl Purpose {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Refresh => b"regardingwork-hub/1/refresh",
            Self::Access => b"regardingwork-hub/1/access",
            Self::Jti => b"regardingwork-hub/1/jti",
            Self::Form => b"regardingwork-hub/1/form",
            Self::Fingerprint => b"regardingwork-hub/1/fingerprint",
            Self::SecondFactor => b"regardingwork-hub/1/second-factor",
            Self::Attempt => b"regardingwork-hub/1/attempt",
            Self::Service => b"regardingwork-hub/1/service",
            Self::Webhook => b"regardingwork-hub/1/webhook",
        }
    }
}

/// A derived key. Its bytes leave through [`Key::reveal`] only and are wiped when it is dropped.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    /// The bytes: for the one algorithm that the key is for.
    #[must_use]
    pub fn reveal(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(redacted)")
    }
}

/// The secret that all keys are derived from.
pub struct Secret(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

/// Why there is no usable secret. Each says what, where and what to do; none says what the file holds.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database is there, its key is not.
    #[error(
        "{} is missing beside a database that was made with it; put the key back from where you keep it (a new one would sign everybody out, so none is made)",
        .0.display()
    )]
    Missing(PathBuf),
    /// Others can read the file.
    #[error("{} can be read by others (mode {mode:04o}); run: chmod 600 {}", path.display(), path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a key.
    #[error(
        "{place} holds no key: {problem}; a key is 64 hex digits drawn at random, as the Hub makes them"
    )]
    Malformed {
        /// The file or the setting.
        place: String,
        /// What is wrong with it, never what it is.
        problem: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {cause}; let the user that runs the Hub own it", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file cannot be made.
    #[error("cannot make {}: {cause}; check the directory's owner and free space", path.display())]
    CannotMake {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file cannot be written anew.
    #[error(
        "cannot write {} anew: {cause}; nothing was changed: check the directory's owner and free space",
        path.display()
    )]
    CannotReplace {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file holds as many keys as it may.
    #[error(
        "{} is full; stop the Hub and take out its first lines, all but the last eight",
        .0.display()
    )]
    Full(PathBuf),
}

impl Secret {
    /// Parses 64 hex digits; `place` is named in errors.
    ///
    /// # Errors
    /// When it is too short, too long, not hex, or plainly not drawn at random.
    pub fn parse(text: &str, place: &str) -> Result<Self, KeyError> {
        let malformed = |problem| KeyError::Malformed {
            place: place.to_owned(),
            problem,
        };
        let bytes = HEXLOWER_PERMISSIVE
            .decode(text.trim_end_matches(['\r', '\n']).as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| malformed("it is not hexadecimal"))?;
        let bytes: [u8; KEY_BYTES] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| malformed("it is not 32 bytes long"))?;
        Self::from_bytes(&bytes, place)
    }

    /// Takes 32 bytes; `place` is named in errors.
    ///
    /// # Errors
    /// When they were plainly not drawn at random.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES], place: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(*bytes);
        if is_guessable(&bytes) {
            return Err(KeyError::Malformed {
                place: place.to_owned(),
                problem: "it was not drawn at random",
            });
        }
        Ok(Self(bytes))
    }

    /// A new one.
    #[must_use]
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(bytes.as_mut());
        Self(bytes)
    }

    /// As it stands in the key file.
    #[must_use]
    pub fn reveal_line(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXLOWER.encode(self.0.as_ref()) + "\n")
    }

    /// The key for one purpose (HKDF-SHA256, RFC 5869, without a salt: the secret is uniformly random already).
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> Key {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let expanded =
            Hkdf::<Sha256>::new(None, self.0.as_ref()).expand(purpose.info(), key.as_mut());
        debug_assert!(expanded.is_ok(), "32 bytes are within HKDF's limit");
        Key(key)
    }

    /// What tells this secret from another without telling anything about it: kept in the database that belongs to it.
    #[must_use]
    pub fn check_value(&self) -> [u8; CHECK_BYTES] {
        let key = self.derive(Purpose::Fingerprint);
        let mut check = [0; CHECK_BYTES];
        let expanded = Hkdf::<Sha256>::new(None, key.reveal()).expand(b"key-check", &mut check);
        debug_assert!(expanded.is_ok(), "16 bytes are within HKDF's limit");
        check
    }
}

/// Whether 32 bytes were plainly typed, counted up, copied from an example or made of a word. A key that was drawn is refused less often than once
/// in 10^13.
fn is_guessable(bytes: &[u8; KEY_BYTES]) -> bool {
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    let is_text = bytes
        .iter()
        .all(|byte| matches!(byte, b'\t'..=b'\r' | b' '..=b'~'));
    let step = bytes[1].wrapping_sub(bytes[0]);
    let is_counted = bytes
        .windows(2)
        .all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    let (first, second) = bytes.split_at(KEY_BYTES / 2);
    let is_of_a_word = FIRST_GUESSES
        .iter()
        .any(|word| Sha256::digest(word)[..] == bytes[..]);
    distinct < MIN_DISTINCT_BYTES || is_text || is_counted || first == second || is_of_a_word
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::{Purpose, Secret};
    use crate::types::entropy::SeededEntropy;

    #[test]
    fn every_purpose_and_every_secret_has_keys_of_its_own() {
        let [first, second] = [1, 2].map(|seed| Secret::draw(&SeededEntropy::new(seed)));
        let purposes = [
            Purpose::Refresh,
            Purpose::Access,
            Purpose::Jti,
            Purpose::Form,
            Purpose::Fingerprint,
            Purpose::SecondFactor,
            Purpose::Attempt,
            Purpose::Service,
            Purpose::Webhook,
        ];
        let keys: std::collections::HashSet<_> = [&first, &second]
            .iter()
            .flat_map(|secret| purposes.map(|purpose| *secret.derive(purpose).reveal()))
            .collect();
        assert_eq!(keys.len(), 2 * purposes.len());
        assert_ne!(first.check_value(), second.check_value());
    }

    #[test]
    fn twelve_different_bytes_are_the_fewest_that_pass_for_drawn() {
        let with = |different: u8| {
            let bytes = std::array::from_fn(|at| u8::try_from(at).unwrap_or(0) % different);
            Secret::from_bytes(&bytes, "HUB_SECRET_KEY")
        };
        assert!(with(12).is_ok());
        assert!(with(11).is_err());
    }

    #[test]
    fn what_is_no_random_key_is_refused_and_not_repeated_in_the_error() {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        for text in [
            "",
            "secret",
            &hex(b"this-is-a-32-byte-secret-key-ok!"),
            &hex(b"correct horse battery staple 789"),
            &hex(&std::array::from_fn::<u8, 32, _>(|at| {
                u8::try_from(at).unwrap()
            })),
            &hex(&std::array::from_fn::<u8, 32, _>(|at| {
                0xff - u8::try_from(at).unwrap()
            })),
            &hex(&std::array::from_fn::<u8, 32, _>(|at| {
                u8::try_from(at * 7 % 256).unwrap()
            })),
            &hex(&Sha256::digest("secret")),
            &hex(&Sha256::digest("")),
            &"f3a19c0b5d7e2846e1c05b9a7d3f8264".repeat(2),
            &"ab".repeat(31),
            &"ab".repeat(33),
            &"00".repeat(32),
            &"deadbeef".repeat(8),
            &"0123456789abcdef".repeat(4),
            &"zz".repeat(32),
        ] {
            let error = Secret::parse(text, "HUB_SECRET_KEY").expect_err(text);
            assert!(error.to_string().starts_with("HUB_SECRET_KEY holds no key"));
            assert!(text.is_empty() || text == "secret" || !error.to_string().contains(text));
        }
    }

    #[test]
    fn a_key_that_was_drawn_is_taken() {
        let entropy = SeededEntropy::new(3);
        for _ in 0..2_000 {
            let line = Secret::draw(&entropy).reveal_line();
            assert!(Secret::parse(&line, "HUB_SECRET_KEY").is_ok(), "{}", *line);
        }
    }
}
