//! The one secret, and the keys derived from it, one for each purpose.
//!
//! The secret stands in `secret.key`, never in the database or a backup: a stolen database mints no token.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::types::entropy::Entropy;

/// Bytes of the secret, and of every key derived from it.
pub const KEY_BYTES: usize = 32;
/// A key file is one line of hex; what is longer is some other file.
const MAX_FILE_BYTES: u64 = 1_024;
/// Fewer different bytes than this are typed or copied from an example, not drawn: 32 random bytes have about 30.
const MIN_DISTINCT_BYTES: usize = 12;

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
        let mut seen = [false; 256];
        for byte in bytes.iter() {
            seen[usize::from(*byte)] = true;
        }
        if seen.iter().filter(|seen| **seen).count() < MIN_DISTINCT_BYTES {
            return Err(KeyError::Malformed {
                place: place.to_owned(),
                problem: "it was not drawn at random",
            });
        }
        Ok(Self(bytes))
    }

    /// Reads the secret from its file.
    ///
    /// # Errors
    /// When the file is missing, readable by others, or holds no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let unreadable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
            _ => KeyError::Unreadable {
                path: path.to_owned(),
                cause,
            },
        };
        let file = File::open(path).map_err(unreadable)?;
        // Asked of the open file, not of the path: nobody can swap it in between.
        let mode = file.metadata().map_err(unreadable)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_FILE_BYTES)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Draws a new secret and writes it, for its owner only and synced, before anything can depend on it. Never replaces a file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(bytes.as_mut());
        let line = Zeroizing::new(data_encoding::HEXLOWER.encode(bytes.as_ref()) + "\n");
        // Under another name first: whoever is cut off in between (a kill, a full disk) leaves no half key that the next start stumbles over.
        let unfinished = path.with_extension("key.new");
        let write = || -> io::Result<()> {
            match std::fs::remove_file(&unfinished) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&unfinished)?;
            file.write_all(line.as_bytes())?;
            file.sync_all()?;
            // Nobody else makes one meanwhile: the server holds the directory's lock.
            if path.try_exists()? {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            std::fs::rename(&unfinished, path)?;
            let directory = path.parent().unwrap_or(Path::new("."));
            File::open(directory)?.sync_all()
        };
        write().map_err(|cause| KeyError::CannotMake {
            path: path.to_owned(),
            cause,
        })?;
        Ok(Self(bytes))
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
    pub fn check_value(&self) -> [u8; 16] {
        let key = self.derive(Purpose::Fingerprint);
        let mut check = [0; 16];
        let expanded = Hkdf::<Sha256>::new(None, key.reveal()).expand(b"key-check", &mut check);
        debug_assert!(expanded.is_ok(), "16 bytes are within HKDF's limit");
        check
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{KeyError, Purpose, Secret};
    use crate::types::entropy::SeededEntropy;

    fn secret(seed: u64) -> (tempfile::TempDir, Secret) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let secret = Secret::create(
            &directory.path().join("secret.key"),
            &SeededEntropy::new(seed),
        )
        .expect("a key file");
        (directory, secret)
    }

    #[test]
    fn a_key_file_is_for_its_owner_only_and_reads_back_as_the_same_keys() {
        let (directory, made) = secret(1);
        let path = directory.path().join("secret.key");
        let permissions = std::fs::metadata(&path).expect("metadata").permissions();
        assert_eq!(permissions.mode() & 0o7777, 0o600);
        let read = Secret::read(&path).expect("readable");
        assert_eq!(made.check_value(), read.check_value());
        assert_eq!(
            made.derive(Purpose::Access).reveal(),
            read.derive(Purpose::Access).reveal()
        );
    }

    #[test]
    fn every_purpose_and_every_secret_has_keys_of_its_own() {
        let (_first_directory, first) = secret(1);
        let (_second_directory, second) = secret(2);
        let purposes = [
            Purpose::Refresh,
            Purpose::Access,
            Purpose::Jti,
            Purpose::Form,
            Purpose::Fingerprint,
            Purpose::SecondFactor,
        ];
        let keys: std::collections::HashSet<_> = [&first, &second]
            .iter()
            .flat_map(|secret| purposes.map(|purpose| *secret.derive(purpose).reveal()))
            .collect();
        assert_eq!(keys.len(), 12);
        assert_ne!(first.check_value(), second.check_value());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_its_mend() {
        let (directory, _) = secret(1);
        let path = directory.path().join("secret.key");
        for mode in [0o644, 0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("chmod");
            let error = Secret::read(&path).expect_err("exposed");
            assert!(matches!(error, KeyError::Exposed { .. }));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn what_a_start_that_was_cut_off_left_behind_does_not_hinder_the_next() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("secret.key");
        std::fs::write(directory.path().join("secret.key.new"), "ab12").expect("half a key");
        let made = Secret::create(&path, &SeededEntropy::new(1)).expect("a key file");
        let read = Secret::read(&path).expect("readable");
        assert_eq!(made.check_value(), read.check_value());
        let files = std::fs::read_dir(directory.path()).expect("readable");
        assert_eq!(files.count(), 1);
    }

    #[test]
    fn an_existing_file_is_never_replaced() {
        let (directory, _) = secret(1);
        let again = Secret::create(&directory.path().join("secret.key"), &SeededEntropy::new(2));
        assert!(matches!(again, Err(KeyError::CannotMake { .. })));
    }

    #[test]
    fn what_is_no_random_key_is_refused_and_not_repeated_in_the_error() {
        for text in [
            "",
            "secret",
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
}
