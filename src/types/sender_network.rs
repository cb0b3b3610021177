//! Where requests come from, as limits count it: what one household, office or machine can hardly have many of.

use std::net::IpAddr;

/// What the addresses of one sender have in common. A value made from an address, so that no spelling of it counts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SenderNetwork {
    /// No address is known: a Unix socket, and no proxy said more. All of these are one network.
    Unknown,
    /// An IPv4 address.
    V4([u8; 4]),
    /// The first 64 bits of an IPv6 address: whoever has one address of such a network has all of them.
    V6([u8; 8]),
}

impl SenderNetwork {
    /// The network that an address belongs to. An IPv4 address written as an IPv6 one (`::ffff:…`) is an IPv4 address.
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::Unknown,
            Some(IpAddr::V4(address)) => Self::V4(address.octets()),
            Some(IpAddr::V6(address)) => {
                let mut network = [0; 8];
                network.copy_from_slice(&address.octets()[..8]);
                Self::V6(network)
            }
        }
    }

    /// The bytes that stand for it in tables, never empty: 0, 4 or 6, then the address as far as it counts.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Unknown => vec![0],
            Self::V4(address) => [&[4][..], address].concat(),
            Self::V6(address) => [&[6][..], address].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::SenderNetwork;

    fn of(text: &str) -> SenderNetwork {
        let address: IpAddr = text.parse().expect("an address");
        SenderNetwork::of(Some(address))
    }

    #[test]
    fn every_spelling_of_an_address_is_one_network() {
        for group in [
            &["203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107"][..],
            &[
                "2001:db8::1",
                "2001:DB8::1",
                "2001:db8:0:0:0:0:0:1",
                "2001:0db8:0000:0000:0000:0000:0000:0001",
                "2001:db8::0.0.0.1",
            ],
        ] {
            for text in group {
                assert_eq!(of(text), of(group[0]), "{text}");
            }
        }
    }

    #[test]
    fn a_64_is_one_network_and_the_next_is_another() {
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("203.0.113.7"), of("203.0.113.8"));
    }

    #[test]
    fn no_two_networks_have_one_key() {
        let networks = [
            SenderNetwork::of(None),
            of("0.0.0.0"),
            of("203.0.113.7"),
            of("::"),
            of("cb00:7107::"),
        ];
        let keys: std::collections::HashSet<_> = networks.iter().map(SenderNetwork::key).collect();
        assert_eq!(keys.len(), networks.len());
        assert!(!keys.contains(&Vec::new()));
    }
}
