//! Whom failed tries are counted against, without saying who that is: what was typed as a name may be a password in the wrong field.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::crypto::keyring::Purpose;
use crate::crypto::ring::SharedRing;
use crate::types::ids::SessionId;

/// An account or a session as the count of its failures knows it: HMAC-SHA256 of its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject([u8; 32]);

impl Subject {
    /// For the database.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Subject(redacted)")
    }
}

/// Makes subjects, with the present key. A rotation of the key forgets what was counted, which is in nobody's power but the owner's.
pub struct AttemptKeys(Arc<SharedRing>);

impl fmt::Debug for AttemptKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AttemptKeys(redacted)")
    }
}

impl AttemptKeys {
    /// With the keys of this ring, and of those that take its place.
    #[must_use]
    pub fn new(ring: Arc<SharedRing>) -> Self {
        Self(ring)
    }

    /// The account of a name, whether it exists or not; names are the same without regard to case.
    #[must_use]
    pub fn account(&self, name: &str) -> Subject {
        self.subject("account", name.to_lowercase().as_bytes())
    }

    /// A session: for what whoever is signed in already is asked again.
    #[must_use]
    pub fn session(&self, session: SessionId) -> Subject {
        self.subject("session", &session.get().to_be_bytes())
    }

    fn subject(&self, kind: &str, name: &[u8]) -> Subject {
        let ring = self.0.get();
        let mac = ring
            .derive(ring.present(), Purpose::Attempt)
            .and_then(|key| Hmac::<Sha256>::new_from_slice(key.reveal()).ok());
        // A ring without its present key cannot be made; all would be one subject, and nobody let past it.
        Subject(mac.map_or([0; 32], |mut mac| {
            mac.update(kind.as_bytes());
            mac.update(&[0]);
            mac.update(name);
            mac.finalize().into_bytes().into()
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::AttemptKeys;
    use crate::crypto::keyring::Secret;
    use crate::crypto::ring::{Lifetimes, Ring, SharedRing};
    use crate::types::entropy::SeededEntropy;
    use crate::types::ids::SessionId;

    fn keys(seed: u64) -> AttemptKeys {
        let lifetimes = Lifetimes {
            access: Duration::from_hours(1),
            refresh: Duration::from_hours(1),
        };
        let secret = Secret::draw(&SeededEntropy::new(seed));
        AttemptKeys::new(Arc::new(SharedRing::new(Ring::of_one(secret, lifetimes))))
    }

    #[test]
    fn every_spelling_of_a_name_is_one_account_and_every_key_counts_apart() {
        let keys_of_one = keys(1);
        let alice = keys_of_one.account("alice");
        assert_eq!(keys_of_one.account("ALICE"), alice);
        assert_eq!(keys_of_one.account("aLiCe"), alice);
        assert_ne!(keys_of_one.account("alice2"), alice);
        assert_ne!(keys(2).account("alice"), alice);
    }

    #[test]
    fn a_session_never_counts_as_an_account() {
        let session = SessionId::from_row(0x6161_6161_6161_6161).expect("a session");
        assert_ne!(keys(1).session(session), keys(1).account("aaaaaaaa"));
    }

    #[test]
    fn a_subject_does_not_show_what_was_typed() {
        let shown = format!("{:?} {:?}", keys(1), keys(1).account("correct horse 7"));
        assert_eq!(shown, "AttemptKeys(redacted) Subject(redacted)");
    }
}
