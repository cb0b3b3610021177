//! Password hashes that other systems made, for whoever moves here: read, held to bounds, compared once and then renewed as ours.
//!
//! | text | made by |
//! | --- | --- |
//! | `$2a$…`, `$2b$…`, `$2y$…` | bcrypt |
//! | `scrypt:32768:8:1$salt$hex`, `pbkdf2:sha256:1000000$salt$hex` | Werkzeug |
//! | `pbkdf2_sha256$1000000$salt$base64`, `argon2$argon2id$v=19$…` | Django |
//! | `$argon2id$v=19$…`, `$argon2i$v=19$…` | whoever writes PHC strings; stored with `argon2` in front, as Django does, so that it is not taken for ours |
//! | `firebase_scrypt$…` | Firebase: see [`crate::crypto::firebase`] |
//!
//! The bounds hold for a file that is imported, and once more for the row: a comparison takes about a second of one core and 128 MiB at the most.

use std::ops::RangeInclusive;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params as ArgonParams, Version};
use data_encoding::{BASE64, HEXLOWER};
use pbkdf2::{Algorithm as Pbkdf2Algorithm, Params as Pbkdf2Params, pbkdf2_hmac_with_params};
use scrypt::Params as ScryptParams;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::firebase::{self, FirebaseHash};
use crate::crypto::hasher::HasherError;
use crate::types::password::Password;

/// Most bytes of the whole text: four times what any of these forms takes.
const MAX_TEXT_BYTES: usize = 1_024;
/// Most bytes of a salt: others draw 8 to 32.
const MAX_SALT_BYTES: usize = 128;
/// bcrypt doubles with each step: 10 and 12 are usual, 14 is about a second of one core.
const MAX_BCRYPT_COST: u64 = 14;
/// Django asks for 1,200,000 in its newest version, Werkzeug for 1,000,000; twice that is about a second of one core.
const MAX_PBKDF2_ITERATIONS: u64 = 2_000_000;
/// Werkzeug takes 32 MiB, Firebase 16.
const MAX_SCRYPT_MEMORY_KIB: u64 = 64 * 1024;
/// How often scrypt goes over its memory: others do it once, Django's form of it five times.
const MAX_SCRYPT_LANES: u64 = 5;
/// Django takes 100 MiB.
const MAX_ARGON2_MEMORY_KIB: u64 = 128 * 1024;
/// Memory times passes, as the time goes with both: 64 MiB and ten passes, or 128 MiB and five.
const MAX_ARGON2_WORK_KIB: u64 = 640 * 1024;
/// Django takes eight.
const MAX_ARGON2_LANES: u64 = 8;
/// Bytes of an Argon2 hash: less could be met by chance, more is nobody's custom.
const ARGON2_HASH_BYTES: RangeInclusive<usize> = 16..=64;
/// What they are a multiple of, so that a text which was cut off is noticed.
const ARGON2_HASH_STEP_BYTES: usize = 8;

/// Why a hash is not taken. Never with any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// None of the forms.
    #[error(
        "no form of hash that the Hub reads; it reads bcrypt ($2a$, $2b$, $2y$), argon2id and argon2i as PHC strings or from Django, scrypt from Werkzeug and Firebase, and pbkdf2 with SHA-256 from Django and Werkzeug"
    )]
    Unknown,
    /// It begins like this form, and then is something else.
    #[error("it begins like {0} and does not go on like it; was it cut off or changed on the way?")]
    Malformed(&'static str),
    /// It would cost more than one sign-in may.
    #[error(
        "its {what} of {asked} is more than the {limit} that is computed here; leave the hash empty and let the user set a new password"
    )]
    TooDear {
        /// What is too much.
        what: &'static str,
        /// How much it asks for.
        asked: u64,
        /// How much there is.
        limit: u64,
    },
}

/// A hash that another system made, within the bounds.
pub enum Foreign {
    /// Argon2id or Argon2i.
    Argon2 {
        /// Which of them.
        algorithm: Algorithm,
        /// Its version.
        version: Version,
        /// Its cost.
        params: ArgonParams,
        /// The salt.
        salt: Vec<u8>,
        /// What comes out for the password.
        hash: Vec<u8>,
    },
    /// bcrypt, as it is written.
    Bcrypt(String),
    /// Firebase's scrypt.
    Firebase(FirebaseHash),
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2 {
        /// How often.
        params: Pbkdf2Params,
        /// The salt, as it is written.
        salt: String,
        /// What comes out for the password.
        hash: [u8; 32],
    },
    /// scrypt.
    Scrypt {
        /// Its cost.
        params: ScryptParams,
        /// Its memory.
        memory_kib: u32,
        /// The salt, as it is written.
        salt: String,
        /// What comes out for the password.
        hash: [u8; 64],
    },
}

/// The text that is stored for a hash as another system wrote it.
///
/// # Errors
/// When it cannot be read, or asks for too much.
pub fn stored_form(text: &str) -> Result<String, ForeignError> {
    let stored = if text.starts_with("$argon2") {
        format!("argon2{text}")
    } else {
        text.to_owned()
    };
    Foreign::parse(&stored).map(|_| stored)
}

impl Foreign {
    /// Reads the text of a row.
    ///
    /// # Errors
    /// When it cannot be read, or asks for too much.
    pub fn parse(text: &str) -> Result<Self, ForeignError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(ForeignError::Unknown);
        }
        if ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|begin| text.starts_with(begin))
        {
            return bcrypt(text);
        }
        if let Some(phc) = text.strip_prefix("argon2$") {
            return argon2(&format!("${phc}"));
        }
        if let Some(rest) = text.strip_prefix("pbkdf2_sha256$") {
            return pbkdf2(rest, "Django's pbkdf2", |hash| BASE64.decode(hash).ok());
        }
        if let Some(rest) = text.strip_prefix("pbkdf2:sha256:") {
            return pbkdf2(rest, "Werkzeug's pbkdf2", |hash| HEXLOWER.decode(hash).ok());
        }
        if let Some(rest) = text.strip_prefix("scrypt:") {
            return scrypt(rest);
        }
        if let Some(rest) = text.strip_prefix(firebase::STORED_BEGINNING) {
            return FirebaseHash::parse(rest).map(Self::Firebase);
        }
        Err(ForeignError::Unknown)
    }

    /// The memory in KiB that a comparison takes.
    #[must_use]
    pub fn memory_kib(&self) -> u32 {
        match self {
            Self::Argon2 { params, .. } => params.m_cost(),
            // Its tables.
            Self::Bcrypt(_) => 5,
            Self::Firebase(hash) => hash.memory_kib(),
            Self::Pbkdf2 { .. } => 0,
            Self::Scrypt { memory_kib, .. } => *memory_kib,
        }
    }

    /// Whether it was made from this password.
    ///
    /// # Errors
    /// When the computation is refused.
    pub fn fits(&self, password: &Password) -> Result<bool, HasherError> {
        let failed = HasherError::Failed;
        let typed = password.reveal().as_bytes();
        match self {
            Self::Argon2 {
                algorithm,
                version,
                params,
                salt,
                hash,
            } => {
                let mut made = Zeroizing::new(vec![0; hash.len()]);
                Argon2::new(*algorithm, *version, params.clone())
                    .hash_password_into(typed, salt, &mut made)
                    .map_err(|_| failed)?;
                Ok(made.ct_eq(hash).into())
            }
            Self::Bcrypt(text) => bcrypt::verify(typed, text).map_err(|_| failed),
            Self::Firebase(hash) => hash.fits(typed).ok_or(failed),
            Self::Pbkdf2 { params, salt, hash } => {
                let mut made = Zeroizing::new([0; 32]);
                let algorithm = Pbkdf2Algorithm::Pbkdf2Sha256;
                pbkdf2_hmac_with_params(typed, salt.as_bytes(), algorithm, *params, made.as_mut());
                Ok(made.ct_eq(hash).into())
            }
            Self::Scrypt {
                params, salt, hash, ..
            } => {
                let mut made = Zeroizing::new([0; 64]);
                scrypt::scrypt(typed, salt.as_bytes(), params, made.as_mut())
                    .map_err(|_| failed)?;
                Ok(made.ct_eq(hash).into())
            }
        }
    }
}

/// `$2b$12$` and 53 characters of bcrypt's own base64: 22 of salt, 31 of hash.
fn bcrypt(text: &str) -> Result<Foreign, ForeignError> {
    let malformed = ForeignError::Malformed("bcrypt");
    let (cost, rest) = text
        .get(4..)
        .and_then(|rest| rest.split_once('$'))
        .ok_or(malformed)?;
    let is_written = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
    if cost.len() != 2 || rest.len() != 53 || !rest.bytes().all(is_written) {
        return Err(malformed);
    }
    let cost = within(
        "bcrypt cost",
        number(cost).ok_or(malformed)?,
        MAX_BCRYPT_COST,
    )?;
    if cost < 4 {
        return Err(malformed);
    }
    Ok(Foreign::Bcrypt(text.to_owned()))
}

/// A PHC string. Argon2d is nobody's choice for passwords: its memory access tells of them.
fn argon2(phc: &str) -> Result<Foreign, ForeignError> {
    let malformed = ForeignError::Malformed("argon2");
    let parsed = PasswordHash::new(phc).map_err(|_| malformed)?;
    let algorithm = match parsed.algorithm.as_str() {
        "argon2id" => Algorithm::Argon2id,
        "argon2i" => Algorithm::Argon2i,
        _ => return Err(ForeignError::Unknown),
    };
    let version = match parsed.version {
        Some(0x13) => Version::V0x13,
        Some(0x10) => Version::V0x10,
        _ => return Err(malformed),
    };
    let params = ArgonParams::try_from(&parsed).map_err(|_| malformed)?;
    let (Some(salt), Some(hash)) = (parsed.salt, parsed.hash) else {
        return Err(malformed);
    };
    let memory = u64::from(params.m_cost());
    within("argon2 memory in KiB", memory, MAX_ARGON2_MEMORY_KIB)?;
    let work = memory.saturating_mul(u64::from(params.t_cost()));
    within(
        "argon2 memory in KiB times passes",
        work,
        MAX_ARGON2_WORK_KIB,
    )?;
    within("argon2 lanes", u64::from(params.p_cost()), MAX_ARGON2_LANES)?;
    let length = hash.len();
    if !ARGON2_HASH_BYTES.contains(&length) || !length.is_multiple_of(ARGON2_HASH_STEP_BYTES) {
        return Err(malformed);
    }
    Ok(Foreign::Argon2 {
        algorithm,
        version,
        params,
        salt: salt.as_ref().to_vec(),
        hash: hash.as_bytes().to_vec(),
    })
}

/// `1000000$salt$hash`.
fn pbkdf2(
    rest: &str,
    form: &'static str,
    decode: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> Result<Foreign, ForeignError> {
    let malformed = ForeignError::Malformed(form);
    let (iterations, salt, hash) = parts(rest).ok_or(malformed)?;
    let iterations = number(iterations).ok_or(malformed)?;
    let iterations = within("pbkdf2 iterations", iterations, MAX_PBKDF2_ITERATIONS)?;
    let hash = decode(hash.as_bytes()).and_then(|hash| hash.try_into().ok());
    let iterations = u32::try_from(iterations).map_err(|_| malformed)?;
    Ok(Foreign::Pbkdf2 {
        // Fewer than a thousand were never anybody's choice.
        params: Pbkdf2Params::new(iterations).map_err(|_| malformed)?,
        salt: salt.to_owned(),
        hash: hash.ok_or(malformed)?,
    })
}

/// `32768:8:1$salt$hash`.
fn scrypt(rest: &str) -> Result<Foreign, ForeignError> {
    let malformed = ForeignError::Malformed("Werkzeug's scrypt");
    let (cost, salt, hash) = parts(rest).ok_or(malformed)?;
    let numbers: Option<Vec<u64>> = cost.split(':').map(number).collect();
    let Some(&[n, r, p]) = numbers.as_deref() else {
        return Err(malformed);
    };
    if !n.is_power_of_two() || n < 2 {
        return Err(malformed);
    }
    let (params, memory_kib) = scrypt_params(n.ilog2(), r, p, malformed)?;
    let hash = HEXLOWER.decode(hash.as_bytes()).ok();
    let hash = hash
        .and_then(|hash| hash.try_into().ok())
        .ok_or(malformed)?;
    Ok(Foreign::Scrypt {
        params,
        memory_kib,
        salt: salt.to_owned(),
        hash,
    })
}

/// The cost of an scrypt, held to the bounds, with the KiB that it takes.
pub(super) fn scrypt_params(
    log_n: u32,
    r: u64,
    p: u64,
    malformed: ForeignError,
) -> Result<(ScryptParams, u32), ForeignError> {
    let what = "scrypt memory in KiB";
    let memory = 1_u64
        .checked_shl(log_n)
        .and_then(|n| n.checked_mul(r)?.checked_mul(128))
        .map_or(u64::MAX, |bytes| bytes.div_ceil(1024));
    let memory = within(what, memory, MAX_SCRYPT_MEMORY_KIB)?;
    let p = within("scrypt parallelism", p, MAX_SCRYPT_LANES)?;
    let number = |number: u64| u32::try_from(number).map_err(|_| malformed);
    let log_n = u8::try_from(log_n).map_err(|_| malformed)?;
    let params = ScryptParams::new(log_n, number(r)?, number(p)?).map_err(|_| malformed)?;
    Ok((params, number(memory)?))
}

/// Cost, salt and hash of the forms that have dollar signs between them.
fn parts(rest: &str) -> Option<(&str, &str, &str)> {
    let (cost, rest) = rest.split_once('$')?;
    let (salt, hash) = rest.split_once('$')?;
    (1..=MAX_SALT_BYTES)
        .contains(&salt.len())
        .then_some((cost, salt, hash))
}

/// Digits and nothing else.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn within(what: &'static str, asked: u64, limit: u64) -> Result<u64, ForeignError> {
    if asked <= limit {
        Ok(asked)
    } else {
        Err(ForeignError::TooDear { what, asked, limit })
    }
}
