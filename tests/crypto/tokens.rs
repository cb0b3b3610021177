//! Tokens where they are read, below all of HTTP: what was changed anywhere is nothing, whoever changed it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use hub::crypto::jwt::{AccessFacts, RefreshFacts, TokenFault, Tokens};
use hub::crypto::keyring::Secret;
use hub::crypto::ring::{Lifetimes, Ring, SharedRing};
use hub::types::entropy::SeededEntropy;
use hub::types::ids::{KeyId, SessionId, UserId};
use hub::types::salt::Salt;
use hub::types::time::Timestamp;

const NOW: Timestamp = Timestamp::from_micros(1_757_172_645_123_456);

/// One key, and a token of each kind for `alice` and for `bob`.
struct Made {
    tokens: Tokens,
    access: String,
    refresh: String,
    bobs: [String; 2],
}

fn made() -> Made {
    let entropy = SeededEntropy::new(11);
    let lifetimes = Lifetimes {
        access: Duration::from_hours(24),
        refresh: Duration::from_hours(720),
    };
    let ring = Ring::of_one(Secret::draw(&entropy), lifetimes);
    let tokens = Tokens::new(Arc::new(SharedRing::new(ring)));
    let [[access, refresh], bobs] = [(1, "alice"), (2, "bob")]
        .map(|(user, name)| signed(&tokens, &entropy, UserId(user), name));
    Made {
        tokens,
        access,
        refresh,
        bobs,
    }
}

/// An access token and a refresh token.
fn signed(tokens: &Tokens, entropy: &SeededEntropy, user: UserId, name: &str) -> [String; 2] {
    let session = SessionId::generate(entropy);
    let (issued, expires) = (NOW.seconds(), NOW.seconds() + 3_600);
    let access = AccessFacts {
        session,
        user,
        username: name,
        email: "mail@example.com",
        issued,
        expires,
    };
    let salt = Salt::generate(entropy);
    let refresh = RefreshFacts {
        session,
        user,
        salt: &salt,
        generation: 1,
        issued,
        expires,
        key: KeyId::FIRST,
    };
    let access = tokens.sign_access(&access, entropy).expect("signed");
    let refresh = tokens.sign_refresh(&refresh).expect("signed");
    [access, refresh].map(|token| token.reveal().to_owned())
}

impl Made {
    /// Why a text is neither kind of token.
    #[track_caller]
    fn refused(&self, text: &str) -> [TokenFault; 2] {
        let access = self.tokens.read_access(text, NOW).map(drop);
        let refresh = self.tokens.read_refresh(text, NOW).map(drop);
        [access, refresh].map(|read| read.expect_err(text))
    }
}

#[test]
fn good_tokens_are_read_and_only_as_what_they_are() {
    let made = made();
    assert!(made.tokens.read_access(&made.access, NOW).is_ok());
    assert!(made.tokens.read_refresh(&made.refresh, NOW).is_ok());
    let signature = Err(TokenFault::Signature);
    let crossed = made.tokens.read_access(&made.refresh, NOW).map(drop);
    assert_eq!(crossed, signature);
    let crossed = made.tokens.read_refresh(&made.access, NOW).map(drop);
    assert_eq!(crossed, signature);
}

#[test]
fn no_bit_and_no_character_of_a_good_token_can_be_another() {
    let made = made();
    let mut faults = HashSet::new();
    for token in [&made.access, &made.refresh] {
        for place in 0..token.len() {
            let own = token.as_bytes()[place];
            // Every flip of one bit but the eighth, and what is most like a token's own letters.
            let flips = (0..7).map(|bit| own ^ (1 << bit));
            let others = flips.chain(*b"A_-.=+/ \0").filter(|other| *other != own);
            for other in others {
                let mut bytes = token.clone().into_bytes();
                bytes[place] = other;
                let text = String::from_utf8(bytes).expect("ASCII");
                faults.extend(made.refused(&text).map(|fault| fault.to_string()));
            }
            // And no character of two bytes in its place.
            let text = format!("{}\u{e9}{}", &token[..place], &token[place + 1..]);
            made.refused(&text);
        }
    }
    // None got as far as being believed: that would be a fault of the claims.
    assert!(
        !faults.contains(&TokenFault::Claims.to_string()),
        "{faults:?}"
    );
}

#[test]
fn no_character_of_a_good_token_can_be_missing_doubled_or_swapped() {
    let made = made();
    for token in [&made.access, &made.refresh] {
        for place in 0..token.len() {
            let (before, after) = token.split_at(place);
            made.refused(&format!("{before}{}", &after[1..]));
            made.refused(&format!("{before}{}{after}", &after[..1]));
            let mut bytes = token.clone().into_bytes();
            if place > 0 && bytes[place] != bytes[place - 1] {
                bytes.swap(place, place - 1);
                made.refused(std::str::from_utf8(&bytes).expect("ASCII"));
            }
            for cut in [before, after] {
                if cut != token.as_str() {
                    made.refused(cut);
                }
            }
        }
    }
}

#[test]
fn parts_of_two_good_tokens_make_no_third() {
    let made = made();
    let [bobs_access, bobs_refresh] = &made.bobs;
    let good = [&made.access, &made.refresh, bobs_access, bobs_refresh].map(String::as_str);
    let parts = good.map(|text| text.split('.').collect::<Vec<_>>());
    let mut refused = 0;
    for first in &parts {
        for second in &parts {
            for third in &parts {
                let text = format!("{}.{}.{}", first[0], second[1], third[2]);
                if !good.contains(&text.as_str()) {
                    made.refused(&text);
                    refused += 1;
                }
            }
        }
    }
    // All have one header; of claims and signatures, four of sixteen belong together.
    assert_eq!(refused, 4 * 12);
}

#[test]
fn a_token_of_any_length_is_refused_before_it_is_decoded() {
    let made = made();
    for length in [4_096, 4_097, 1 << 20, 1 << 24] {
        for letter in ["A", ".", "\u{1f980}", "\0"] {
            let begun = tokio::time::Instant::now();
            made.refused(&letter.repeat(length / letter.len()));
            assert!(
                begun.elapsed() < Duration::from_secs(1),
                "{length} {letter}"
            );
        }
    }
}
