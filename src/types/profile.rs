//! What people tell about themselves: a short text and two web addresses.

use std::fmt;

/// Most characters of a bio: about a paragraph, so that lists of users stay small.
pub const MAX_BIO_CHARS: usize = 500;
/// Most bytes of a web address; longer ones are cut by browsers and proxies on the way.
pub const MAX_URL_BYTES: usize = 2_048;

/// A bio: at most [`MAX_BIO_CHARS`] characters, no control characters but line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bio(String);

/// Which rule a bio breaks. The texts are part of the HTTP contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BioError {
    /// More than [`MAX_BIO_CHARS`].
    #[error("Bio must be at most 500 characters")]
    Length,
    /// A control character.
    #[error("Bio must not contain control characters")]
    Characters,
}

impl Bio {
    /// Parses a bio; it is kept exactly as typed.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, BioError> {
        if text.chars().count() > MAX_BIO_CHARS {
            return Err(BioError::Length);
        }
        if text
            .chars()
            .any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        {
            return Err(BioError::Characters);
        }
        Ok(Self(text.to_owned()))
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A web address that is safe to link to: `http` or `https`, with a host, in visible ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl(String);

/// What was given is no web address that we link to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAWebUrl;

impl WebUrl {
    /// Parses an address; it is kept exactly as typed.
    ///
    /// # Errors
    /// When it is not `http://` or `https://` with a host, is longer than [`MAX_URL_BYTES`], names a user, or holds a
    /// character that no address has (RFC 3986, 2), such as a space, a quote or an angle bracket.
    pub fn parse(text: &str) -> Result<Self, NotAWebUrl> {
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| {
                let head = text.get(..scheme.len())?;
                head.eq_ignore_ascii_case(scheme)
                    .then(|| &text[scheme.len()..])
            })
            .ok_or(NotAWebUrl)?;
        let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let host = &rest[..host_end];
        let visible = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        let good = text.len() <= MAX_URL_BYTES
            && text.bytes().all(visible)
            && !host.contains('@')
            && host.bytes().any(|byte| byte.is_ascii_alphanumeric());
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAWebUrl)
        }
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bio, BioError, MAX_BIO_CHARS, WebUrl};

    #[test]
    fn a_bio_is_a_paragraph_of_text() {
        assert!(Bio::parse("Hello,\nworld — 🦀").is_ok());
        assert!(Bio::parse(&"ü".repeat(MAX_BIO_CHARS)).is_ok());
        assert_eq!(
            Bio::parse(&"ü".repeat(MAX_BIO_CHARS + 1)),
            Err(BioError::Length)
        );
        assert_eq!(Bio::parse("a\0b"), Err(BioError::Characters));
        assert_eq!(Bio::parse("a\u{1b}[31m"), Err(BioError::Characters));
    }

    #[test]
    fn only_addresses_that_are_safe_to_link_to_pass() {
        for good in [
            "https://example.com",
            "http://localhost:3000/a?b=c#d",
            "HTTPS://Example.com/%C3%BC",
            "https://[::1]/",
        ] {
            assert!(WebUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://",
            "https:///path",
            "example.com",
            "//example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@example.com",
            "https://exa mple.com",
            "https://example.com/\"onload=",
            "https://example.com/<b>",
            "https://example.com\\@evil.example",
            " https://example.com",
            "https://bücher.example",
        ] {
            assert!(WebUrl::parse(bad).is_err(), "{bad:?}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2_048));
        assert!(WebUrl::parse(&long).is_err());
    }
}
