//! `Host`: what passes for this very machine is a name or an address of it and nothing else.

use std::net::{IpAddr, Ipv6Addr};

use hub::http::cookies::{is_loopback, without_port};

pub const WORDS: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.9.9.9",
    "[::1]",
    "::1",
    "[::ffff:127.0.0.1]",
    ":8000",
    ":",
    "[",
    "]",
    "@",
    ".example",
    ".",
    "0x7f.1",
    "2130706433",
    "%",
    " ",
    "/",
    "\u{3002}",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let bare = without_port(&text);
    let port = text.strip_prefix(bare).expect("the beginning of it");
    assert!(port.is_empty() || port.starts_with(':'));
    assert!(port.bytes().skip(1).all(|byte| byte.is_ascii_digit()));
    if is_loopback(bare) {
        let in_brackets = bare
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let address = match in_brackets {
            Some(inside) => inside.parse::<Ipv6Addr>().map(IpAddr::from),
            None => bare.parse::<IpAddr>(),
        };
        let own = address.is_ok_and(|address| address.to_canonical().is_loopback());
        assert!(own || bare.eq_ignore_ascii_case("localhost"), "{bare:?}");
    }
}
