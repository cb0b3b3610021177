//! Web addresses in profiles, which pages link to: `http` or `https`, in visible ASCII, and no user in them.

use hub::types::profile::{Bio, MAX_BIO_CHARS, MAX_URL_BYTES, WebUrl};

pub const WORDS: &[&str] = &[
    "https://",
    "http://",
    "HTTPS://",
    "javascript:",
    "//",
    "example.com",
    "@",
    ":",
    "/",
    "?",
    "#",
    "%0a",
    "\\",
    "\"",
    "<",
    "\u{202e}",
    "\t",
    "\n",
    "[::1]",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    if let Ok(address) = WebUrl::parse(&text) {
        assert_eq!(address.as_str(), text);
        assert!(text.len() <= MAX_URL_BYTES);
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(!text.contains(['"', '<', '>', '\\', '`']));
        let lower = text.to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://").expect("a scheme");
        assert!(["http", "https"].contains(&scheme));
        let host = rest.split(['/', '?', '#']).next().expect("a host");
        assert!(!host.is_empty() && !host.contains('@'));
    }
    if let Ok(bio) = Bio::parse(&text) {
        assert_eq!(bio.as_str(), text);
        assert!(text.chars().count() <= MAX_BIO_CHARS && !text.contains('\0'));
    }
}
