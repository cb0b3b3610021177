//! Which addresses a webhook may lead to: public ones, and those that the configuration allows. Pure.
//!
//! Judged is the address that is connected to, after its name was resolved: whatever a name says at another time makes no difference.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::types::host::HostName;
use crate::types::target_url::TargetUrl;

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length)
}

/// Networks of IPv4 that are not the internet (the special-purpose registry, RFC 6890 and later), and what clouds hide behind public addresses.
const NOT_PUBLIC: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "an address of this machine"),
    (v4(10, 0, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 0, 10), "an address behind a provider's NAT"),
    (v4(127, 0, 0, 0, 8), "an address of this machine"),
    // Clouds tell a machine's credentials at 169.254.169.254.
    (v4(169, 254, 0, 0, 16), "a link-local address"),
    (v4(172, 16, 0, 0, 12), "a private address"),
    // At 192.0.0.192, too.
    (v4(192, 0, 0, 0, 24), "a reserved address"),
    (v4(192, 0, 2, 0, 24), "an address for documentation"),
    (v4(192, 88, 99, 0, 24), "a relay's address"),
    (v4(192, 168, 0, 0, 16), "a private address"),
    (v4(198, 18, 0, 0, 15), "an address for benchmarks"),
    (v4(198, 51, 100, 0, 24), "an address for documentation"),
    (v4(203, 0, 113, 0, 24), "an address for documentation"),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(240, 0, 0, 0, 4), "a reserved address"),
    // A public address that every machine in Azure reaches its host at.
    (v4(168, 63, 129, 16, 32), "a cloud's own address"),
];

/// The part of IPv6 that is given out at all. Outside it are loopback, link-local, unique-local and multicast addresses, and the forms of IPv4 addresses.
const GIVEN_OUT: Ipv6Net = v6(0x2000, 0, 3);
/// Networks within it that are not the internet.
const NOT_PUBLIC_V6: &[(Ipv6Net, &str)] = &[
    // Teredo, benchmarks, ORCHID and other protocols.
    (v6(0x2001, 0, 23), "a reserved address"),
    (v6(0x2001, 0x0db8, 32), "an address for documentation"),
    // An IPv4 address stands in it, reached through anybody's relay.
    (v6(0x2002, 0, 16), "a relay's address"),
    (v6(0x3fff, 0, 20), "an address for documentation"),
];
/// IPv4 addresses as machines without IPv4 reach them (RFC 6052): the last 32 bits are the address.
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Why an address is not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The address.
    pub address: IpAddr,
    /// What it is.
    pub because: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the address {} is not connected to: it is {}, and webhooks.allowed_networks does not name it",
            self.address, self.because
        )
    }
}

/// Judges an address. Without TLS only those are connected to that the configuration names: who listens on the way reads everything.
///
/// # Errors
/// Why it is refused.
pub fn judge(address: IpAddr, is_https: bool, allowed: &[IpNet]) -> Result<(), Refused> {
    let address = address.to_canonical();
    if allowed.iter().any(|network| network.contains(&address)) {
        return Ok(());
    }
    let because = match address {
        IpAddr::V4(address) => not_public(address),
        IpAddr::V6(address) => not_public_v6(address),
    };
    match because {
        Some(because) => Err(Refused { address, because }),
        None if is_https => Ok(()),
        None => Err(Refused {
            address,
            because: "a public address without TLS (http://)",
        }),
    }
}

/// Judges what is known of a target without asking what its name means.
///
/// # Errors
/// Why it can never be delivered to, as it is configured now.
pub fn judge_target(url: &TargetUrl, allowed: &[IpNet]) -> Result<(), String> {
    match url.host() {
        HostName::Address(address) => {
            judge(*address, url.is_https(), allowed).map_err(|refused| refused.to_string())
        }
        HostName::Name(_) if !url.is_https() && allowed.is_empty() => {
            Err("http:// is for addresses that webhooks.allowed_networks names, and it names none; write https://".to_owned())
        }
        HostName::Name(_) => Ok(()),
    }
}

fn not_public(address: Ipv4Addr) -> Option<&'static str> {
    let found = NOT_PUBLIC
        .iter()
        .find(|(network, _)| network.contains(&address));
    found.map(|(_, because)| *because)
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    if NAT64.contains(&address) {
        let [.., a, b, c, d] = address.octets();
        return not_public(Ipv4Addr::new(a, b, c, d));
    }
    if address.is_loopback() || address.is_unspecified() {
        return Some("an address of this machine");
    }
    if !GIVEN_OUT.contains(&address) {
        return Some("no public address");
    }
    let found = NOT_PUBLIC_V6
        .iter()
        .find(|(network, _)| network.contains(&address));
    found.map(|(_, because)| *because)
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;

    use super::{judge, judge_target};
    use crate::types::target_url::TargetUrl;

    fn is_refused(address: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<IpNet> = allowed
            .iter()
            .map(|network| network.parse().expect("a network"))
            .collect();
        judge(address.parse().expect(address), true, &allowed).is_err()
    }

    #[test]
    fn whatever_is_not_the_internet_is_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            // IPv4 addresses in the forms of IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo.
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0.0.0.0",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::8.8.8.8",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:808:808::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "100::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(is_refused(address, &[]), "{address}");
        }
    }

    #[test]
    fn the_internet_is_not() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(!is_refused(address, &[]), "{address}");
        }
    }

    #[test]
    fn what_the_configuration_names_is_let_in_and_nothing_beside_it() {
        assert!(!is_refused("10.1.2.3", &["10.1.0.0/16"]));
        assert!(!is_refused("::ffff:10.1.2.3", &["10.1.0.0/16"]));
        assert!(is_refused("10.2.0.1", &["10.1.0.0/16"]));
        assert!(!is_refused("fd00::1", &["fd00::/8"]));
        assert!(is_refused("fe80::1", &["fd00::/8"]));
        // What an IPv4 network allows is not reached by way of a relay.
        assert!(is_refused("2002:a01:203::1", &["10.1.0.0/16"]));
    }

    #[test]
    fn without_tls_only_what_is_named_is_let_in() {
        let public = "8.8.8.8".parse().expect("an address");
        assert!(judge(public, true, &[]).is_ok());
        let refused = judge(public, false, &[]).expect_err("refused");
        assert!(refused.to_string().contains("without TLS"), "{refused}");
        let named = ["8.8.8.0/24".parse().expect("a network")];
        assert!(judge(public, false, &named).is_ok());
    }

    #[test]
    fn a_target_that_can_never_be_told_is_refused_at_once() {
        let named = ["10.0.0.0/8".parse().expect("a network")];
        for (url, allowed, good) in [
            ("https://example.com/", &[][..], true),
            ("https://8.8.8.8/", &[], true),
            ("https://10.0.0.1/", &[], false),
            ("https://[::1]/", &[], false),
            ("http://example.com/", &[], false),
            ("http://8.8.8.8/", &named, false),
            ("https://10.0.0.1/", &named, true),
            ("http://10.0.0.1/", &named, true),
            ("http://hub.lan/", &named, true),
        ] {
            let target = TargetUrl::parse(url).expect(url);
            assert_eq!(judge_target(&target, allowed).is_ok(), good, "{url}");
        }
    }
}
