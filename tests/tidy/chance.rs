//! What must not be guessed has one source: nothing but `types/entropy.rs` asks for chance.

use crate::source::Source;
use crate::tree::{Finding, assert_none, library, text};

/// The one home.
const HOME: &str = "src/types/entropy.rs";
/// Names by which Rust programs come to chance.
const SOURCES: &[&str] = &[
    "getrandom",
    "rand",
    "rand_core",
    "thread_rng",
    "OsRng",
    "StdRng",
    "SmallRng",
    "fastrand",
    "oorandom",
    "nanorand",
    "RandomState",
    "new_v4",
    "now_v7",
    "SaltString",
];

fn other_sources(source: &Source) -> Vec<Finding> {
    if source.path == HOME {
        return Vec::new();
    }
    let is_library = source.tests_begin();
    source
        .words()
        .filter(|(at, word)| *at < is_library && SOURCES.contains(word))
        .map(|(at, word)| {
            let place = source.place(at);
            format!("{place}: `{word}`: take chance from `hub.entropy`")
        })
        .collect()
}

#[test]
fn chance_comes_from_one_place() {
    let findings: Vec<Finding> = library().iter().flat_map(other_sources).collect();
    assert_none(&findings);
    assert!(text(HOME).contains("getrandom::fill"));
}

#[test]
fn another_source_of_chance_is_found() {
    for bad in [
        "let id = uuid::Uuid::new_v4();",
        "getrandom::fill(&mut bytes)?;",
        "let n: u64 = rand::random();",
        "use std::collections::hash_map::RandomState;",
    ] {
        let found = other_sources(&Source::new("src/a.rs", bad));
        assert_eq!(found.len(), 1, "{bad}");
    }
    for good in [
        "hub.entropy.fill(&mut bytes); // not rand",
        "#[cfg(test)]\nmod tests { use rand::random; }",
    ] {
        assert!(other_sources(&Source::new("src/a.rs", good)).is_empty());
    }
    assert!(other_sources(&Source::new(HOME, "getrandom::fill(b)")).is_empty());
}
