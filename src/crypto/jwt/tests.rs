//! One false claim makes a token nobody's, whoever signed it; and a replaced key speaks for its own time only.

use std::sync::Arc;
use std::time::Duration;

use super::{
    ACCESS_AUDIENCE, AccessClaims, ISSUER, MAX_TOKEN_BYTES, REFRESH_AUDIENCE, RefreshClaims,
    TokenFault, Tokens, sign,
};
use crate::crypto::keyring::Secret;
use crate::crypto::ring::{KnownKey, Lifetimes, Ring, SharedRing};
use crate::types::entropy::SeededEntropy;
use crate::types::ids::KeyId;
use crate::types::time::Timestamp;

#[cfg(test)]
const NOON: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;

/// Two keys, of which the second took the first one's place at noon.
fn tokens() -> Tokens {
    let secrets = [1, 2].map(|seed| Secret::draw(&SeededEntropy::new(seed)));
    let replaced = [Some(Timestamp::from_seconds(NOON)), None];
    let known: Vec<KnownKey> = (1..)
        .zip(&secrets)
        .zip(replaced)
        .map(|((id, secret), replaced_at)| KnownKey {
            id: KeyId(id),
            check_value: secret.check_value(),
            made_at: None,
            replaced_at,
        })
        .collect();
    let lifetimes = Lifetimes {
        access: Duration::from_hours(24),
        refresh: Duration::from_hours(30 * 24),
    };
    let ring = Ring::new(secrets.into(), &known, lifetimes).expect("a ring");
    Tokens::new(Arc::new(SharedRing::new(ring)))
}

fn access() -> AccessClaims {
    AccessClaims {
        user_id: 1,
        username: "ann".to_owned(),
        email: "ann@example.org".to_owned(),
        iat: NOON,
        exp: NOON + 24 * HOUR,
        jti: "a".to_owned(),
        r#type: "access".to_owned(),
        sid: "0000000000000007".to_owned(),
        iss: ISSUER.to_owned(),
        aud: ACCESS_AUDIENCE.to_owned(),
    }
}

fn refresh() -> RefreshClaims {
    RefreshClaims {
        user_id: 1,
        iat: NOON,
        exp: NOON + 30 * 24 * HOUR,
        jti: "a".to_owned(),
        r#type: "refresh".to_owned(),
        sid: "0000000000000007".to_owned(),
        r#gen: 1,
        iss: ISSUER.to_owned(),
        aud: REFRESH_AUDIENCE.to_owned(),
        key: KeyId(2),
    }
}

fn read_access(key: i64, claims: &AccessClaims, now: i64) -> Result<AccessClaims, TokenFault> {
    let tokens = tokens();
    let ring = tokens.ring();
    let key = ring.key(KeyId(key)).expect("a key");
    let token = sign(claims, &key.access.sign).expect("signed");
    tokens.read_access(token.reveal(), Timestamp::from_seconds(now))
}

fn read_refresh(key: i64, claims: &RefreshClaims, now: i64) -> Result<RefreshClaims, TokenFault> {
    let tokens = tokens();
    let ring = tokens.ring();
    let key = ring.key(KeyId(key)).expect("a key");
    let token = sign(claims, &key.refresh.sign).expect("signed");
    tokens.read_refresh(token.reveal(), Timestamp::from_seconds(now))
}

#[test]
fn an_access_token_of_ours_with_one_foreign_claim_is_none() {
    assert_eq!(read_access(2, &access(), NOON), Ok(access()));
    for foreign in [
        AccessClaims {
            r#type: "refresh".to_owned(),
            ..access()
        },
        AccessClaims {
            iss: "another-hub".to_owned(),
            ..access()
        },
        AccessClaims {
            aud: REFRESH_AUDIENCE.to_owned(),
            ..access()
        },
    ] {
        let read = read_access(2, &foreign, NOON);
        assert_eq!(read, Err(TokenFault::Claims), "{foreign:?}");
    }
}

#[test]
fn a_refresh_token_of_ours_with_one_foreign_claim_is_none() {
    assert_eq!(read_refresh(2, &refresh(), NOON), Ok(refresh()));
    for foreign in [
        RefreshClaims {
            r#type: "access".to_owned(),
            ..refresh()
        },
        RefreshClaims {
            iss: "another-hub".to_owned(),
            ..refresh()
        },
        RefreshClaims {
            aud: ACCESS_AUDIENCE.to_owned(),
            ..refresh()
        },
    ] {
        assert_eq!(read_refresh(2, &foreign, NOON), Err(TokenFault::Claims));
    }
}

#[test]
fn a_replaced_key_speaks_for_nothing_that_outlives_what_it_could_have_made() {
    let late = NOON + 25 * HOUR;
    let until = |exp| AccessClaims { exp, ..access() };
    // In its time; past its time and so is the token; past its time, and the token claims to be good still.
    assert!(read_access(1, &access(), NOON + 23 * HOUR).is_ok());
    for expired in [late - 1, late] {
        assert!(read_access(1, &until(expired), late).is_ok());
    }
    let forged = read_access(1, &until(late + 1), late);
    assert_eq!(forged, Err(TokenFault::Signature));
    // The present key's time does not end.
    assert!(read_access(2, &until(late + 1), late).is_ok());
    assert!(read_refresh(1, &refresh(), late).is_ok());
}

#[test]
fn a_text_longer_than_any_token_is_refused_unread() {
    for (bytes, fault) in [
        (MAX_TOKEN_BYTES - 1, TokenFault::Segments),
        (MAX_TOKEN_BYTES, TokenFault::Segments),
        (MAX_TOKEN_BYTES + 1, TokenFault::Encoding),
        (MAX_TOKEN_BYTES + 2, TokenFault::Encoding),
    ] {
        let read = tokens().read_access(&"a".repeat(bytes), Timestamp::from_seconds(NOON));
        assert_eq!(read, Err(fault), "{bytes} bytes");
    }
}
