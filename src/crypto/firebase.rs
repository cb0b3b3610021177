//! Firebase's scrypt: what scrypt makes of the password is a key of AES-256 in counter mode, and the hash is the project's signer key under it.
//!
//! The signer key is a secret of the project, and every project has one for all its users. It is needed to read the hashes and not to compare
//! passwords with them: hash and signer key together tell the key stream, which is what a password has to bring forth. So that alone is stored, as
//! `firebase_scrypt$14$8$separator$salt$stream` (memory cost, rounds; the rest in base64), and the signer key stays out of the database.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use data_encoding::{BASE64, BASE64URL};
use scrypt::Params;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::foreign::{ForeignError, number, scrypt_params};

/// How the stored form begins.
pub const STORED_BEGINNING: &str = "firebase_scrypt$";
/// Bytes of a signer key, and so of a hash.
const SIGNER_KEY_BYTES: usize = 64;
/// Bytes of a block of AES.
const BLOCK_BYTES: usize = 16;
/// Most bytes of a salt or of what separates it: Firebase draws 8 to 42, and its separator has one.
const MAX_SALT_BYTES: usize = 64;

const MALFORMED: ForeignError = ForeignError::Malformed("Firebase's scrypt");

/// What the console of a Firebase project shows under "Password hash parameters".
pub struct FirebaseProject {
    signer_key: Zeroizing<Vec<u8>>,
    separator: Vec<u8>,
    rounds: u64,
    memory_cost: u64,
}

/// Why parameters are not a project's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    /// A line is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A line says what cannot be.
    #[error("{0} is not what it should be: {1}")]
    Wrong(&'static str, &'static str),
}

impl FirebaseProject {
    /// Reads the parameters as the console shows them, a line each (`base64_signer_key: …,`), or as JSON of the same names.
    ///
    /// # Errors
    /// Which is missing or wrong. Never with the key.
    pub fn parse(text: &str) -> Result<Self, ProjectError> {
        let value = |name: &'static str| {
            let lines = text.lines().filter_map(|line| line.split_once(':'));
            let trim =
                |part: &'static [char]| move |text: &str| text.trim().trim_matches(part).to_owned();
            let (clean_name, clean) = (trim(&['"', '{', ' ']), trim(&['"', ',', '}', ' ']));
            let mut values = lines.filter(|(said, _)| clean_name(said) == name);
            values
                .next()
                .map(|(_, value)| Zeroizing::new(clean(value)))
                .ok_or(ProjectError::Missing(name))
        };
        if value("algorithm")?.as_str() != "SCRYPT" {
            return Err(ProjectError::Wrong(
                "algorithm",
                "SCRYPT is the one that Firebase uses",
            ));
        }
        let base64 = "write it in base64, as the console shows it";
        let signer_key = decode(&value("base64_signer_key")?)
            .filter(|key| key.len() == SIGNER_KEY_BYTES)
            .ok_or(ProjectError::Wrong(
                "base64_signer_key",
                "64 bytes in base64",
            ))?;
        let separator = decode(&value("base64_salt_separator")?)
            .filter(|separator| separator.len() <= MAX_SALT_BYTES)
            .ok_or(ProjectError::Wrong("base64_salt_separator", base64))?;
        let whole = |name| {
            let told = number(&value(name)?);
            told.ok_or(ProjectError::Wrong(name, "write a whole number"))
        };
        let (rounds, memory_cost) = (whole("rounds")?, whole("mem_cost")?);
        let project = Self {
            signer_key,
            separator: separator.to_vec(),
            rounds,
            memory_cost,
        };
        params(memory_cost, rounds).map_err(|_| {
            ProjectError::Wrong(
                "mem_cost",
                "with these rounds it is more than the 64 MiB that are computed here",
            )
        })?;
        Ok(project)
    }

    /// The text that is stored for a hash and a salt of this project.
    ///
    /// # Errors
    /// When they are not what Firebase writes.
    pub fn stored_form(&self, hash: &str, salt: &str) -> Result<String, ForeignError> {
        let hash = decode(hash)
            .filter(|hash| hash.len() == SIGNER_KEY_BYTES)
            .ok_or(MALFORMED)?;
        let salt = decode(salt)
            .filter(|salt| (1..=MAX_SALT_BYTES).contains(&salt.len()))
            .ok_or(MALFORMED)?;
        let stream: Zeroizing<Vec<u8>> = Zeroizing::new(
            hash.iter()
                .zip(self.signer_key.iter())
                .map(|(hash, key)| hash ^ key)
                .collect(),
        );
        Ok(format!(
            "{STORED_BEGINNING}{}${}${}${}${}",
            self.memory_cost,
            self.rounds,
            BASE64.encode(&self.separator),
            BASE64.encode(&salt),
            BASE64.encode(&stream),
        ))
    }
}

impl std::fmt::Debug for FirebaseProject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FirebaseProject(redacted)")
    }
}

/// A hash of Firebase's, as it is stored.
pub struct FirebaseHash {
    params: Params,
    memory_kib: u32,
    /// The salt with its separator.
    salt: Vec<u8>,
    stream: [u8; SIGNER_KEY_BYTES],
}

impl FirebaseHash {
    /// Reads what stands behind [`STORED_BEGINNING`].
    ///
    /// # Errors
    /// When it cannot be read, or asks for too much.
    pub fn parse(rest: &str) -> Result<Self, ForeignError> {
        let parts: Vec<&str> = rest.split('$').collect();
        let &[memory_cost, rounds, separator, salt, stream] = parts.as_slice() else {
            return Err(MALFORMED);
        };
        let (Some(memory_cost), Some(rounds)) = (number(memory_cost), number(rounds)) else {
            return Err(MALFORMED);
        };
        let (params, memory_kib) = params(memory_cost, rounds)?;
        let decode = |text: &str| BASE64.decode(text.as_bytes()).map_err(|_| MALFORMED);
        let (salt, separator) = (decode(salt)?, decode(separator)?);
        if salt.is_empty() || salt.len() > MAX_SALT_BYTES || separator.len() > MAX_SALT_BYTES {
            return Err(MALFORMED);
        }
        Ok(Self {
            params,
            memory_kib,
            salt: [salt, separator].concat(),
            stream: decode(stream)?.try_into().map_err(|_| MALFORMED)?,
        })
    }

    /// The memory in KiB that a comparison takes.
    #[must_use]
    pub fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Whether it was made from these bytes; `None` when nothing could be computed.
    #[must_use]
    pub fn fits(&self, typed: &[u8]) -> Option<bool> {
        let mut key = Zeroizing::new([0; 32]);
        scrypt::scrypt(typed, &self.salt, &self.params, key.as_mut()).ok()?;
        let cipher = Aes256::new_from_slice(key.as_ref()).ok()?;
        let mut stream = Zeroizing::new([0; SIGNER_KEY_BYTES]);
        for (count, block) in (0_u128..).zip(stream.chunks_exact_mut(BLOCK_BYTES)) {
            let mut counter = aes::Block::from(count.to_be_bytes());
            cipher.encrypt_block(&mut counter);
            block.copy_from_slice(&counter);
        }
        Some(stream.ct_eq(&self.stream).into())
    }
}

/// Firebase's memory cost is the exponent of scrypt's N, its rounds are scrypt's r.
fn params(memory_cost: u64, rounds: u64) -> Result<(Params, u32), ForeignError> {
    let log_n = u32::try_from(memory_cost).unwrap_or(u32::MAX);
    scrypt_params(log_n, rounds, 1, MALFORMED)
}

/// Firebase writes both alphabets of base64, by the way that one exports.
fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let decoded = BASE64.decode(text.as_bytes());
    let decoded = decoded.or_else(|_| BASE64URL.decode(text.as_bytes()));
    decoded.ok().map(Zeroizing::new)
}
