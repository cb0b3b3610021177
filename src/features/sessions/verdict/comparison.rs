//! How two uses of a session compare: the networks they came from, and the clients that they named.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::features::sessions::lineage::Event;
use crate::types::user_agent::UserAgent;

/// Addresses of one household or office share this many leading bits: what a router hands out again after a restart.
const V4_NETWORK_BITS: u8 = 24;
/// One link has this many in common, and clients change the rest every day to be harder to follow.
const V6_NETWORK_BITS: u8 = 64;
/// What a client that no table knows is called: two of them are not the same client for that.
const UNKNOWN_DEVICE: &str = "Unknown device";

/// Where and with what a session was used.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// From where.
    pub address: Option<IpAddr>,
    /// With which client, as it calls itself.
    pub user_agent: &'a UserAgent,
}

impl<'a> From<&'a Event> for Holder<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            address: event.address,
            user_agent: &event.user_agent,
        }
    }
}

/// How two addresses compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Networks {
    /// They are the same.
    SameAddress,
    /// They share their network of this many bits.
    SameNetwork(u8),
    /// One is of IP version 4, the other of 6. Many clients have both, so this says little.
    Versions,
    /// One of them is not known.
    Unknown,
    /// They are of different networks.
    Other,
}

/// How two clients compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// They call themselves the same.
    Same,
    /// They differ in what an update changes.
    Update,
    /// They are different ones.
    Other,
}

/// How two uses compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where they came from.
    pub networks: Networks,
    /// What made them.
    pub clients: Clients,
}

impl Difference {
    /// Compares two uses.
    #[must_use]
    pub fn between<'a>(one: impl Into<Holder<'a>>, other: impl Into<Holder<'a>>) -> Self {
        let (one, other) = (one.into(), other.into());
        Self {
            networks: networks(one.address, other.address),
            clients: clients(one.user_agent, other.user_agent),
        }
    }

    /// Whether one and the same client in one place can have made both.
    #[must_use]
    pub fn is_slight(self) -> bool {
        let near = matches!(
            self.networks,
            Networks::SameAddress | Networks::SameNetwork(_)
        );
        near && self.clients != Clients::Other
    }
}

fn networks(one: Option<IpAddr>, other: Option<IpAddr>) -> Networks {
    let (Some(one), Some(other)) = (one, other) else {
        return Networks::Unknown;
    };
    if one == other {
        return Networks::SameAddress;
    }
    if one.is_ipv4() != other.is_ipv4() {
        return Networks::Versions;
    }
    match (network(one), network(other)) {
        (Some(network), Some(same)) if network == same => {
            Networks::SameNetwork(network.prefix_len())
        }
        _ => Networks::Other,
    }
}

/// The network that an address belongs to, as far as an address alone tells.
#[must_use]
pub fn network(address: IpAddr) -> Option<IpNet> {
    match address {
        IpAddr::V4(address) => {
            let network = Ipv4Net::new(address, V4_NETWORK_BITS).ok()?;
            Some(network.trunc().into())
        }
        IpAddr::V6(address) => {
            let network = Ipv6Net::new(address, V6_NETWORK_BITS).ok()?;
            Some(network.trunc().into())
        }
    }
}

fn clients(one: &UserAgent, other: &UserAgent) -> Clients {
    let (name, same) = (one.device(), other.device());
    if one == other {
        Clients::Same
    } else if name == same && name != UNKNOWN_DEVICE {
        Clients::Update
    } else {
        Clients::Other
    }
}

#[cfg(test)]
mod tests {
    use super::{Clients, Difference, Holder, Networks};
    use crate::types::user_agent::UserAgent;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
    const NEWER_FIREFOX: &str =
        "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0";

    fn difference(one: (&str, &str), other: (&str, &str)) -> Difference {
        let (first, second) = (UserAgent::parse(one.1), UserAgent::parse(other.1));
        Difference::between(
            Holder {
                address: one.0.parse().ok(),
                user_agent: &first,
            },
            Holder {
                address: other.0.parse().ok(),
                user_agent: &second,
            },
        )
    }

    #[test]
    fn addresses_are_compared_by_the_network_that_one_place_has() {
        for (one, other, networks) in [
            ("203.0.113.7", "203.0.113.7", Networks::SameAddress),
            ("203.0.113.7", "203.0.113.255", Networks::SameNetwork(24)),
            ("203.0.113.7", "203.0.114.7", Networks::Other),
            ("2001:db8::1", "2001:db8::9:1", Networks::SameNetwork(64)),
            ("2001:db8::1", "2001:db8:0:1::1", Networks::Other),
            ("203.0.113.7", "2001:db8::1", Networks::Versions),
            ("203.0.113.7", "", Networks::Unknown),
            ("", "", Networks::Unknown),
        ] {
            let difference = difference((one, "curl/8"), (other, "curl/8"));
            assert_eq!(difference.networks, networks, "{one} {other}");
        }
    }

    #[test]
    fn clients_are_compared_by_name_so_that_an_update_is_no_other_client() {
        for (one, other, clients) in [
            (FIREFOX, FIREFOX, Clients::Same),
            (FIREFOX, NEWER_FIREFOX, Clients::Update),
            (FIREFOX, "curl/8.5.0", Clients::Other),
            ("something", "something else", Clients::Other),
            ("", FIREFOX, Clients::Other),
            ("", "", Clients::Same),
        ] {
            let difference = difference(("203.0.113.7", one), ("203.0.113.7", other));
            assert_eq!(difference.clients, clients, "{one} {other}");
        }
    }
}
