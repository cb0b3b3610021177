//! The search of the reference.

use hub::features::docs::reference::Reference;
use hub::features::docs::search::{MAX_CHARS, Search};

fn found(typed: &str) -> Vec<(String, usize)> {
    let reference = Reference::of(&hub::features::api(), "");
    let found = Search::parse(typed).of(&reference);
    let calls = found.calls.into_iter();
    calls.map(|call| (call.id, call.errors.len())).collect()
}

#[test]
fn an_empty_search_finds_everything() {
    let all = found("  ");
    assert!(all.len() > 14 && all[0].0 == "register", "{all:?}");
}

#[test]
fn calls_are_found_by_each_of_their_words_and_errors_by_their_codes() {
    for (typed, expected) in [
        ("REFRESH post renew", vec!["refresh"]),
        ("is_premium", vec!["me", "updateMe"]),
        ("username_taken", vec!["register"]),
        ("409 email_taken", vec!["register", "updateMe"]),
        ("no such words", vec![]),
    ] {
        let calls: Vec<String> = found(typed).into_iter().map(|(id, _)| id).collect();
        assert!(
            expected
                .iter()
                .all(|id| calls.iter().any(|call| call == id)),
            "{typed}: {calls:?}"
        );
        assert_eq!(calls.is_empty(), expected.is_empty(), "{typed}");
    }
    assert_eq!(found("username_taken"), [("register".to_owned(), 1)]);
}

#[test]
fn a_long_search_is_cut() {
    let search = Search::parse(&"ä".repeat(MAX_CHARS * 2));
    assert_eq!(search.typed.chars().count(), MAX_CHARS);
    assert!(Search::parse(" \n").is_empty());
}
