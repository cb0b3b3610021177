//! Text that shows all of itself: what a stranger wrote, made fit for any page, log or terminal.

/// The text, cut to `max_chars` characters. Control, bidirectional and other invisible characters become escapes such as `\u{202e}`;
/// the cut is never inside an escape. What has been through this once is not changed by it again.
#[must_use]
pub fn visible(text: &str, max_chars: usize) -> String {
    let mut kept = String::new();
    let mut left = max_chars;
    for character in text.chars() {
        let escaped = is_invisible(character).then(|| character.escape_unicode());
        let length = escaped.as_ref().map_or(1, ExactSizeIterator::len);
        if length > left {
            break;
        }
        left -= length;
        match escaped {
            Some(escape) => kept.extend(escape),
            None => kept.push(character),
        }
    }
    kept
}

/// Whether a character shows nothing itself or changes how others are shown: escapes for these only, so names in any script stay.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' // soft hyphen
                | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // bidirectional
                | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}' // no width
                | '\u{2028}' | '\u{2029}' // line and paragraph separators
                | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' // old format controls, tags
        )
}
