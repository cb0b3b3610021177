//! What a client sent, as pages and exports show it: a name, an address, a profile field. Escaping for HTML is the template's.

use crate::types::visible::visible;

/// Most characters of one text that a page shows: enough for any honest one.
pub const MAX_CHARS: usize = 256;

/// The text, cut to [`MAX_CHARS`], its invisible characters shown as escapes.
#[must_use]
pub fn shown(text: &str) -> String {
    visible(text, MAX_CHARS)
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, shown};

    #[test]
    fn plain_text_stays_and_the_invisible_is_shown() {
        for (sent, kept) in [
            (" <b>'é🦀'</b> & \"x\" ", " <b>'é🦀'</b> & \"x\" "),
            ("a\u{202e}b\0\n", r"a\u{202e}b\u{0}\u{a}"),
            ("", ""),
        ] {
            assert_eq!(shown(sent), kept);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(&"🦀".repeat(5_000)).chars().count(), MAX_CHARS);
    }
}
