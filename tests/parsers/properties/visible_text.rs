//! Text made visible: nothing in it is unseen, it keeps to its length, and made visible again it stays.

use hub::http::shown_text::{MAX_CHARS, shown};
use hub::types::visible::visible;

pub const WORDS: &[&str] = &[
    "a",
    " ",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\u{ad}",
    "\u{e0041}",
    "\u{2028}",
    "\u{1b}[31m",
    "\0",
    "\r\n",
    "\u{9b}",
    "\u{1f980}",
    "<script>",
    "\\u{202e}",
    "{{x}}",
    "e\u{301}",
    "\u{5d0}",
];

pub fn holds(bytes: &[u8]) {
    let (max_chars, text) = super::choice_and_text(bytes);
    let kept = visible(&text, usize::from(max_chars));
    assert!(kept.chars().count() <= usize::from(max_chars));
    assert_all_visible(&kept);
    assert_eq!(visible(&kept, usize::from(max_chars)), kept);
    // Cut, but never changed: what can be seen already stays as it is.
    if !text.chars().any(hides) {
        let beginning: String = text.chars().take(max_chars.into()).collect();
        assert_eq!(kept, beginning);
    }
    let kept = shown(&text);
    assert!(kept.chars().count() <= MAX_CHARS && MAX_CHARS == 256);
    assert_all_visible(&kept);
    assert_eq!(shown(&kept), kept);
}

/// Panics when a character of the text shows nothing or turns others round.
pub fn assert_all_visible(text: &str) {
    let unseen = text.chars().find(|character| hides(*character));
    assert_eq!(unseen, None, "{text:?}");
}

/// What Unicode calls controls, the bidirectional ones and the separators (Unicode Standard Annex 9, 2), and those without width.
fn hides(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || [0xad, 0x61c, 0x180e, 0xfeff].contains(&code)
        || (0x200b..=0x200f).contains(&code)
        || (0x2028..=0x202e).contains(&code)
        || (0x2060..=0x206f).contains(&code)
        || (0xfff9..=0xfffb).contains(&code)
        || (0xe0000..=0xe007f).contains(&code)
}
