//! The address of a webhook's receiver. Its query may hold a secret of the receiver's, so it is shown without it, and never logged.

use std::fmt;

use hyper::Uri;

use crate::types::host::HostName;

/// Longest address: no receiver needs more, and every browser and proxy takes it.
pub const MAX_BYTES: usize = 2_000;
/// Most characters of a path that are shown: a secret may stand in it, too.
const SHOWN_PATH_CHARS: usize = 24;

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// An `http://` or `https://` address with a path and a query, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetUrl {
    text: String,
    host: HostName,
    port: u16,
    is_https: bool,
    path: String,
    query: Option<String>,
}

/// Why an address is none for a webhook. It never repeats the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATargetUrl {
    /// It is too long.
    #[error("The address is longer than 2,000 bytes")]
    TooLong,
    /// It names a user or a password.
    #[error("The address carries a user or a password; leave it out")]
    Credentials,
    /// It has something behind `#`.
    #[error("The address has a fragment (what stands behind #); leave it out")]
    Fragment,
    /// It begins with something else.
    #[error("The address does not begin with https://")]
    Scheme,
    /// It is no address.
    #[error("That is no address of a receiver; write it like https://example.com/hooks/hub")]
    Malformed,
}

impl TargetUrl {
    /// Parses an address.
    ///
    /// # Errors
    /// See [`NotATargetUrl`].
    pub fn parse(text: &str) -> Result<Self, NotATargetUrl> {
        if text.len() > MAX_BYTES {
            return Err(NotATargetUrl::TooLong);
        }
        if text.contains('#') {
            return Err(NotATargetUrl::Fragment);
        }
        if !text.is_ascii() {
            return Err(NotATargetUrl::Malformed);
        }
        let uri: Uri = text.parse().map_err(|_| NotATargetUrl::Malformed)?;
        let is_https = match uri.scheme_str() {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => true,
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => false,
            _ => return Err(NotATargetUrl::Scheme),
        };
        let authority = uri.authority().ok_or(NotATargetUrl::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(NotATargetUrl::Credentials);
        }
        let host = HostName::parse(authority.host()).ok_or(NotATargetUrl::Malformed)?;
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") if is_https => HTTPS_PORT,
            Some("") => HTTP_PORT,
            Some(rest) => port(rest).ok_or(NotATargetUrl::Malformed)?,
            None => return Err(NotATargetUrl::Malformed),
        };
        Ok(Self {
            text: text.to_owned(),
            host,
            port,
            is_https,
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    /// As it was typed, whole: for the database and for nobody's eyes.
    #[must_use]
    pub fn whole(&self) -> &str {
        &self.text
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &HostName {
        &self.host
    }

    /// The port, also where the address leaves it out.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is reached through TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// What stands in the first line of a request.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        match &self.query {
            None => self.path.clone(),
            Some(query) => format!("{}?{query}", self.path),
        }
    }

    /// What stands in the `Host` header: without the scheme's own port.
    #[must_use]
    pub fn host_header(&self) -> String {
        match (self.is_https, self.port) {
            (true, HTTPS_PORT) | (false, HTTP_PORT) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

/// A port behind its colon.
fn port(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(':')?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_number && *port > 0)
}

/// As people see it: without its query, and a long path cut.
impl fmt::Display for TargetUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.host_header())?;
        match self.path.char_indices().nth(SHOWN_PATH_CHARS) {
            Some((end, _)) => write!(formatter, "{}…", &self.path[..end])?,
            None => formatter.write_str(&self.path)?,
        }
        match self.query {
            None => Ok(()),
            Some(_) => formatter.write_str("?…"),
        }
    }
}

impl fmt::Debug for TargetUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TargetUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, NotATargetUrl, TargetUrl};

    #[test]
    fn an_address_is_taken_apart_and_shown_without_its_query() {
        for (typed, host, port, path, shown) in [
            (
                "https://example.com",
                "example.com",
                443,
                "/",
                "https://example.com/",
            ),
            (
                "https://Example.com:443/a?token=s3cret",
                "example.com",
                443,
                "/a?token=s3cret",
                "https://example.com/a?…",
            ),
            (
                "http://[::1]:8080/hook",
                "[::1]:8080",
                8080,
                "/hook",
                "http://[::1]:8080/hook",
            ),
            (
                "https://10.0.0.1/0123456789abcdef0123456789",
                "10.0.0.1",
                443,
                "/0123456789abcdef0123456789",
                "https://10.0.0.1/0123456789abcdef0123456…",
            ),
        ] {
            let url = TargetUrl::parse(typed).expect(typed);
            assert_eq!((url.host_header().as_str(), url.port()), (host, port));
            assert_eq!(url.path_and_query(), path);
            assert_eq!(url.to_string(), shown);
            assert_eq!(url.whole(), typed);
            assert_eq!(url.is_https(), typed.starts_with("https"));
            assert!(!format!("{url:?}").contains("s3cret"));
        }
        let plain = TargetUrl::parse("http://a.example").expect("an address");
        assert_eq!(plain.port(), 80);
    }

    #[test]
    fn nothing_else_is_taken() {
        let long = format!("https://a.example/{}", "x".repeat(MAX_BYTES));
        for (typed, why) in [
            (long.as_str(), NotATargetUrl::TooLong),
            ("https://a.example/#part", NotATargetUrl::Fragment),
            ("https://user@a.example/", NotATargetUrl::Credentials),
            ("https://user:word@a.example/", NotATargetUrl::Credentials),
            ("ftp://a.example/", NotATargetUrl::Scheme),
            ("a.example", NotATargetUrl::Scheme),
            ("/hook", NotATargetUrl::Scheme),
            ("", NotATargetUrl::Malformed),
            ("https://", NotATargetUrl::Malformed),
            ("https:///hook", NotATargetUrl::Malformed),
            ("https://a.example:/", NotATargetUrl::Malformed),
            ("https://a.example:0/", NotATargetUrl::Malformed),
            ("https://a.example:65536/", NotATargetUrl::Malformed),
            ("https://a.example:+1/", NotATargetUrl::Malformed),
            ("https://a b.example/", NotATargetUrl::Malformed),
            ("https://a.example/a b", NotATargetUrl::Malformed),
            ("https://ä.example/", NotATargetUrl::Malformed),
            ("https://a..example/", NotATargetUrl::Malformed),
            ("https://1.2.3/", NotATargetUrl::Malformed),
            ("https://a.example/\r\nX: y", NotATargetUrl::Malformed),
        ] {
            assert_eq!(TargetUrl::parse(typed), Err(why), "{typed:?}");
        }
    }
}
