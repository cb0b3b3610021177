//! Usernames and email addresses: kept as typed, and the form in which two are the same stays what it is.

use hub::types::email::{self, Email};
use hub::types::username::{self, Username};

pub const WORDS: &[&str] = &[
    "ann", "Admin", "@", ".", "-", "_", "+", "example", "a@b.co", "xn--", "\u{131}", "\u{212a}",
    "\u{ff21}", "\u{200d}", "e\u{301}", "\0",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    if let Ok(name) = Username::parse(&text) {
        assert_eq!(name.as_str(), text);
        assert!((username::MIN_CHARS..=username::MAX_CHARS).contains(&text.len()));
        let again = Username::parse(&name.key()).expect("a key is a name");
        assert_eq!(again.key(), name.key());
    }
    if let Ok(address) = Email::parse(&text) {
        assert_eq!(address.as_str(), text);
        assert!(text.len() <= email::MAX_BYTES);
        // Nothing that could begin another header or another recipient.
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(!text.contains([',', ';', '<', '>', '"', '\\', '(', ')']));
        let again = Email::parse(&address.key()).expect("a key is an address");
        assert_eq!(again.key(), address.key());
        // A browser without the second can still name the first: no text is both.
        assert!(Username::parse(&text).is_err());
    }
}
