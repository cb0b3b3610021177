//! Session ids: one spelling each.

use hub::types::ids::SessionId;

pub const WORDS: &[&str] = &[
    "0123456789abcdef",
    "0000000000000000",
    "7fffffffffffffff",
    "8000000000000000",
    "ABCDEF",
    "+",
    "-",
    "0x",
    " ",
    "a",
    "\u{ff10}",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    if let Ok(id) = text.parse::<SessionId>() {
        assert_eq!(id.to_string(), text);
        assert!(id.get() > 0);
        assert_eq!(SessionId::from_row(id.get()), Some(id));
    }
}
