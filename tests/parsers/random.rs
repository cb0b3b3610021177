//! Every property with random texts: words of its own kind, mixed with others. What fails is made as small as it can be and shown.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use crate::properties::{self, Target};

/// Texts for each property: all of them together take a few seconds. The same each time, so that nobody is surprised by a change of somebody else;
/// new ones are for the fuzz targets to find.
const CASES: u32 = 400;
const SEED: u64 = 7;
/// Pieces of one text: enough for every field of every parser.
const MAX_PIECES: usize = 24;
/// The longest runs of one piece: they reach past the bounds on lengths.
const MAX_REPEATS: usize = 300;

fn texts(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = select(words).prop_map(|word| word.as_bytes().to_vec());
    let character = any::<char>().prop_map(|character| character.to_string().into_bytes());
    let ascii = (b' '..=b'~').prop_map(|byte| vec![byte]);
    let piece = prop_oneof![
        8 => word.clone(),
        2 => character,
        2 => ascii,
        1 => vec(any::<u8>(), 1..4),
        1 => (word, 1..MAX_REPEATS).prop_map(|(word, times)| word.repeat(times)),
    ];
    // Short ones as often as long ones: most parsers take nothing else.
    let pieces = prop_oneof![vec(piece.clone(), 0..4), vec(piece, 0..MAX_PIECES)];
    pieces.prop_map(|pieces| pieces.concat())
}

fn smallest_failure(target: &Target, cases: u32) -> Option<(String, Vec<u8>)> {
    let mut runner = TestRunner::new(Config {
        cases,
        rng_seed: RngSeed::Fixed(SEED),
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&texts(target.words), |text| {
        (target.holds)(&text);
        Ok(())
    });
    match result {
        Ok(()) => None,
        Err(TestError::Fail(reason, text)) => Some((reason.to_string(), text)),
        Err(TestError::Abort(reason)) => Some((reason.to_string(), Vec::new())),
    }
}

/// How a shell writes the bytes.
fn printf(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("printf '{}'", bytes.concat())
}

#[test]
fn what_is_promised_of_each_parser_holds_for_random_texts() {
    let mut broken = Vec::new();
    for target in properties::ALL {
        if let Some((reason, text)) = smallest_failure(target, CASES) {
            broken.push(format!(
                "{}: {reason}\nfor {:?}\nkeep it: {} > tests/fuzz/seeds/{}/a_name_that_says_why",
                target.name,
                String::from_utf8_lossy(&text),
                printf(&text),
                target.name
            ));
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n\n"));
}

#[test]
fn a_property_that_does_not_hold_is_found_and_made_small() {
    let broken = Target {
        name: "broken",
        words: &["a", "bad", "c"],
        holds: |bytes| assert!(!String::from_utf8_lossy(bytes).contains("bad")),
    };
    let (_, text) = smallest_failure(&broken, CASES).expect("found");
    assert_eq!(text, b"bad");
    assert_eq!(printf(&text), "printf '\\142\\141\\144'");
}
