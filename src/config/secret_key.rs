//! The key given from outside, for hosts that keep their secrets elsewhere than in the data directory.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserializer;
use zeroize::Zeroizing;

use super::reading::parsed;
use super::settings::Setting;

pub(super) const SECRET_KEY: Setting = Setting::secret(
    "secret_key",
    "HUB_SECRET_KEY",
    "Key in 64 hex digits, in place of the file secret.key in the data directory.",
);

const KEY_BYTES: usize = 32;

/// The configured key. `Debug` hides it; [`SecretKey::reveal`] is its only way out; it is wiped when dropped.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; KEY_BYTES]>);

impl SecretKey {
    /// The key's 32 bytes, to derive keys from.
    #[must_use]
    pub fn reveal(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The error tells the length at most: a mistyped key is nearly the key.
    fn parse(text: &str) -> Result<Self, String> {
        let characters = text.chars().count();
        if characters != 2 * KEY_BYTES {
            return Err(format!("has {characters} characters; write 64 hex digits"));
        }
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        // Decoding panics when the lengths differ, as they do where characters take more than a byte.
        let decoded = text.is_ascii()
            && HEXLOWER_PERMISSIVE
                .decode_mut(text.as_bytes(), key.as_mut_slice())
                .is_ok();
        if !decoded {
            return Err("has a character that is no hex digit; write 64 of 0-9 and a-f".to_owned());
        }
        Ok(Self(key))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretKey(redacted)")
    }
}

pub(super) fn secret_key<'de, D: Deserializer<'de>>(
    given: D,
) -> Result<Option<SecretKey>, D::Error> {
    parsed(given, SecretKey::parse).map(Some)
}
