//! Tokens of services: one spelling each, and none that the key did not make for this very row proves anything.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hub::crypto::keyring::Secret;
use hub::crypto::ring::{Lifetimes, Ring, SharedRing};
use hub::crypto::service_keys::{Presented, ServiceFacts, ServiceKeys};
use hub::types::entropy::SeededEntropy;
use hub::types::ids::{KeyId, ServiceId};
use hub::types::salt::Salt;
use hub::types::token::SERVICE_TOKEN_BEGIN;

pub const WORDS: &[&str] = &[
    "hubsvc_",
    "hubsvc_1_",
    "hubsvc_12_",
    "hubsvc_9223372036854775807_",
    "HUBSVC_1_",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0123456789abcdef0123456789abcdef",
    "ABCDEF",
    "_",
    "0",
    "+1",
    "-1",
    " ",
    "\u{ff11}",
];

/// The account that every text is held against.
const ACCOUNT: i64 = 12;

struct Made {
    keys: ServiceKeys,
    salt: Salt,
    token: String,
}

impl Made {
    fn facts(&self) -> ServiceFacts<'_> {
        ServiceFacts {
            id: ServiceId(ACCOUNT),
            salt: &self.salt,
            key: KeyId::FIRST,
        }
    }
}

/// The same in every process.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let entropy = SeededEntropy::new(3);
        let lifetimes = Lifetimes {
            access: Duration::from_hours(24),
            refresh: Duration::from_hours(24),
        };
        let ring = SharedRing::new(Ring::of_one(Secret::draw(&entropy), lifetimes));
        let mut made = Made {
            keys: ServiceKeys::new(Arc::new(ring)),
            salt: Salt::generate(&entropy),
            token: String::new(),
        };
        let token = made.keys.token(made.facts()).expect("a token");
        token.reveal().clone_into(&mut made.token);
        made
    })
}

pub fn holds(bytes: &[u8]) {
    let made = made();
    let text = super::text(bytes);
    let proves = |text: &str| {
        let presented = Presented::parse(text);
        presented.is_some_and(|presented| made.keys.proves(&presented, made.facts()))
    };
    assert!(proves(&made.token));
    assert_eq!(proves(&text), text == made.token);
    if let Some(presented) = Presented::parse(&text) {
        // What was read is what is written.
        let rest = text.strip_prefix(SERVICE_TOKEN_BEGIN).expect("its begin");
        let (number, digits) = rest.split_once('_').expect("two parts");
        assert!(presented.id.0 > 0 && number == presented.id.to_string());
        assert!(digits.len() == 64 && text.is_ascii() && text == text.to_lowercase());
        assert!(!format!("{presented:?}").contains(digits));
    }
    // Something before or behind the good one, and the good one with one bit changed.
    if !text.is_empty() {
        assert!(!proves(&format!("{text}{}", made.token)));
        assert!(!proves(&format!("{}{text}", made.token)));
    }
    if let [high, low, ..] = bytes {
        let place = (usize::from(*high) * 256 + usize::from(*low)) % (made.token.len() * 8);
        let mut bent = made.token.clone().into_bytes();
        bent[place / 8] ^= 1 << (place % 8);
        assert!(!proves(&String::from_utf8_lossy(&bent)));
    }
}
