//! The search field of a list of sessions: a filter within its bounds, or sentences that say what is wrong; never an error of the database.

use hub::features::sessions::search::{MAX_CHARS, read};
use hub::features::sessions::store::many::{Filter, MAX_WORDS, page};
use hub::store::StoreError;

use super::stage;

pub const WORDS: &[&str] = &[
    "user:",
    "user:ann",
    "user:#1",
    "*",
    "ip:",
    "ip:203.0.113.",
    "ip:::ffff:1.2.3.4/120",
    "device:",
    "device:\"Firefox on Linux\"",
    "id:",
    "id:0abc",
    "id:ffff",
    "\"",
    " ",
    "ann",
    "10.1",
    "%",
    "_",
    "' OR 1=1 --",
    "name:",
    "\u{10ffff}",
    "\u{131}",
    "\0",
];

/// Longer than the longest sentence, its quotation included.
const MAX_SENTENCE_CHARS: usize = 600;

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    match read(&text, Filter::default()) {
        Ok(filter) => {
            assert!(filter.words.len() <= MAX_WORDS);
            assert!(filter.words.iter().all(|word| !word.text.is_empty()));
            assert!(filter.names.iter().all(|(low, high)| low <= high));
            assert!(!text.contains(char::is_control) && text.chars().count() <= MAX_CHARS);
            // Blanks around it mean nothing.
            if text.chars().count() + 2 <= MAX_CHARS {
                assert_eq!(
                    read(&format!(" {text} "), Filter::default()),
                    Ok(filter.clone())
                );
            }
            let found = stage::with(|stage| {
                stage
                    .store
                    .read::<_, StoreError>(|db| page::total(db, &filter, stage::now()))
            });
            assert_eq!(found.expect("no text is an error of the database"), 0);
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for sentence in mistakes {
                assert!(sentence.ends_with('.') && sentence.chars().count() <= MAX_SENTENCE_CHARS);
                assert!(!sentence.contains(char::is_control), "{sentence:?}");
            }
        }
    }
}
