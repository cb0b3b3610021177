//! A password as it was received: hashed exactly, shown nowhere.

use std::fmt;

use zeroize::Zeroizing;

/// Most characters of a password (Unicode scalar values), as the HTTP contract says.
pub const MAX_CHARS: usize = 128;
/// Most bytes of a password: what [`MAX_CHARS`] can take in UTF-8 at the worst, doubled; longer ones are refused before hashing.
pub const MAX_BYTES: usize = 1_024;

/// A password. Its bytes leave through [`Password::reveal`] only and are wiped when it is dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes the text as it came; which rules it must keep depends on what it is for.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The exact text: for hashing and for the rules of new passwords, nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(redacted)")
    }
}
