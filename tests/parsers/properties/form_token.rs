//! Form tokens: only the one that the key made for this very cookie passes.

use std::sync::OnceLock;

use hub::crypto::form_token::FormTokens;
use hub::types::entropy::SeededEntropy;
use hub::types::held_value::HeldValue;

use super::token::{NOW, good};

pub const WORDS: &[&str] = &[
    "A",
    "-",
    "_",
    "=",
    " ",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

struct Made {
    tokens: FormTokens,
    mine: HeldValue,
    other: HeldValue,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let entropy = SeededEntropy::new(2);
        let ring = hub::crypto::ring::Ring::of_one(
            hub::crypto::keyring::Secret::draw(&entropy),
            hub::crypto::ring::Lifetimes {
                access: std::time::Duration::from_hours(24),
                refresh: std::time::Duration::from_hours(24),
            },
        );
        Made {
            tokens: FormTokens::new(hub::crypto::ring::SharedRing::new(ring).into()),
            mine: HeldValue::generate(&entropy),
            other: HeldValue::generate(&entropy),
        }
    })
}

pub fn holds(bytes: &[u8]) {
    let made = made();
    let text = super::text(bytes);
    let mine = made.tokens.make(&made.mine.hash());
    let passes = |given: &str| made.tokens.verify(given, &made.mine.hash(), NOW);
    assert_eq!(passes(&text), text == mine);
    assert!(passes(&mine) && !passes(&made.tokens.make(&made.other.hash())));
    // A text before or behind it, or a part of it, is not it.
    if !text.is_empty() {
        assert!(!passes(&format!("{mine}{text}")) && !passes(&format!("{text}{mine}")));
        assert!(!passes(&mine[..bytes.len() % mine.len()]));
    }
    // A token of another kind is none.
    assert!(!passes(&good().access));
}
