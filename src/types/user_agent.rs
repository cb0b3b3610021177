//! What a client calls itself (its `User-Agent`): made safe to print when it comes in, and named in a few words of our own.

mod device;

use std::borrow::Cow;

use crate::types::token::SERVICE_TOKEN_BEGIN;
use crate::types::visible::visible;

/// Most characters (Unicode scalar values) that are kept: real browsers need about 120, and pages have to show it.
pub const MAX_CHARS: usize = 256;

/// A `User-Agent`, fit for any page, log or terminal: at most [`MAX_CHARS`] characters, none of them invisible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// Takes what the client sent, but for tokens in it: a header filled from the wrong variable would stand in rows, exports and backups
    /// for as long as they are kept. Control, bidirectional and other invisible characters become escapes such as `\u{202e}`;
    /// then the text is cut, never inside an escape. What has been parsed once is not changed by parsing it again.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        // After the cut, so that a megabyte of blanks costs no more than any other text.
        Self(without_tokens(visible(text, MAX_CHARS).trim()))
    }

    /// The text as it stands in a row. It was parsed before it got there and would stay as it is; parsed again, a row that
    /// somebody changed by hand is as safe to print as any other.
    #[must_use]
    pub fn from_row(text: String) -> Self {
        Self::parse(&text)
    }

    /// A client that says nothing about itself: the empty text.
    #[must_use]
    pub const fn unknown() -> Self {
        Self(String::new())
    }

    /// The text as it may be shown; empty when the client sent none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A coarse name such as `Firefox on Linux` or `curl`, made of words from our own tables only: nothing that a client sent is
    /// ever in it. A client can lie here, so this is for people to recognise, never for a decision.
    #[must_use]
    pub fn device(&self) -> Cow<'static, str> {
        device::name(&self.0)
    }
}

/// How every token of the Hub begins, and those of most others (`{"` in base64); and those of services.
const TOKENS_BEGIN: [&str; 2] = ["eyJ", SERVICE_TOKEN_BEGIN];
/// Characters of a run that begins so and still is a word.
const MAX_WORD_CHARS: usize = 16;
/// What stands in a token's place.
const TAKEN_OUT: &str = "(token)";

/// The text with every token, also one that was cut off, taken out. Never longer than it was.
fn without_tokens(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let first = |rest: &str| {
        let found = TOKENS_BEGIN.iter().filter_map(|begin| rest.find(begin));
        found.min()
    };
    while let Some(at) = first(rest) {
        let (before, from) = rest.split_at(at);
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '=');
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        kept.push_str(before);
        kept.push_str(if run.len() > MAX_WORD_CHARS {
            TAKEN_OUT
        } else {
            run
        });
        rest = after;
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, UserAgent};

    #[test]
    fn what_shows_nothing_becomes_a_visible_escape() {
        for (sent, kept) in [
            ("a\u{202e}b", r"a\u{202e}b"),
            (
                "a\0\r\n\tb\x1b[31m\x7f\u{9b}",
                r"a\u{0}\u{d}\u{a}\u{9}b\u{1b}[31m\u{7f}\u{9b}",
            ),
            (
                "\u{200b}\u{2066}\u{feff}\u{e0041}",
                r"\u{200b}\u{2066}\u{feff}\u{e0041}",
            ),
            (
                "<script>alert('é🦀')</script> {{x}}",
                "<script>alert('é🦀')</script> {{x}}",
            ),
        ] {
            assert_eq!(UserAgent::parse(sent).as_str(), kept);
        }
    }

    #[test]
    fn the_text_is_cut_at_256_characters_and_never_inside_an_escape() {
        for length in [0, 1, 255, 256, 257, 5_000] {
            let kept = UserAgent::parse(&"🦀".repeat(length));
            assert_eq!(kept.as_str().chars().count(), length.min(MAX_CHARS));
        }
        for visible in 240..=256 {
            let kept =
                UserAgent::parse(&format!("{}{}", "a".repeat(visible), "\u{202e}".repeat(3)));
            let escapes = (MAX_CHARS - visible) / r"\u{202e}".len();
            assert_eq!(
                kept.as_str(),
                "a".repeat(visible) + &r"\u{202e}".repeat(escapes)
            );
        }
    }

    #[test]
    fn what_was_parsed_once_stays_as_it_is() {
        for sent in [
            "\u{7}\u{202e}x".repeat(99),
            "  curl/8 \u{a0}".into(),
            "é ".repeat(300),
        ] {
            let once = UserAgent::parse(&sent);
            assert_eq!(UserAgent::parse(once.as_str()), once);
            assert_eq!(UserAgent::from_row(once.as_str().to_owned()), once);
        }
    }

    #[test]
    fn a_token_in_it_is_taken_out_whole_or_cut_off() {
        let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
        let token = format!("{header}.eyJ1c2VyX2lkIjoxfQ.q83vASNFZ4mrze8BI0VniavN7wE");
        for (sent, kept) in [
            (token.clone(), "(token)".to_owned()),
            (
                format!("app/1.0 (Bearer {token}) x"),
                "app/1.0 (Bearer (token)) x".to_owned(),
            ),
            (format!("{token} {token}"), "(token) (token)".to_owned()),
            (format!("é{header}"), "é(token)".to_owned()),
            (
                format!("{} {token}", "a".repeat(230)),
                format!("{} (token)", "a".repeat(230)),
            ),
            (
                format!("shop/2 hubsvc_12_{} {token}", "0a".repeat(32)),
                "shop/2 (token) (token)".to_owned(),
            ),
            (
                "eyJay/2.0 Heyjude".to_owned(),
                "eyJay/2.0 Heyjude".to_owned(),
            ),
        ] {
            let once = UserAgent::parse(&sent);
            assert_eq!(once.as_str(), kept);
            assert_eq!(UserAgent::parse(once.as_str()), once);
        }
    }

    #[test]
    fn a_client_that_says_nothing_is_unknown() {
        for sent in ["", " ", "   \u{a0} "] {
            assert_eq!(UserAgent::parse(sent), UserAgent::unknown());
        }
        assert_eq!(UserAgent::unknown().as_str(), "");
        assert_eq!(UserAgent::unknown().device(), "Unknown device");
    }

    #[test]
    fn ten_megabytes_keep_no_more_than_256_characters_in_memory() {
        for filling in ["a", " ", "\0", "🦀", "curl/"] {
            let kept = UserAgent::parse(&filling.repeat(10_000_000 / filling.len()));
            assert!(kept.0.capacity() <= MAX_CHARS * 4);
        }
    }
}
