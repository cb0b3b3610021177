//! The search field of the users' list: it finds those whose name or address holds the text, and nobody else.

use hub::features::admin::users::store::{Key, Mark, Search, Sort, Way, beyond, count_beyond};
use hub::http::shown_text::shown;
use hub::store::StoreError;

use super::stage::{self, PEOPLE};

pub const WORDS: &[&str] = &[
    "ann",
    "BOB",
    "@",
    "example",
    ".",
    "%",
    "_",
    "\\",
    "'",
    "\"",
    "\0",
    " ",
    "a_b",
    "\u{131}",
    "' OR 1=1 --",
    "*",
    "[a-z]",
];

pub fn holds(bytes: &[u8]) {
    let (choice, text) = super::choice_and_text(bytes);
    // As the page takes it: what is unseen was made visible, the rest is compared in small letters.
    let words = shown(text.trim()).to_ascii_lowercase();
    let mut expected: Vec<String> = PEOPLE
        .iter()
        .filter(|(name, email)| {
            name.to_ascii_lowercase().contains(&words)
                || email.to_ascii_lowercase().contains(&words)
        })
        .map(|(name, _)| (*name).to_owned())
        .collect();
    expected.sort_by_key(|name| name.to_ascii_lowercase());
    let search = Search {
        words,
        ..Search::default()
    };
    let (found, counted) = stage::with(|stage| {
        let read = stage.store.read::<_, StoreError>(|db| {
            let by = (Sort::Name, Way::Up);
            let found = beyond(db, &search, by, None, 100, stage::now())?;
            // A place in the list is a stranger's text, too.
            let mark = Mark {
                key: Key::Name(shown(&text)),
                id: i64::from(choice),
            };
            let behind = count_beyond(db, &search, by, Some(&mark))?;
            let before = count_beyond(db, &search, (Sort::Name, Way::Down), Some(&mark))?;
            Ok((found, behind + before))
        });
        read.expect("no text is an error of the database")
    });
    let found: Vec<String> = found
        .into_iter()
        .map(|listed| listed.user.username)
        .collect();
    assert_eq!(found, expected);
    // Each stands behind the place, before it, or at it.
    assert!(counted == expected.len() as u64 || counted + 1 == expected.len() as u64);
}
