//! The ring: every key of the Hub, the one that makes what is new and those that still verify what they made.
//!
//! A token does not say which key made it, so those that count are tried, newest first. How long one counts follows from when it was replaced and
//! what the wall clock says at each use; nothing is ever thrown away because of a clock.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::crypto::keyring::{CHECK_BYTES, Key, Purpose, Secret};
use crate::types::ids::KeyId;
use crate::types::salt::Salt;
use crate::types::time::Timestamp;

/// Keys that count at once: what a forged token costs at most. With refresh tokens of 30 days, a rotation every four days.
pub const MAX_COUNTING_KEYS: usize = 8;
/// How long a form that was made with a replaced key can still be sent: as long as an administrator's session lasts at most.
const FORM_LIFETIME: Duration = Duration::from_hours(8);
/// Bytes of what a row and a key make.
pub const ROW_SECRET_BYTES: usize = 32;
/// Hex digits of a fingerprint: enough to tell a handful of keys apart, and no use to anybody else.
const FINGERPRINT_BYTES: usize = 4;

/// How long what keys make is good, and so how long a replaced key counts.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Of access tokens.
    pub access: Duration,
    /// Of refresh tokens.
    pub refresh: Duration,
}

impl Lifetimes {
    /// How long after its replacement a key verifies what it made for `purpose`.
    fn of(self, purpose: Purpose) -> Duration {
        match purpose {
            Purpose::Access => self.access,
            Purpose::Refresh | Purpose::Jti => self.refresh,
            Purpose::Form => FORM_LIFETIME,
            Purpose::Fingerprint
            | Purpose::SecondFactor
            | Purpose::Attempt
            | Purpose::Service
            | Purpose::Webhook => Duration::MAX,
        }
    }

    /// How long after its replacement a key counts for anything that expires.
    fn longest(self) -> Duration {
        self.access.max(self.refresh).max(FORM_LIFETIME)
    }
}

/// A key as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// Its number.
    pub id: KeyId,
    /// What tells it from others.
    pub check_value: [u8; CHECK_BYTES],
    /// When it was made; `None` for the key of a database from before this was kept.
    pub made_at: Option<Timestamp>,
    /// When the next one took its place; `None` for the present one.
    pub replaced_at: Option<Timestamp>,
}

/// What a key is good for at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It makes what is new.
    Present,
    /// It still verifies what it made.
    Verifies {
        /// Until then.
        until: Timestamp,
    },
    /// Everything that it made and that expires has expired.
    Retired,
}

impl KnownKey {
    /// Eight hex digits by which people tell keys apart.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.check_value[..FINGERPRINT_BYTES])
    }

    /// What it is good for now.
    #[must_use]
    pub fn state(&self, lifetimes: Lifetimes, now: Timestamp) -> KeyState {
        match self.replaced_at.map(|at| at.plus(lifetimes.longest())) {
            None => KeyState::Present,
            Some(until) if now < until => KeyState::Verifies { until },
            Some(_) => KeyState::Retired,
        }
    }

    /// Whether it verifies now what it made for `purpose`.
    fn verifies(&self, purpose: Purpose, lifetimes: Lifetimes, now: Timestamp) -> bool {
        self.replaced_at
            .is_none_or(|at| now < at.plus(lifetimes.of(purpose)))
    }
}

/// A key for HS256, ready for use in both directions.
pub(super) struct Pair {
    pub(super) sign: EncodingKey,
    pub(super) verify: DecodingKey,
}

impl Pair {
    fn new(key: &Key) -> Self {
        Self {
            sign: EncodingKey::from_secret(key.reveal()),
            verify: DecodingKey::from_secret(key.reveal()),
        }
    }
}

/// A key with everything that is derived from it for tokens.
pub(super) struct RingKey {
    pub(super) known: KnownKey,
    pub(super) access: Pair,
    pub(super) refresh: Pair,
    jti: Key,
    secret: Secret,
}

impl RingKey {
    fn new(known: KnownKey, secret: Secret) -> Self {
        Self {
            known,
            access: Pair::new(&secret.derive(Purpose::Access)),
            refresh: Pair::new(&secret.derive(Purpose::Refresh)),
            jti: secret.derive(Purpose::Jti),
            secret,
        }
    }

    /// What the unguessable part of refresh tokens is made with.
    pub(super) fn jti(&self) -> Option<Hmac<Sha256>> {
        Hmac::new_from_slice(self.jti.reveal()).ok()
    }
}

/// The keys that are held, newest first. It never changes: a rotation makes another one.
pub struct Ring {
    keys: Vec<RingKey>,
    lifetimes: Lifetimes,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<KeyId> = self.keys.iter().map(|key| key.known.id).collect();
        write!(formatter, "Ring({ids:?}, redacted)")
    }
}

impl Ring {
    /// Puts secrets to the keys that the database knows. A secret that it does not know is left out, and so is a known key without its secret;
    /// `None` if that is the present one.
    #[must_use]
    pub fn new(secrets: Vec<Secret>, known: &[KnownKey], lifetimes: Lifetimes) -> Option<Self> {
        let mut keys: Vec<RingKey> = Vec::new();
        for secret in secrets {
            let check_value = secret.check_value();
            let known = known.iter().find(|key| key.check_value == check_value);
            if let Some(known) = known
                && keys.iter().all(|key| key.known.id != known.id)
            {
                keys.push(RingKey::new(known.clone(), secret));
            }
        }
        keys.sort_by_key(|key| std::cmp::Reverse(key.known.id));
        let present = known.iter().map(|key| key.id).max();
        let held = keys.first().map(|key| key.known.id);
        (held.is_some() && held == present).then_some(Self { keys, lifetimes })
    }

    /// A ring of one key, for whoever has no database to ask.
    #[must_use]
    pub fn of_one(secret: Secret, lifetimes: Lifetimes) -> Self {
        let known = KnownKey {
            id: KeyId::FIRST,
            check_value: secret.check_value(),
            made_at: None,
            replaced_at: None,
        };
        Self {
            keys: vec![RingKey::new(known, secret)],
            lifetimes,
        }
    }

    /// The key that makes what is new.
    #[must_use]
    pub fn present(&self) -> KeyId {
        self.keys.first().map_or(KeyId::FIRST, |key| key.known.id)
    }

    /// Whether it is here, replaced or not.
    #[must_use]
    pub fn holds(&self, id: KeyId) -> bool {
        self.key(id).is_some()
    }

    /// The key for one purpose derived from this one, which may have been replaced long ago; `None` if it is not here.
    #[must_use]
    pub fn derive(&self, id: KeyId, purpose: Purpose) -> Option<Key> {
        self.key(id).map(|key| key.secret.derive(purpose))
    }

    /// What is handed out once and stored nowhere, for it is a function of a row and the key that the row names: HMAC-SHA256(key, number ‖ salt). `None`
    /// if the key is not here.
    #[must_use]
    pub fn secret_of_row(
        &self,
        id: KeyId,
        purpose: Purpose,
        (number, salt): (i64, &Salt),
    ) -> Option<Zeroizing<[u8; ROW_SECRET_BYTES]>> {
        let key = self.derive(id, purpose)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal()).ok()?;
        mac.update(&number.to_be_bytes());
        mac.update(salt.reveal());
        Some(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// The keys that verify now what they made for `purpose`, newest first.
    pub fn counting(&self, purpose: Purpose, now: Timestamp) -> impl Iterator<Item = KeyId> {
        self.keys_in_use(now)
            .filter(move |key| self.verifies(key, purpose, now))
            .map(|key| key.known.id)
    }

    /// The keys of which anything unexpired can still come, newest first.
    pub(super) fn keys_in_use(&self, now: Timestamp) -> impl Iterator<Item = &RingKey> {
        self.keys
            .iter()
            .filter(move |key| key.known.state(self.lifetimes, now) != KeyState::Retired)
            // A rotation beyond it is refused, but a clock that is set back brings retired keys back.
            .take(MAX_COUNTING_KEYS)
    }

    pub(super) fn verifies(&self, key: &RingKey, purpose: Purpose, now: Timestamp) -> bool {
        key.known.verifies(purpose, self.lifetimes, now)
    }

    pub(super) fn key(&self, id: KeyId) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.known.id == id)
    }
}

/// The ring in use, shared by all that signs, verifies or derives with it: a rotation puts another one in its place.
pub struct SharedRing(RwLock<Arc<Ring>>);

impl SharedRing {
    /// Begins with this one.
    #[must_use]
    pub fn new(ring: Ring) -> Self {
        Self(RwLock::new(Arc::new(ring)))
    }

    /// The ring as it is now.
    #[must_use]
    pub fn get(&self) -> Arc<Ring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From the next use on, this one; unless a newer one is here already.
    pub fn renew(&self, ring: Ring) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if ring.present() >= held.present() {
            *held = Arc::new(ring);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{KeyState, KnownKey, Lifetimes, MAX_COUNTING_KEYS, Ring};
    use crate::crypto::keyring::{Purpose, Secret};
    use crate::types::entropy::SeededEntropy;
    use crate::types::ids::KeyId;
    use crate::types::time::Timestamp;

    const LIFETIMES: Lifetimes = Lifetimes {
        access: Duration::from_hours(24),
        refresh: Duration::from_hours(30 * 24),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn secret(seed: i64) -> Secret {
        Secret::draw(&SeededEntropy::new(seed.unsigned_abs()))
    }

    /// Keys made at these seconds, each replaced by the next.
    fn known(made: &[i64]) -> Vec<KnownKey> {
        (1..)
            .zip(made)
            .map(|(id, made_at)| KnownKey {
                id: KeyId(id),
                check_value: secret(id).check_value(),
                made_at: Some(at(*made_at)),
                replaced_at: usize::try_from(id)
                    .ok()
                    .and_then(|next| made.get(next))
                    .map(|replaced_at| at(*replaced_at)),
            })
            .collect()
    }

    fn ring(made: &[i64]) -> Ring {
        let known = known(made);
        let secrets = known.iter().map(|key| secret(key.id.0)).collect();
        Ring::new(secrets, &known, LIFETIMES).expect("a ring")
    }

    fn counting(ring: &Ring, purpose: Purpose, now: Timestamp) -> Vec<i64> {
        ring.counting(purpose, now).map(|id| id.0).collect()
    }

    #[test]
    fn a_replaced_key_verifies_for_as_long_as_what_it_made_is_good_to_the_microsecond() {
        let ring = ring(&[0, 1_000]);
        for (purpose, hours) in [
            (Purpose::Access, 24),
            (Purpose::Refresh, 30 * 24),
            (Purpose::Form, 8),
        ] {
            let end = at(1_000 + hours * 3_600);
            let before = Timestamp::from_micros(end.micros() - 1);
            assert_eq!(counting(&ring, purpose, before), [2, 1], "{purpose:?}");
            assert_eq!(counting(&ring, purpose, end), [2], "{purpose:?}");
        }
        assert_eq!(ring.present(), KeyId(2));
    }

    #[test]
    fn a_clock_that_jumps_takes_no_key_away_for_good() {
        let ring = ring(&[0, 1_000]);
        let late = at(10 * 365 * 86_400);
        assert_eq!(counting(&ring, Purpose::Refresh, late), [2]);
        assert_eq!(counting(&ring, Purpose::Refresh, at(1_001)), [2, 1]);
        // What was made for good can be derived from any of them.
        assert!(ring.derive(KeyId(1), Purpose::SecondFactor).is_some());
    }

    #[test]
    fn no_more_than_the_bound_are_ever_tried() {
        let made: Vec<i64> = (0..20).collect();
        let counted = counting(&ring(&made), Purpose::Refresh, at(30));
        assert_eq!(counted.len(), MAX_COUNTING_KEYS);
        assert_eq!(counted[0], 20);
    }

    #[test]
    fn a_secret_that_the_database_does_not_know_is_never_used() {
        let known = known(&[0, 1_000]);
        let secrets = vec![secret(3), secret(1), secret(2), secret(4), secret(2)];
        let ring = Ring::new(secrets, &known, LIFETIMES).expect("a ring");
        assert_eq!(ring.present(), KeyId(2));
        assert_eq!(counting(&ring, Purpose::Refresh, at(1_001)), [2, 1]);
    }

    #[test]
    fn without_the_present_key_there_is_no_ring_and_without_an_older_one_there_is() {
        let known = known(&[0, 1_000]);
        assert!(Ring::new(vec![secret(1)], &known, LIFETIMES).is_none());
        assert!(Ring::new(Vec::new(), &[], LIFETIMES).is_none());
        let ring = Ring::new(vec![secret(2)], &known, LIFETIMES).expect("a ring");
        assert!(ring.holds(KeyId(2)) && !ring.holds(KeyId(1)));
        assert!(ring.derive(KeyId(1), Purpose::SecondFactor).is_none());
    }

    #[test]
    fn a_key_is_present_then_verifies_then_is_retired() {
        let [first, second] = known(&[0, 1_000]).try_into().expect("two");
        let until = at(1_000).plus(LIFETIMES.refresh);
        assert_eq!(second.state(LIFETIMES, at(1_000)), KeyState::Present);
        assert_eq!(
            first.state(LIFETIMES, at(1_000)),
            KeyState::Verifies { until }
        );
        assert_eq!(first.state(LIFETIMES, until), KeyState::Retired);
        assert_eq!(first.fingerprint().len(), 8);
    }
}
