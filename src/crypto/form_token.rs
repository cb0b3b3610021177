//! Form tokens: what a form of ours carries and no other site can know. A function of the browser's cookie and a key, so that none is stored.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::crypto::keyring::{Key, Purpose, Secret};
use crate::types::held_value::ValueHash;

/// Makes and checks form tokens.
pub struct FormTokens(Key);

impl FormTokens {
    /// With the secret's key for forms.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(secret.derive(Purpose::Form))
    }

    /// The token of the forms that whoever holds this cookie gets to see.
    #[must_use]
    pub fn make(&self, cookie: &ValueHash) -> String {
        BASE64URL_NOPAD.encode(&self.bytes(cookie))
    }

    /// Whether a form's token is the one of this cookie; compared in constant time.
    #[must_use]
    pub fn verify(&self, token: &str, cookie: &ValueHash) -> bool {
        let expected = self.make(cookie);
        expected.as_bytes().ct_eq(token.as_bytes()).into()
    }

    fn bytes(&self, cookie: &ValueHash) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.reveal()) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(cookie.as_bytes());
        mac.finalize().into_bytes().into()
    }
}
