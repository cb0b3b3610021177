//! Time-based one-time codes (RFC 6238): the secret they are made of, and which step of time a code belongs to.
//!
//! SHA-1, six digits, 30 seconds: what every authenticator app knows; some silently ignore anything else. What breaks SHA-1 are
//! collisions, and HMAC does not rest on their absence.

use std::fmt;
use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use crate::crypto::keyring::Purpose;
use crate::crypto::ring::SharedRing;
use crate::types::ids::{KeyId, UserId};
use crate::types::salt::Salt;
use crate::types::time::Timestamp;

/// How long a code is shown, in seconds.
pub const STEP_SECONDS: u32 = 30;
/// Digits of a code.
pub const DIGITS: u8 = 6;
/// How many steps a phone's clock may be off, either way: a minute and a half in which one code may be typed is enough, and each step
/// more is one more number that a guess can hit.
const SKEW_STEPS: i64 = 1;
/// Bytes of a secret: the output of SHA-1, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// The keys that the secrets of second factors are derived from: any that was ever used, for a phone outlives rotations.
pub struct SecondFactorKeys(Arc<SharedRing>);

impl fmt::Debug for SecondFactorKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecondFactorKeys(redacted)")
    }
}

impl SecondFactorKeys {
    /// With the keys of this ring, and of those that take its place.
    #[must_use]
    pub fn new(ring: Arc<SharedRing>) -> Self {
        Self(ring)
    }

    /// The number of the key that new secrets are derived from.
    #[must_use]
    pub fn present(&self) -> i64 {
        self.0.get().present().0
    }

    /// A user's secret: HMAC-SHA256(key, user ‖ nonce), as much of it as a secret has bytes. `None` where the key is not at hand.
    #[must_use]
    pub fn secret(&self, key_id: i64, user: UserId, nonce: &Salt) -> Option<TotpSecret> {
        let ring = self.0.get();
        let key = ring.derive(KeyId(key_id), Purpose::SecondFactor)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal()).ok()?;
        mac.update(&user.0.to_be_bytes());
        mac.update(nonce.reveal());
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        secret.copy_from_slice(&mac.finalize().into_bytes()[..SECRET_BYTES]);
        Some(TotpSecret(secret))
    }
}

/// What a user's codes are made of. It leaves through [`TotpSecret::reveal`] only: to its owner, while they set their phone up.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TotpSecret(redacted)")
    }
}

/// Which step of time a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// This one, and it is later than every step that was used.
    Step(i64),
    /// One that was used, or one before it.
    Used,
    /// None of those that count now.
    None,
}

impl TotpSecret {
    /// The secret in base32, as it is typed into an app.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.0.as_ref()))
    }

    /// The code of a step.
    #[must_use]
    pub fn code(&self, step: i64) -> Zeroizing<String> {
        let seconds = step.max(0).unsigned_abs() * u64::from(STEP_SECONDS);
        Zeroizing::new(self.generator().generate(seconds).to_string())
    }

    /// Finds the step of a code. All steps that count now are compared, each in constant time, whatever the first ones say.
    #[must_use]
    pub fn find(&self, code: &str, now: Timestamp, last_used: Option<i64>) -> Found {
        let present = step_at(now);
        let mut found = Found::None;
        for step in (present - SKEW_STEPS).max(0)..=present + SKEW_STEPS {
            if !bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes())) {
                continue;
            }
            // Where two steps have one code, the later counts, so that the code does not come again.
            if last_used.is_none_or(|last| step > last) {
                found = Found::Step(step);
            } else if found == Found::None {
                found = Found::Used;
            }
        }
        found
    }

    fn generator(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(u64::from(STEP_SECONDS))
            .with_secret(*self.0)
            // Its checks are on what stands above, and constant.
            .build_noncompliant()
    }
}

/// The step of a time. Before 1970 there is none but the first.
#[must_use]
pub fn step_at(now: Timestamp) -> i64 {
    now.seconds().max(0) / i64::from(STEP_SECONDS)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use zeroize::Zeroizing;

    use super::{Found, SecondFactorKeys, TotpSecret, step_at};
    use crate::crypto::keyring::Secret;
    use crate::crypto::ring::{Lifetimes, Ring, SharedRing};
    use crate::types::entropy::{Entropy, SeededEntropy};
    use crate::types::ids::UserId;
    use crate::types::salt::Salt;
    use crate::types::time::Timestamp;

    /// The secret of RFC 6238, appendix B.
    fn published() -> TotpSecret {
        TotpSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_published_codes_come_out() {
        // The table has eight digits; six are the last six of them.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = step_at(at(seconds));
            assert_eq!(*published().code(step), code, "{seconds}");
            assert_eq!(
                published().find(code, at(seconds), None),
                Found::Step(step),
                "{seconds}"
            );
        }
    }

    #[test]
    fn a_code_counts_one_step_before_and_one_after_its_own_and_no_further() {
        let step = step_at(at(1_111_111_109));
        let begins = step * 30;
        for (now, found) in [
            (begins - 31, Found::None),
            (begins - 30, Found::Step(step)),
            (begins, Found::Step(step)),
            (begins + 59, Found::Step(step)),
            (begins + 60, Found::None),
        ] {
            assert_eq!(published().find("081804", at(now), None), found, "{now}");
        }
    }

    #[test]
    fn a_used_step_and_every_earlier_one_are_used() {
        let now = at(1_111_111_109);
        let step = step_at(now);
        let secret = published();
        for (offset, last, found) in [
            (0, Some(step - 1), Found::Step(step)),
            (0, Some(step), Found::Used),
            (-1, Some(step), Found::Used),
            (1, Some(step), Found::Step(step + 1)),
            (1, Some(step + 1), Found::Used),
        ] {
            let code = secret.code(step + offset);
            assert_eq!(secret.find(&code, now, last), found, "{offset} {last:?}");
        }
    }

    #[test]
    fn a_clock_at_the_ends_of_time_finds_no_step_and_does_not_panic() {
        for seconds in [i64::MIN / 1_000_000, -1, i64::MAX / 1_000_000] {
            assert_eq!(
                published().find("081804", at(seconds), None),
                Found::None,
                "{seconds}"
            );
        }
        assert_eq!(step_at(at(-40)), 0);
    }

    #[test]
    fn what_is_not_six_digits_is_no_code() {
        let now = at(1_111_111_109);
        for text in [
            "",
            "81804",
            "0081804",
            "08180a",
            "+81804",
            "٠٨١٨٠٤",
            "081804 ",
        ] {
            assert_eq!(published().find(text, now, None), Found::None, "{text:?}");
        }
    }

    #[test]
    fn every_user_nonce_and_key_has_a_secret_of_its_own() {
        let nonce = |byte| Salt::from_row([byte; 16]);
        let keys = |byte: u8| {
            let mut bytes = [0; 32];
            SeededEntropy::new(byte.into()).fill(&mut bytes);
            let secret = Secret::from_bytes(&bytes, "a test").expect("a secret");
            let day = Duration::from_hours(24);
            let lifetimes = Lifetimes {
                access: day,
                refresh: day,
            };
            SecondFactorKeys::new(Arc::new(SharedRing::new(Ring::of_one(secret, lifetimes))))
        };
        let text = |keys: &SecondFactorKeys, user, byte| {
            let secret = keys.secret(1, UserId(user), &nonce(byte));
            secret.expect("the key").reveal().to_string()
        };
        let first = keys(1);
        let all = [
            text(&first, 1, 1),
            text(&first, 2, 1),
            text(&first, 1, 2),
            text(&keys(2), 1, 1),
        ];
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(all[0], text(&first, 1, 1));
        assert_eq!(all[0].len(), 32);
        assert!(first.secret(2, UserId(1), &nonce(1)).is_none());
    }
}
