//! Web addresses without a path: the public URL and the origins that may call the API.

use std::fmt;
use std::net::SocketAddr;

use serde::Deserializer;

use super::network::Bind;
use super::reading::{list, parsed, quoted};
use super::settings::Setting;
use crate::types::host::HostName;

// The default follows `bind`, so that a first start works without any setting.
pub(super) const PUBLIC_URL: Setting = Setting::plain(
    "public_url",
    "HUB_PUBLIC_URL",
    "http://127.0.0.1:8000",
    "Address that browsers use, without a path; unset: the value of bind behind http://, or behind https:// with TLS.",
);

// Nobody: a page of another origin reads the API only when it is invited.
pub(super) const CORS_ORIGINS: Setting = Setting::plain(
    "cors_origins",
    "HUB_CORS_ORIGINS",
    "",
    "Exact web origins whose pages may call /api/*, like https://app.example.com.",
);

// None: the public URL's host is known by itself, and any other name may be somebody else's.
pub(super) const ALLOWED_HOSTS: Setting = Setting::plain(
    "allowed_hosts",
    "HUB_ALLOWED_HOSTS",
    "",
    "Further host names that requests may name, without scheme and port, like hub.lan.",
);

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// Scheme, host and port of a web server, in the form in which browsers send it as `Origin`:
/// lower case, without the scheme's own port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WebAddress {
    text: String,
    host: HostName,
    port: u16,
    https: bool,
}

impl WebAddress {
    /// The address of a server that listens on `address`, with TLS if `https`. One that listens on no address but a Unix
    /// socket goes by the name of the machine that it is on: browsers need a proxy to reach it.
    #[must_use]
    pub fn listening_on(address: Option<SocketAddr>, https: bool) -> Self {
        let host = match address {
            Some(address) => HostName::Address(address.ip()),
            None => HostName::Name("localhost".to_owned()),
        };
        Self::new(https, host, address.map(|address| address.port()))
    }

    /// The whole address, `https://hub.example.com`, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host alone.
    #[must_use]
    pub fn host(&self) -> &HostName {
        &self.host
    }

    /// The port, also where the address leaves it out.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether browsers reach it through TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    fn new(https: bool, host: HostName, port: Option<u16>) -> Self {
        let (scheme, own_port) = if https {
            ("https", HTTPS_PORT)
        } else {
            ("http", HTTP_PORT)
        };
        let port = port.unwrap_or(own_port);
        let text = if port == own_port {
            format!("{scheme}://{host}")
        } else {
            format!("{scheme}://{host}:{port}")
        };
        Self {
            text,
            host,
            port,
            https,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse_without_slash(text, text)
    }

    /// Parses `address`; an error shows it as it was `written`.
    fn parse_without_slash(address: &str, written: &str) -> Result<Self, String> {
        // First of all, and without the text: a password may stand in it.
        if address.contains('@') {
            return Err("the address carries a user or a password; leave it out".to_owned());
        }
        let wrong = |what: &str| {
            let shown = quoted(written);
            Err(format!(
                "{shown} {what}; write it like https://hub.example.com"
            ))
        };
        let Some((scheme, rest)) = address.split_once("://") else {
            return wrong("does not begin with http:// or https://");
        };
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return wrong("does not begin with http:// or https://"),
        };
        if rest.contains(['/', '\\', '?', '#']) {
            return wrong("has something behind host and port");
        }
        let (host, port) = split_port(rest);
        let port = match port {
            None => None,
            Some(digits) if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) => {
                match digits.parse() {
                    Ok(port) => Some(port),
                    Err(_) => return wrong("has a port above 65535"),
                }
            }
            Some(_) => return wrong("has a port that is no number"),
        };
        match HostName::parse(host) {
            Some(host) => Ok(Self::new(https, host, port)),
            None => wrong("has no valid host name"),
        }
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// The public URL that follows from the text of `bind`, if that can be read.
pub(super) fn listening_on_text(bind: &str, https: bool) -> Option<String> {
    let address = match Bind::parse(bind).ok()? {
        Bind::Address(address) => Some(address),
        Bind::Unix(_) | Bind::Systemd => None,
    };
    Some(WebAddress::listening_on(address, https).text)
}

pub(super) fn public_url<'de, D: Deserializer<'de>>(given: D) -> Result<WebAddress, D::Error> {
    // A slash at the end means the same and is what browsers show.
    parsed(given, |text| {
        let bare = text.strip_suffix('/');
        let bare = bare.filter(|bare| !bare.ends_with('/')).unwrap_or(text);
        WebAddress::parse_without_slash(bare, text)
    })
}

pub(super) fn cors_origins<'de, D: Deserializer<'de>>(
    given: D,
) -> Result<Vec<WebAddress>, D::Error> {
    list(given, |entry| {
        if entry.contains('*') {
            return Err(format!(
                "{} is a pattern; list each origin exactly, like https://app.example.com",
                quoted(entry)
            ));
        }
        WebAddress::parse(entry)
    })
}

pub(super) fn allowed_hosts<'de, D: Deserializer<'de>>(
    given: D,
) -> Result<Vec<HostName>, D::Error> {
    list(given, |entry| {
        HostName::parse(entry).ok_or_else(|| {
            format!(
                "{} is not a host name; write it in ASCII (xn--… for others), without scheme, port and dot at the end, like hub.lan",
                quoted(entry)
            )
        })
    })
}

/// Splits `host:port`; colons inside brackets belong to the host.
fn split_port(rest: &str) -> (&str, Option<&str>) {
    match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    }
}

#[cfg(test)]
mod tests {
    use super::WebAddress;

    #[test]
    fn an_address_takes_the_form_that_browsers_send() {
        for (text, form) in [
            ("HTTPS://App.Example.COM", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:8000", "http://localhost:8000"),
            ("http://127.0.0.1:443", "http://127.0.0.1:443"),
            ("https://[0:0::1]:8443", "https://[::1]:8443"),
            ("http://my_host.local", "http://my_host.local"),
        ] {
            let address = WebAddress::parse(text).expect(text);
            assert_eq!(address.as_str(), form);
            assert_eq!(address.to_string(), form);
        }
    }

    #[test]
    fn the_port_is_known_also_where_it_is_left_out() {
        let address = WebAddress::parse("https://[::1]").expect("an address");
        assert_eq!(
            (
                address.host().to_string(),
                address.port(),
                address.is_https()
            ),
            ("[::1]".to_owned(), 443, true)
        );
        let address = WebAddress::parse("http://a.example").expect("an address");
        assert_eq!(
            (
                address.host().to_string(),
                address.port(),
                address.is_https()
            ),
            ("a.example".to_owned(), 80, false)
        );
    }

    #[test]
    fn what_is_more_or_less_than_scheme_host_and_port_is_refused() {
        for text in [
            "",
            "null",
            "example.com",
            "https://",
            "https:/a",
            "ftp://a",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://a\\b",
            "https://:80",
            "https://a:",
            "https://a:+80",
            "https://a:65536",
            "https://a..b",
            "https://-a",
            "https://a b",
            "https://ä.example",
            "https://[::1",
            "https://::1",
            "https://[::1]x",
            "https://[1.2.3.4]",
            "https://1.2.3",
            "https://1.2.3.256",
            "https://a\n",
            "https://a,b",
            "https://*.example.com",
            "https://a:80:80",
            "https://a//",
        ] {
            let fault = WebAddress::parse(text).expect_err(text);
            assert!(
                fault.ends_with("; write it like https://hub.example.com"),
                "{fault}"
            );
        }
    }
}
