//! Secrets of webhooks, and what is signed with them, by the Standard Webhooks specification (<https://www.standardwebhooks.com>).
//!
//! A secret is a function of the webhook's row and the key that the row names, so nothing of it is stored. A replaced key goes on to make the secrets of
//! its webhooks for as long as its line stands in `secret.key`, as with service accounts; a webhook whose key was taken out needs a new secret.

use std::fmt;
use std::sync::Arc;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::crypto::keyring::Purpose;
use crate::crypto::ring::{ROW_SECRET_BYTES, SharedRing};
use crate::types::ids::{KeyId, WebhookId};
use crate::types::salt::Salt;
use crate::types::time::Timestamp;
use crate::types::token::TokenText;

/// How every secret begins: what the libraries of receivers expect, and scanners for lost secrets look for.
pub const PREFIX: &str = "whsec_";
/// What a secret is made of: the row's columns and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct WebhookFacts<'row> {
    /// The webhook.
    pub id: WebhookId,
    /// Its 128 random bits.
    pub salt: &'row Salt,
    /// The key that its secret is made with.
    pub key: KeyId,
}

/// The secret that a webhook shares with its receiver. The specification asks for 24 to 64 bytes.
pub struct WebhookSecret(Zeroizing<[u8; ROW_SECRET_BYTES]>);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookSecret(redacted)")
    }
}

impl WebhookSecret {
    /// As its receiver is given it.
    #[must_use]
    pub fn shown(&self) -> TokenText {
        let text = Zeroizing::new(BASE64.encode(self.0.as_ref()));
        TokenText::new(format!("{PREFIX}{}", &*text))
    }

    /// The signature of a message: `v1,` and the base64 of HMAC-SHA256(secret, id ‖ "." ‖ seconds ‖ "." ‖ body). There always is one: the algorithm
    /// takes a key of any length.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_ref()).ok()?;
        mac.update(format!("{id}.{}.", at.seconds()).as_bytes());
        mac.update(body.as_bytes());
        let signature = BASE64.encode(&mac.finalize().into_bytes());
        Some(format!("v1,{signature}"))
    }
}

/// The keys that the secrets of webhooks are made with: any that was ever used and is still at hand.
pub struct WebhookKeys(Arc<SharedRing>);

impl fmt::Debug for WebhookKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookKeys(redacted)")
    }
}

impl WebhookKeys {
    /// With the keys of this ring, and of those that take its place.
    #[must_use]
    pub fn new(ring: Arc<SharedRing>) -> Self {
        Self(ring)
    }

    /// The key that new secrets are made with.
    #[must_use]
    pub fn present(&self) -> KeyId {
        self.0.get().present()
    }

    /// Whether secrets that were made with this key can still be told.
    #[must_use]
    pub fn holds(&self, key: KeyId) -> bool {
        self.0.get().holds(key)
    }

    /// The secret of a row; `None` where its key is not at hand.
    #[must_use]
    pub fn secret(&self, facts: WebhookFacts<'_>) -> Option<WebhookSecret> {
        let row = (facts.id.0, facts.salt);
        let secret = self
            .0
            .get()
            .secret_of_row(facts.key, Purpose::Webhook, row)?;
        Some(WebhookSecret(secret))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use data_encoding::BASE64;
    use zeroize::Zeroizing;

    use super::{WebhookFacts, WebhookKeys, WebhookSecret};
    use crate::crypto::keyring::Secret;
    use crate::crypto::ring::{Lifetimes, Ring, SharedRing};
    use crate::types::entropy::SeededEntropy;
    use crate::types::ids::{KeyId, WebhookId};
    use crate::types::salt::Salt;
    use crate::types::time::Timestamp;

    fn keys(seed: u64) -> WebhookKeys {
        let secret = Secret::draw(&SeededEntropy::new(seed));
        let lifetimes = Lifetimes {
            access: Duration::from_hours(1),
            refresh: Duration::from_hours(2),
        };
        let ring = Ring::of_one(secret, lifetimes);
        WebhookKeys::new(Arc::new(SharedRing::new(ring)))
    }

    fn shown(seed: u64, id: i64, salt: u8) -> String {
        let facts = WebhookFacts {
            id: WebhookId(id),
            salt: &Salt::from_row([salt; 16]),
            key: KeyId::FIRST,
        };
        let secret = keys(seed).secret(facts).expect("a secret");
        secret.shown().reveal().to_owned()
    }

    #[test]
    fn a_secret_is_its_own_rows_and_no_others() {
        let secret = shown(1, 12, 7);
        assert_eq!(secret, shown(1, 12, 7));
        for other in [shown(2, 12, 7), shown(1, 13, 7), shown(1, 12, 8)] {
            assert_ne!(secret, other);
        }
        let bytes = BASE64.decode(secret.strip_prefix("whsec_").expect("a secret").as_bytes());
        assert_eq!(bytes.expect("base64").len(), 32);
        let unknown = WebhookFacts {
            id: WebhookId(12),
            salt: &Salt::from_row([7; 16]),
            key: KeyId(2),
        };
        assert!(keys(1).secret(unknown).is_none() && !keys(1).holds(KeyId(2)));
    }

    // Computed with Python's `hmac` and `base64`.
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let secret = WebhookSecret(Zeroizing::new([7; 32]));
        let at = Timestamp::from_micros(1_757_172_645_999_999);
        assert_eq!(
            secret
                .sign("evt_1", at, r#"{"type":"webhook.test"}"#)
                .as_deref(),
            Some("v1,1bwLNT4WnDNZi7BI9nLtq/yjPzUMunpjelFkwMUkEOo=")
        );
        assert_eq!(
            secret.shown().reveal(),
            "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
        );
        assert_eq!(format!("{secret:?}"), "WebhookSecret(redacted)");
    }
}
