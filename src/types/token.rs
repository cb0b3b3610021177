//! The text of a token, on its way in or out.

use std::fmt;

use zeroize::Zeroizing;

/// How every token of a service begins: what scanners for lost secrets look for.
pub const SERVICE_TOKEN_BEGIN: &str = "hubsvc_";

/// A token's text. It leaves through [`TokenText::reveal`] only and is wiped when it is dropped.
pub struct TokenText(Zeroizing<String>);

impl TokenText {
    /// Takes a text that somebody presented or that was just signed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself: for the answer to its owner, and for verification.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenText(redacted)")
    }
}
