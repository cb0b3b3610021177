//! Places in the feed of revocations, as readers name them when they come back: one spelling each.

use hub::features::revocations::model::{MARK_BYTES, Place};

pub const WORDS: &[&str] = &[
    "57-00010203040506ff",
    "1-",
    "9223372036854775807-",
    "9223372036854775808-",
    "0123456789abcdef",
    "00000000",
    "ABCDEF",
    "-",
    "+",
    "0",
    " ",
    "\n",
    "\u{ff15}",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    if let Some(place) = Place::parse(&text) {
        assert!(place.number > 0);
        assert_eq!(place.to_string(), text);
    }
    // Whatever the bytes are, the place that they make is read back, and nothing that has it as a part is.
    if let [head @ .., _, _, _, _, _, _, _, _] = bytes {
        let mark: [u8; MARK_BYTES] = bytes[head.len()..].try_into().expect("eight bytes");
        let number = head
            .iter()
            .take(7)
            .fold(1, |number, byte| number * 256 + i64::from(*byte));
        let place = Place { number, mark };
        let written = place.to_string();
        assert_eq!(Place::parse(&written), Some(place));
        for other in [
            format!("{written}0"),
            format!("0{written}"),
            format!("{written}\n"),
        ] {
            assert_eq!(Place::parse(&other), None, "{other:?}");
        }
    }
}
