//! Presented tokens: what the key did not make is never accepted, not even with one bit of it changed, nor as a token of another kind.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hub::crypto::jwt::{AccessFacts, RefreshFacts, Tokens};
use hub::crypto::keyring::Secret;
use hub::crypto::ring::{Lifetimes, Ring, SharedRing};
use hub::types::entropy::SeededEntropy;
use hub::types::ids::{KeyId, SessionId, UserId};
use hub::types::salt::Salt;
use hub::types::time::Timestamp;

pub const WORDS: &[&str] = &[
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    "eyJhbGciOiJub25lIn0",
    ".",
    "..",
    "=",
    "eyJ1c2VyX2lkIjo3fQ",
    "AAAA",
    " ",
    "Bearer ",
];

/// When the tokens are read.
pub const NOW: Timestamp = Timestamp::from_seconds(1_757_172_645);

/// The keys, and one good token of each kind.
pub struct Good {
    pub ring: Arc<Ring>,
    pub tokens: Tokens,
    pub session: SessionId,
    pub salt: Salt,
    pub access: String,
    pub refresh: String,
}

/// The same in every process: its seeds are among the committed ones.
pub fn good() -> &'static Good {
    static GOOD: OnceLock<Good> = OnceLock::new();
    GOOD.get_or_init(|| {
        let entropy = SeededEntropy::new(1);
        let lifetimes = Lifetimes {
            access: Duration::from_hours(24),
            refresh: Duration::from_hours(24 * 30),
        };
        let ring = SharedRing::new(Ring::of_one(Secret::draw(&entropy), lifetimes));
        let tokens = Tokens::new(Arc::new(ring));
        let (session, salt) = (SessionId::generate(&entropy), Salt::generate(&entropy));
        let access = AccessFacts {
            session,
            user: UserId(7),
            username: "ann",
            email: "ann@example.com",
            issued: NOW.seconds(),
            expires: NOW.seconds() + 86_400,
        };
        let refresh = RefreshFacts {
            session,
            user: UserId(7),
            salt: &salt,
            generation: 1,
            issued: NOW.seconds(),
            expires: NOW.seconds() + 86_400,
            key: KeyId::FIRST,
        };
        let access = tokens.sign_access(&access, &entropy).expect("signed");
        let refresh = tokens.sign_refresh(&refresh).expect("signed");
        Good {
            ring: tokens.ring(),
            session,
            salt,
            access: access.reveal().to_owned(),
            refresh: refresh.reveal().to_owned(),
            tokens,
        }
    })
}

pub fn holds(bytes: &[u8]) {
    let good = good();
    judge(&super::text(bytes));
    // A good token with one bit changed, chosen by the first three bytes.
    if let [place, kind, high, ..] = bytes {
        let token = [&good.access, &good.refresh][usize::from(kind % 2)];
        let place = (usize::from(*high) * 256 + usize::from(*place)) % (token.len() * 8);
        let mut bent = token.clone().into_bytes();
        bent[place / 8] ^= 1 << (place % 8);
        let bent = String::from_utf8_lossy(&bent);
        assert!(good.tokens.read_access(&bent, NOW).is_err());
        assert!(good.tokens.read_refresh(&bent, NOW).is_err());
    }
}

fn judge(text: &str) {
    let good = good();
    if good.tokens.read_access(text, NOW).is_ok() {
        assert_eq!(text, good.access);
    }
    if let Ok(claims) = good.tokens.read_refresh(text, NOW) {
        assert_eq!(text, good.refresh);
        assert!(good.tokens.proves(&claims, good.session, &good.salt));
    }
}
