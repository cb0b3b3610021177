//! Form tokens: what a form of ours carries and no other site can know. A function of the browser's cookie and a key, so that none is stored.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::crypto::keyring::Purpose;
use crate::crypto::ring::{Ring, SharedRing};
use crate::types::held_value::ValueHash;
use crate::types::ids::KeyId;
use crate::types::time::Timestamp;

/// Makes and checks form tokens.
pub struct FormTokens(Arc<SharedRing>);

impl FormTokens {
    /// With the keys of this ring, and of those that take its place.
    #[must_use]
    pub fn new(ring: Arc<SharedRing>) -> Self {
        Self(ring)
    }

    /// The token of the forms that whoever holds this cookie gets to see.
    #[must_use]
    pub fn make(&self, cookie: &ValueHash) -> String {
        let ring = self.0.get();
        token(&ring, ring.present(), cookie).unwrap_or_default()
    }

    /// Whether a form's token is the one of this cookie, made with a key that counts; compared in constant time.
    #[must_use]
    pub fn verify(&self, given: &str, cookie: &ValueHash, now: Timestamp) -> bool {
        let ring = self.0.get();
        ring.counting(Purpose::Form, now)
            .filter_map(|key| token(&ring, key, cookie))
            .any(|expected| expected.as_bytes().ct_eq(given.as_bytes()).into())
    }
}

fn token(ring: &Ring, key: KeyId, cookie: &ValueHash) -> Option<String> {
    let key = ring.derive(key, Purpose::Form)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal()).ok()?;
    mac.update(cookie.as_bytes());
    Some(BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}
