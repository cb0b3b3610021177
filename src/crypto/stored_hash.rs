//! A password hash as it stands in its row: one of ours, one that another system made, or the mark of an account that has no password yet.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Params, Version};

use crate::crypto::firebase::FirebaseProject;
use crate::crypto::foreign::{self, Foreign, ForeignError};
use crate::crypto::hasher::{HasherError, HasherSettings};

/// Bytes of a hash of ours (RFC 9106, 4).
pub(super) const HASH_BYTES: usize = 32;
/// A stored hash that asks for more was not made by us: whoever can write to the database must not be able to fill the memory.
const MAX_STORED_MEMORY_KIB: u32 = 64 * 1024;
/// The same for its passes.
const MAX_STORED_PASSES: u32 = 10;
/// The same for its lanes.
const MAX_STORED_LANES: u32 = 4;
/// Stands in place of a hash where there is no password: no password fits it.
const NO_PASSWORD: &str = "*";

/// A password hash as it is stored: a PHC string of ours, or what [`crate::crypto::foreign`] reads.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash(String);

impl StoredHash {
    /// From the database.
    #[must_use]
    pub fn from_row(text: String) -> Self {
        Self(text)
    }

    /// That of an account which has no password yet.
    #[must_use]
    pub fn none() -> Self {
        Self(NO_PASSWORD.to_owned())
    }

    /// One that another Hub or another system made. It is kept as it came, but that a Firebase project's key does not stay with it. What costs more
    /// than today's hashes of ours is marked as foreign, so that the first sign-in renews it.
    ///
    /// # Errors
    /// When it cannot be read, or asks for more than is computed here.
    pub fn imported(text: &str, today: &HasherSettings) -> Result<Self, ForeignError> {
        let stored = Self(text.to_owned());
        if let Ok(ours) = stored.read_ours() {
            let costs_no_more = ours.params.m_cost() <= today.memory_kib
                && ours.params.t_cost() <= today.passes
                && ours.params.p_cost() == today.lanes;
            if costs_no_more {
                return Ok(stored);
            }
        }
        foreign::stored_form(text).map(Self)
    }

    /// One of a Firebase project, which tells hash and salt apart.
    ///
    /// # Errors
    /// As [`StoredHash::imported`].
    pub fn imported_from_firebase(
        project: &FirebaseProject,
        hash: &str,
        salt: &str,
    ) -> Result<Self, ForeignError> {
        project.stored_form(hash, salt).map(Self)
    }

    /// For the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the account has no password yet.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0 == NO_PASSWORD
    }

    /// The memory in KiB that a comparison with it takes, beside that of a hash of today's.
    ///
    /// # Errors
    /// [`HasherError::Unreadable`] when it is no hash that is compared here, or asks for more than those ever do: then nothing is compared at all.
    pub fn memory_kib(&self) -> Result<u32, HasherError> {
        Ok(match self.read()? {
            Read::Ours(ours) => ours.params.m_cost(),
            Read::Foreign(foreign) => foreign.memory_kib(),
            Read::Nothing => 0,
        })
    }

    pub(super) fn read(&self) -> Result<Read, HasherError> {
        if self.is_none() {
            return Ok(Read::Nothing);
        }
        if let Ok(ours) = self.read_ours() {
            return Ok(Read::Ours(ours));
        }
        Foreign::parse(&self.0)
            .map(Read::Foreign)
            .map_err(|_| HasherError::Unreadable)
    }

    fn read_ours(&self) -> Result<Ours, HasherError> {
        let parsed = PasswordHash::new(&self.0).map_err(|_| HasherError::Unreadable)?;
        let params = Params::try_from(&parsed).map_err(|_| HasherError::Unreadable)?;
        let (Some(salt), Some(hash)) = (parsed.salt, parsed.hash) else {
            return Err(HasherError::Unreadable);
        };
        let ours = parsed.algorithm.as_str() == "argon2id"
            && parsed.version == Some(u32::from(Version::V0x13))
            && hash.len() == HASH_BYTES
            && params.m_cost() <= MAX_STORED_MEMORY_KIB
            && params.t_cost() <= MAX_STORED_PASSES
            && params.p_cost() <= MAX_STORED_LANES;
        ours.then_some(Ours { params, salt, hash })
            .ok_or(HasherError::Unreadable)
    }
}

/// What a stored hash turns out to be, taken apart and found to be within its bounds.
pub(super) enum Read {
    /// One that the Hub made.
    Ours(Ours),
    /// One that another system made.
    Foreign(Foreign),
    /// The account has no password.
    Nothing,
}

/// A hash of ours.
pub(super) struct Ours {
    pub(super) params: Params,
    pub(super) salt: Salt,
    pub(super) hash: Output,
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StoredHash(redacted)")
    }
}
