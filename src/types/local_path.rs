//! A path of this Hub, as `?next=` names one: nothing that could lead a browser anywhere else.

use std::fmt;
use std::str::FromStr;

/// Longest path taken: a hundred ticked sessions on a list with every filter set have three quarters of it.
const MAX_PATH_BYTES: usize = 4_096;

/// A path with its query, from the root of this Hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPath(String);

/// What was given may lead somewhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of this Hub")]
pub struct NotLocal;

impl LocalPath {
    /// A path that this program itself wrote down.
    #[must_use]
    pub fn known(path: &'static str) -> Self {
        Self(path.to_owned())
    }

    /// The text, fit for a `Location` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for LocalPath {
    type Err = NotLocal;

    /// Takes only what every browser reads in the same way: one slash first, then the plain characters of RFC 3986, no empty and no dotted segment.
    /// Browsers drop tabs and line ends, take a backslash for a slash and two slashes for a host; none of these gets through.
    fn from_str(text: &str) -> Result<Self, NotLocal> {
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?&=%:+,@!$'()*;".contains(&byte);
        if text.len() > MAX_PATH_BYTES || !text.starts_with('/') || !text.bytes().all(plain) {
            return Err(NotLocal);
        }
        let path = text.split('?').next().unwrap_or_default();
        let mut segments = path.split('/').skip(1).peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            let empty = segment.is_empty() && !(last && path == "/");
            // Encoded slashes, backslashes and dots are the same to some proxies.
            if empty
                || segment.contains('%')
                || segment.bytes().all(|byte| byte == b'.') && !segment.is_empty()
            {
                return Err(NotLocal);
            }
        }
        // An API answer is no page, and to be signed out by a link would be a trap.
        let first = path.split('/').nth(1).unwrap_or_default();
        if matches!(first, "api" | "static" | "logout") {
            return Err(NotLocal);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::LocalPath;

    #[test]
    fn pages_of_the_hub_pass_with_their_queries() {
        for path in [
            "/",
            "/admin",
            "/admin/sessions?q=user%3Aann&status=active&sort=-used",
            "/admin/sessions/00000000000000ff",
            "/account?x=//evil.example",
        ] {
            let parsed: LocalPath = path.parse().expect(path);
            assert_eq!(parsed.as_str(), path);
        }
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_refused() {
        for path in HOSTILE {
            assert!(path.parse::<LocalPath>().is_err(), "{path:?}");
        }
    }

    #[test]
    fn the_longest_path_passes_and_one_more_byte_does_not() {
        let longest = format!("/{}", "a".repeat(super::MAX_PATH_BYTES - 1));
        assert!(longest.parse::<LocalPath>().is_ok());
        assert!(format!("{longest}a").parse::<LocalPath>().is_err());
    }

    const HOSTILE: &[&str] = &[
        "",
        " /admin",
        "admin",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "/\r\nLocation: https://evil.example",
        "\t//evil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "/%0d%0aSet-Cookie:a=b",
        "/%2f/evil.example",
        "/%2F%2Fevil.example",
        "/%5cevil.example",
        "/%5C%5Cevil.example",
        "/./evil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/admin/../../evil.example",
        "/admin/..//evil.example",
        "/admin//evil.example",
        "/admin/",
        "/%2e%2e//evil.example",
        "/%2e/",
        "https://evil.example",
        "https:evil.example",
        "https:/evil.example",
        "HTTPS://evil.example",
        "http://127.0.0.1:8000@evil.example",
        "http://127.0.0.1:8000.evil.example",
        "//127.0.0.1:8000@evil.example",
        "//evil.example/%2f..",
        "//evil%00.example",
        "//evil.example.",
        "//evil.example:80",
        "//EVIL.example",
        "//xn--80ak6aa92e.example",
        "//[::1]",
        "//0x7f000001",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "/admin#//evil.example",
        "#https://evil.example",
        "?next=https://evil.example",
        "/\u{2044}/evil.example",
        "/\u{ff0f}evil.example",
        "\u{feff}//evil.example",
        "/\0/evil.example",
        "/admin\u{202e}",
        "/<script>",
        "/\"onmouseover=",
        "/api/auth/sessions",
        "/static/x",
        "/logout",
        "/..",
        "/.",
    ];
}
