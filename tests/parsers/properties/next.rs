//! `next`, the page that a sign-in leads on to: it never leads out of the Hub.

use hub::types::local_path::LocalPath;
use rocket::http::uri::Origin;

pub const WORDS: &[&str] = &[
    "/",
    "//",
    "\\",
    "/admin",
    "/account",
    "/admin/sessions?q=",
    "?",
    "&",
    "=",
    "%2f",
    "%5c",
    "%09",
    "%0d%0a",
    "..",
    ".",
    ":",
    "@",
    "#",
    ";",
    "https:",
    "evil.example",
    "javascript:",
    "\t",
    "\r\n",
    "\u{2044}",
    "\u{ff0f}",
    "\0",
    "api",
    "logout",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let Ok(path) = text.parse::<LocalPath>() else {
        return;
    };
    assert_eq!(path.as_str(), text);
    assert_eq!(path.as_str().parse(), Ok(path.clone()));
    let path = path.as_str();
    assert!(path.len() <= 4_096);
    // No control character, no blank, nothing that is not ASCII: fit for a header.
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic()));
    // A scheme stands before the first slash, a host behind two; a backslash is a slash to browsers.
    assert!(path.starts_with('/') && !path.starts_with("//"));
    assert!(!path.contains(['\\', '#', '<', '>', '"', '`']));
    // As routes are matched: the same path, no segment that goes up or vanishes.
    let origin = Origin::parse(path).expect("a path of HTTP");
    assert!(origin.is_normalized() || origin.query().is_some());
    for segment in origin.path().raw_segments() {
        assert!(!segment.is_empty() || path.starts_with("/?") || path == "/");
        assert!(segment != "." && segment != ".." && !segment.contains('%'));
    }
}
