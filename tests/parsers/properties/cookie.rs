//! The `Cookie` header: a value counts when its cookie stands there once, in its exact name; what we set reads back.

use hub::http::cookies::{Cookie, Naming};
use hub::types::entropy::SeededEntropy;
use hub::types::held_value::HeldValue;
use rocket::http::Header;

use super::stage;

pub const WORDS: &[&str] = &[
    "hub_session",
    "__Host-hub_session",
    "__host-hub_session",
    "hub_admin",
    "=",
    ";",
    "; ",
    "\n",
    "\t",
    "\"",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$Version=1",
    ",",
    " ",
    "\u{a0}",
];

/// One header a line.
pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    for naming in [Naming::Plain, Naming::HostPrefix] {
        for cookie in [Cookie::Session, Cookie::Admin] {
            check(&text, naming, cookie);
        }
    }
    if let Some(value) = HeldValue::parse(&text) {
        assert_eq!(value.reveal(), text);
        assert!(text.len() == 43 && !text.contains([';', '=', ' ', '"']));
    }
}

fn check(text: &str, naming: Naming, cookie: Cookie) {
    let wanted = format!("{}=", naming.name(cookie));
    let pairs: Vec<&str> = text
        .split(['\n', ';'])
        .map(|pair| pair.trim_matches([' ', '\t']))
        .filter(|pair| pair.starts_with(&wanted))
        .collect();
    let found = read(text, naming, cookie);
    match pairs[..] {
        [only] => assert_eq!(found.as_deref(), only.strip_prefix(&*wanted)),
        // None, or two of which nobody knows which is ours.
        _ => assert_eq!(found, None),
    }
    // Ours, set beside whatever stands there, reads back unless there is one of its name already.
    let value = HeldValue::generate(&SeededEntropy::new(3));
    let set = naming.set(cookie, value.reveal(), None);
    let ours = set.split(';').next().expect("a pair");
    let beside = read(&format!("{text}\n{ours}"), naming, cookie);
    let expected = pairs.is_empty().then(|| value.reveal().to_owned());
    assert_eq!(beside, expected);
}

fn read(text: &str, naming: Naming, cookie: Cookie) -> Option<String> {
    stage::with_client(|client| {
        let mut request = client.get("/");
        for header in text.split('\n') {
            request.add_header(Header::new("Cookie", header.to_owned()));
        }
        naming.read(request.inner(), cookie).map(str::to_owned)
    })
}
