//! What must not be guessed comes from the system's generator, is long enough, and never comes twice.

use hub::crypto::keyring::Secret;
use hub::types::entropy::SystemEntropy;
use hub::types::held_value::HeldValue;
use hub::types::ids::{RequestId, SessionId};
use hub::types::salt::Salt;

/// With 63 random bits, two of a million are alike once in 18 million runs.
const SESSIONS: usize = 1_000_000;
/// Of what has 96 bits and more.
const OTHERS: usize = 20_000;

fn all_differ<T: Ord>(count: usize, draw: impl FnMut() -> T) {
    let mut drawn: Vec<T> = std::iter::repeat_with(draw).take(count).collect();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), count);
}

#[test]
fn of_a_million_sessions_no_two_have_one_number() {
    all_differ(SESSIONS, || SessionId::generate(&SystemEntropy).get());
}

#[test]
fn no_two_salts_requests_cookies_or_keys_are_alike() {
    all_differ(OTHERS, || *Salt::generate(&SystemEntropy).reveal());
    all_differ(OTHERS, || RequestId::generate(&SystemEntropy).to_string());
    all_differ(OTHERS, || {
        let value = HeldValue::generate(&SystemEntropy);
        // 256 bits, six a character.
        assert_eq!(value.reveal().len(), 43);
        value.reveal().to_owned()
    });
    all_differ(OTHERS, || {
        Secret::draw(&SystemEntropy).reveal_line().to_string()
    });
}

#[test]
fn every_bit_of_what_is_drawn_is_as_often_one_as_zero() {
    const SALTS: i32 = 20_000;
    let mut ones = [0_i32; 128];
    for _ in 0..SALTS {
        let salt = Salt::generate(&SystemEntropy);
        for (at, count) in ones.iter_mut().enumerate() {
            *count += i32::from(salt.reveal()[at / 8] >> (at % 8) & 1);
        }
    }
    // Seven standard deviations: one run in three thousand million would fail by chance.
    let bound = 7 * 71;
    for (at, count) in ones.into_iter().enumerate() {
        assert!(
            (count - SALTS / 2).abs() < bound,
            "bit {at}: {count} of {SALTS}"
        );
    }
}
