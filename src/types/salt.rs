//! A row's salt: 128 random bits, with the key what a session's refresh tokens or a second factor's codes are made of.

use std::fmt;

use crate::types::entropy::Entropy;

/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// A salt. It leaves through [`Salt::reveal`] only, to the row and to the function that makes tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; SALT_BYTES]);

impl Salt {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; SALT_BYTES];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// As it stands in its row.
    #[must_use]
    pub const fn from_row(bytes: [u8; SALT_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn reveal(&self) -> &[u8; SALT_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Salt(redacted)")
    }
}
