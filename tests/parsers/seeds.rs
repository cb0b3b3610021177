//! The kept texts: what the fuzz targets begin with, and every text that once broke a promise.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use crate::properties::token::{self, NOW};
use crate::properties::{self, Target};

/// A seed is a start, not a load: the fuzzer makes the long ones.
const MAX_SEED_BYTES: u64 = 4_096;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds")
}

fn seeds(target: &Target) -> Vec<PathBuf> {
    let place = folder().join(target.name);
    let entries =
        fs::read_dir(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn what_is_promised_of_each_parser_holds_for_every_kept_text() {
    let mut broken = Vec::new();
    for target in properties::ALL {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{}: keep a text or two", target.name);
        for path in seeds {
            let text = fs::read(&path).expect("readable");
            assert!(text.len() as u64 <= MAX_SEED_BYTES, "{}", path.display());
            if catch_unwind(|| (target.holds)(&text)).is_err() {
                broken.push(path);
            }
        }
    }
    assert!(broken.is_empty(), "see the panics above: {broken:#?}");
}

#[test]
fn the_kept_tokens_are_good_ones() {
    let kept = |name: &str| {
        let path = folder().join("token").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let good = token::good();
    assert_eq!(kept("good_access"), good.access);
    assert_eq!(kept("good_refresh"), good.refresh);
    assert!(good.tokens.read_access(&good.access, NOW).is_ok());
    assert!(good.tokens.read_refresh(&good.refresh, NOW).is_ok());
}
