//! Addresses of webhooks' receivers: `http` or `https`, no user and no fragment in them, in one line of a request, and shown without their query.

use hub::types::target_url::{MAX_BYTES, TargetUrl};

pub const WORDS: &[&str] = &[
    "https://",
    "http://",
    "HTTPS://",
    "ftp://",
    "//",
    "example.com",
    "127.0.0.1",
    "0x7f.1",
    "[::1]",
    "[::ffff:10.0.0.1]",
    "@",
    ":",
    ":443",
    ":0",
    "/",
    "?",
    "?key=QUERY",
    "#",
    "%0d%0a",
    "\r\n",
    "\\",
    " ",
    ".",
    "\u{e9}",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let Ok(url) = TargetUrl::parse(&text) else {
        return;
    };
    assert_eq!(url.whole(), text);
    assert!(text.len() <= MAX_BYTES && !text.contains('#'));
    let lower = text.to_ascii_lowercase();
    assert!(lower.starts_with(if url.is_https() {
        "https://"
    } else {
        "http://"
    }));
    assert!(url.port() > 0);
    // What is sent cannot begin another line or header.
    for sent in [url.path_and_query(), url.host_header()] {
        assert!(!sent.contains(['\r', '\n', ' ', '\t']), "{sent:?}");
    }
    assert!(url.path_and_query().starts_with('/'));
    assert!(!url.host_header().contains(['@', '/', '?']));
    // The host is what stands between the slashes, and nothing else is.
    let rest = lower.split_once("://").expect("a scheme").1;
    let authority = rest.split(['/', '?']).next().expect("a host");
    assert!(!authority.is_empty() && !authority.contains('@'));
    let shown = url.to_string();
    assert!(
        !shown.contains("QUERY")
            || text
                .split('?')
                .next()
                .is_some_and(|path| path.contains("QUERY"))
    );
    assert_eq!(format!("{url:?}"), format!("TargetUrl({shown})"));
}
