//! The name of a host as a URL or a `Host` header gives it, compared as a value and never as text.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest host name that the domain name system carries.
const MAX_HOST_BYTES: usize = 253;

/// A host: an address, or a name in lower case. (Names beyond ASCII come here as the `xn--` forms that browsers send.)
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostName {
    /// An address, whatever name led to it.
    Address(IpAddr),
    /// A name that somebody has to look up.
    Name(String),
}

impl HostName {
    /// Reads a host as browsers write it, an IPv6 address in brackets; nothing if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        // A host that ends in a number is an IPv4 address or nothing: browsers judge it the same way.
        let ends_in_number = text
            .rsplit('.')
            .next()
            .is_some_and(|label| label.chars().all(|c| c.is_ascii_digit()));
        if ends_in_number {
            let address: Ipv4Addr = text.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        let valid = text.len() <= MAX_HOST_BYTES && text.split('.').all(is_label);
        valid.then(|| Self::Name(text.to_ascii_lowercase()))
    }

    /// Whether it means this machine, whoever is asked for it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.to_canonical().is_loopback(),
            Self::Name(name) => name == "localhost",
        }
    }
}

fn is_label(label: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(known)
}

impl fmt::Display for HostName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(out, "[{address}]"),
            Self::Address(IpAddr::V4(address)) => write!(out, "{address}"),
            Self::Name(name) => out.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HostName;

    #[test]
    fn a_host_has_one_form_however_it_is_written() {
        for (text, form) in [
            ("Hub.Example.COM", "hub.example.com"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("my_host.local", "my_host.local"),
            ("127.0.0.1", "127.0.0.1"),
            ("[0:0::1]", "[::1]"),
            ("[::FFFF:127.0.0.1]", "[::ffff:127.0.0.1]"),
        ] {
            let host = HostName::parse(text).expect(text);
            assert_eq!(host.to_string(), form);
        }
    }

    #[test]
    fn what_is_no_host_is_nothing() {
        let long = "a".repeat(254);
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-",
            "a b",
            "a:80",
            "a@b",
            "ä.example",
            "%61",
            "1.2.3",
            "127.1",
            "2130706433",
            "0x7f.1.2.3.4",
            "1.2.3.256",
            "[::1",
            "::1",
            "[1.2.3.4]",
            "[fe80::1%25eth0]",
            "a,b",
            "a/b",
            &long,
        ] {
            assert_eq!(HostName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for text in [
            "localhost",
            "LOCALHOST",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(HostName::parse(text).expect(text).is_loopback(), "{text}");
        }
        for text in [
            "hub.example",
            "localhost.example",
            "a.localhost",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
        ] {
            assert!(!HostName::parse(text).expect(text).is_loopback(), "{text}");
        }
    }
}
