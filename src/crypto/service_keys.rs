//! Tokens of service accounts: `hubsvc_<number>_<64 hex digits>`, a function of the account's row and the key that the row names.
//!
//! Nothing of a token is stored. A replaced key goes on to make the tokens of its accounts for as long as its line stands in `secret.key`, as with second
//! factors; an account whose key was taken out needs a new token.

use std::fmt;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::keyring::Purpose;
use crate::crypto::ring::{ROW_SECRET_BYTES, SharedRing};
use crate::types::ids::{KeyId, ServiceId};
use crate::types::salt::Salt;
use crate::types::token::{SERVICE_TOKEN_BEGIN, TokenText};

/// What a token is made of: the row's columns and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct ServiceFacts<'row> {
    /// The account.
    pub id: ServiceId,
    /// Its 128 random bits.
    pub salt: &'row Salt,
    /// The key that its token is made with.
    pub key: KeyId,
}

/// A text in the form of a token. Whether it is one, [`ServiceKeys::proves`] says.
pub struct Presented {
    /// The account that it names.
    pub id: ServiceId,
    secret: Zeroizing<[u8; ROW_SECRET_BYTES]>,
}

impl fmt::Debug for Presented {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Presented")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Presented {
    /// Reads a token in the one form that the Hub writes it in; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, digits) = text.strip_prefix(SERVICE_TOKEN_BEGIN)?.split_once('_')?;
        let id: i64 = number.parse().ok()?;
        if id < 1 || id.to_string() != number || digits.len() != 2 * ROW_SECRET_BYTES {
            return None;
        }
        let mut secret = Zeroizing::new([0; ROW_SECRET_BYTES]);
        HEXLOWER
            .decode_mut(digits.as_bytes(), secret.as_mut())
            .ok()?;
        Some(Self {
            id: ServiceId(id),
            secret,
        })
    }
}

/// The keys that the tokens of service accounts are made with: any that was ever used and is still at hand.
pub struct ServiceKeys(Arc<SharedRing>);

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServiceKeys(redacted)")
    }
}

impl ServiceKeys {
    /// With the keys of this ring, and of those that take its place.
    #[must_use]
    pub fn new(ring: Arc<SharedRing>) -> Self {
        Self(ring)
    }

    /// The key that new tokens are made with.
    #[must_use]
    pub fn present(&self) -> KeyId {
        self.0.get().present()
    }

    /// Whether tokens that were made with this key can still be told.
    #[must_use]
    pub fn holds(&self, key: KeyId) -> bool {
        self.0.get().holds(key)
    }

    /// The token of a row; `None` where its key is not at hand.
    #[must_use]
    pub fn token(&self, facts: ServiceFacts<'_>) -> Option<TokenText> {
        let secret = self.secret(facts)?;
        let digits = Zeroizing::new(HEXLOWER.encode(secret.as_ref()));
        let text = format!("{SERVICE_TOKEN_BEGIN}{}_{}", facts.id, &*digits);
        Some(TokenText::new(text))
    }

    /// Whether this is the token of a row. In constant time.
    #[must_use]
    pub fn proves(&self, presented: &Presented, facts: ServiceFacts<'_>) -> bool {
        let wanted = self.secret(facts);
        wanted.is_some_and(|wanted| {
            let is_same: bool = wanted.as_slice().ct_eq(presented.secret.as_slice()).into();
            is_same && presented.id == facts.id
        })
    }

    /// The part of its token that cannot be guessed.
    fn secret(&self, facts: ServiceFacts<'_>) -> Option<Zeroizing<[u8; ROW_SECRET_BYTES]>> {
        let row = (facts.id.0, facts.salt);
        self.0.get().secret_of_row(facts.key, Purpose::Service, row)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Presented, ServiceFacts, ServiceKeys};
    use crate::crypto::keyring::Secret;
    use crate::crypto::ring::{Lifetimes, Ring, SharedRing};
    use crate::types::entropy::SeededEntropy;
    use crate::types::ids::{KeyId, ServiceId};
    use crate::types::salt::Salt;

    fn keys(seed: u64) -> ServiceKeys {
        let secret = Secret::draw(&SeededEntropy::new(seed));
        let lifetimes = Lifetimes {
            access: Duration::from_hours(1),
            refresh: Duration::from_hours(2),
        };
        let ring = Ring::of_one(secret, lifetimes);
        ServiceKeys::new(Arc::new(SharedRing::new(ring)))
    }

    fn facts(id: i64, salt: &Salt) -> ServiceFacts<'_> {
        ServiceFacts {
            id: ServiceId(id),
            salt,
            key: KeyId::FIRST,
        }
    }

    #[test]
    fn a_token_proves_its_own_row_and_no_other() {
        let (salt, other) = (Salt::from_row([7; 16]), Salt::from_row([8; 16]));
        let token = keys(1).token(facts(12, &salt)).expect("a token");
        let text = token.reveal();
        assert!(text.starts_with("hubsvc_12_") && text.len() == "hubsvc_12_".len() + 64);
        let presented = Presented::parse(text).expect("a token");
        assert!(keys(1).proves(&presented, facts(12, &salt)));
        assert!(!keys(1).proves(&presented, facts(13, &salt)));
        assert!(!keys(1).proves(&presented, facts(12, &other)));
        assert!(!keys(2).proves(&presented, facts(12, &salt)));
        let unknown = ServiceFacts {
            key: KeyId(2),
            ..facts(12, &salt)
        };
        assert!(!keys(1).proves(&presented, unknown) && keys(1).token(unknown).is_none());
        assert_eq!(
            format!("{presented:?}"),
            "Presented { id: ServiceId(12), .. }"
        );
    }

    #[test]
    fn one_changed_digit_proves_nothing() {
        let salt = Salt::from_row([7; 16]);
        let token = keys(1).token(facts(12, &salt)).expect("a token");
        for at in "hubsvc_12_".len()..token.reveal().len() {
            let mut text = token.reveal().to_owned();
            let digit = if &text[at..=at] == "0" { "1" } else { "0" };
            text.replace_range(at..=at, digit);
            let presented = Presented::parse(&text).expect("the form of one");
            assert!(!keys(1).proves(&presented, facts(12, &salt)), "{at}");
        }
    }

    #[test]
    fn a_token_has_one_spelling() {
        let digits = "0a".repeat(32);
        assert!(Presented::parse(&format!("hubsvc_1_{digits}")).is_some());
        for other in [
            String::new(),
            "hubsvc_".to_owned(),
            digits.clone(),
            format!("hubsvc_{digits}"),
            format!("hubsvc_0_{digits}"),
            format!("hubsvc_-1_{digits}"),
            format!("hubsvc_+1_{digits}"),
            format!("hubsvc_01_{digits}"),
            format!("hubsvc_99999999999999999999_{digits}"),
            format!("HUBSVC_1_{digits}"),
            format!("hubsvc_1_{}", digits.to_uppercase()),
            format!("hubsvc_1_{digits}0"),
            format!("hubsvc_1_{digits} "),
            format!("hubsvc_1_{}", &digits[1..]),
            format!("hubsvc_1_{}é", &digits[2..]),
        ] {
            assert!(Presented::parse(&other).is_none(), "{other:?}");
        }
    }
}
