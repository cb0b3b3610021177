//! Values that a browser holds as its right: cookies and the setup link's token. The database knows their SHA-256 only.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::types::entropy::Entropy;

/// Bytes of a value: 256 random bits.
const VALUE_BYTES: usize = 32;
/// Characters of a value's text.
const VALUE_CHARS: usize = 43;

/// A random value on its way to or from its holder. Its text leaves through [`HeldValue::reveal`] only and is wiped when it is dropped.
pub struct HeldValue(Zeroizing<String>);

/// What the database keeps of a [`HeldValue`]: finds its row, and makes no value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueHash([u8; 32]);

impl HeldValue {
    /// A new value from 256 bits of chance.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; VALUE_BYTES]);
        entropy.fill(bytes.as_mut());
        Self(Zeroizing::new(BASE64URL_NOPAD.encode(bytes.as_ref())))
    }

    /// Takes what somebody presented, if it can be a value at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == VALUE_CHARS
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text itself: for its holder.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database knows of it. (A value has 256 random bits, so one pass of SHA-256 hides it, and a look-up by its hash tells nothing by its time.)
    #[must_use]
    pub fn hash(&self) -> ValueHash {
        ValueHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for HeldValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HeldValue(redacted)")
    }
}

impl ValueHash {
    /// As it stands in its row.
    #[must_use]
    pub const fn from_row(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For the row, and for what is bound to the value.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ValueHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ValueHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::HeldValue;
    use crate::types::entropy::SeededEntropy;

    #[test]
    fn a_value_reads_back_and_nothing_else_passes_for_one() {
        let value = HeldValue::generate(&SeededEntropy::new(1));
        let read = HeldValue::parse(value.reveal()).expect("a value");
        assert!(read.hash() == value.hash());
        let text = value.reveal();
        for other in [
            "",
            &text[1..],
            &format!("{text}A"),
            &format!("{}=", &text[1..]),
            &format!("{} ", &text[1..]),
            &format!("{}é", &text[2..]),
        ] {
            assert!(HeldValue::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn neither_the_value_nor_its_hash_is_shown_by_debug() {
        let value = HeldValue::generate(&SeededEntropy::new(1));
        let shown = format!("{value:?} {:?}", value.hash());
        assert_eq!(shown, "HeldValue(redacted) ValueHash(redacted)");
    }
}
