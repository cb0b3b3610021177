//! Networks, and addresses as bytes that sort like addresses: a network is a range of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The bytes that stand for an address in sorted columns: 4 or 6, then the address. All of IPv4 sorts before all of IPv6.
#[must_use]
pub fn address_key(address: IpAddr) -> Vec<u8> {
    key(address.to_canonical())
}

fn key(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => [&[4][..], &address.octets()].concat(),
        IpAddr::V6(address) => [&[6][..], &address.octets()].concat(),
    }
}

/// The address behind such bytes; `None` for the empty ones of an address that nobody knows, and for what was never made by [`address_key`].
#[must_use]
pub fn address_of(key: &[u8]) -> Option<IpAddr> {
    let (family, address) = key.split_first()?;
    match family {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).into()),
        6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).into()),
        _ => None,
    }
}

/// One address, or all that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// The network in the one form in which addresses are compared: whole, and as IPv4 where it lies in the part of IPv6 that stands for IPv4
/// (`::ffff:0:0/96`; RFC 4291, 2.5.5.2).
#[must_use]
pub fn canonical(network: IpNet) -> IpNet {
    let network = network.trunc();
    let IpNet::V6(wide) = network else {
        return network;
    };
    let address = wide.network().to_ipv4_mapped();
    let length = wide.prefix_len().checked_sub(MAPPED_BITS);
    let narrow = address
        .zip(length)
        .and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    narrow.map_or(network, IpNet::from)
}

/// Bits before the IPv4 address in its IPv6 form.
const MAPPED_BITS: u8 = 96;

/// What was given is neither an address nor the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an address such as 203.0.113.7, its beginning such as 203.0.113., or a network such as 203.0.113.0/24"
)]
pub struct NotANetwork;

impl Network {
    /// The first and the last key of its addresses.
    #[must_use]
    pub fn keys(&self) -> (Vec<u8>, Vec<u8>) {
        (key(self.0.network()), key(self.0.broadcast()))
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }
}

/// As an address where it is one, otherwise with its length; what is printed reads back as the same value.
impl std::fmt::Display for Network {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address = self.0.addr().to_string();
        let is_one = self.0.prefix_len() == self.0.max_prefix_len();
        // Without its length, an address that ends in `::` would be read as all that begin so.
        if is_one && !address.ends_with("::") {
            formatter.pad(&address)
        } else {
            self.0.trunc().fmt(formatter)
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self(canonical(network)));
        }
        // `2001:db8::` is an address that no machine has; who writes it means all that begins so.
        if let Some(groups) = text.strip_suffix("::").filter(|groups| !groups.is_empty()) {
            return beginning_of_v6(groups).ok_or(NotANetwork);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(address.into());
        }
        let start = text.strip_suffix('*').unwrap_or(text);
        beginning_of_v4(start.strip_suffix('.').unwrap_or(start))
            .or_else(|| beginning_of_v6(start.strip_suffix(':')?))
            .ok_or(NotANetwork)
    }
}

/// One to three whole numbers of an IPv4 address.
fn beginning_of_v4(text: &str) -> Option<Network> {
    let mut octets = [0; 4];
    let mut bits = 0;
    for (octet, part) in octets.iter_mut().zip(text.split('.')) {
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = part == "0" || !part.starts_with('0');
        *octet = part.parse().ok().filter(|_| plain && canonical)?;
        bits += 8;
    }
    let whole = text.split('.').count() * 8 == bits && bits < 32;
    let length = u8::try_from(bits).ok().filter(|_| whole)?;
    let network = Ipv4Net::new(Ipv4Addr::from(octets), length).ok()?;
    Some(Network(network.into()))
}

/// One to seven whole groups of an IPv6 address.
fn beginning_of_v6(text: &str) -> Option<Network> {
    let mut groups = [0; 8];
    let mut bits = 0;
    for (group, part) in groups.iter_mut().zip(text.split(':')) {
        let plain = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        *group = u16::from_str_radix(part, 16).ok().filter(|_| plain)?;
        bits += 16;
    }
    let whole = text.split(':').count() * 16 == bits && bits < 128;
    let length = u8::try_from(bits).ok().filter(|_| whole)?;
    let network = Ipv6Net::new(Ipv6Addr::from(groups), length).ok()?;
    Some(Network(canonical(network.into())))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Network, address_key, address_of};

    #[test]
    fn an_address_or_its_beginning_or_a_network_is_read() {
        for (typed, meant) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("203.0.113.", "203.0.113.0/24"),
            ("203.0.113.*", "203.0.113.0/24"),
            ("203.0", "203.0.0.0/16"),
            ("10", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8:", "2001:db8::/32"),
            ("2001:db8::", "2001:db8::/32"),
            ("2001:db8:*", "2001:db8::/32"),
            ("2001:db8::/48", "2001:db8::/48"),
            ("2001:db8::0", "2001:db8::/128"),
            ("2001:db8::/128", "2001:db8::/128"),
            ("::1", "::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7/128", "203.0.113.7"),
            ("::ffff:10.9.9.9/104", "10.0.0.0/8"),
            ("0:0:0:0:0:ffff:", "0.0.0.0/0"),
            ("::ffff:0:0/90", "::ffc0:0:0/90"),
        ] {
            let network: Network = typed.parse().expect(typed);
            assert_eq!(network.to_string(), meant, "{typed}");
            assert_eq!(meant.parse(), Ok(network), "{meant} reads back");
        }
    }

    #[test]
    fn a_network_in_the_form_for_ipv4_holds_its_addresses() {
        let address: IpAddr = "10.1.2.3".parse().expect("an address");
        for typed in ["::ffff:10.0.0.0/104", "::ffff:10.1.2.3/128"] {
            let network: Network = typed.parse().expect(typed);
            assert!(network.contains(address), "{typed}");
        }
        // One that is wider holds addresses of IPv6 only, and its keys stay in order.
        let wide: Network = "::ffff:0:0/90".parse().expect("a network");
        let (low, high) = wide.keys();
        assert!(low <= high && !wide.contains(address));
    }

    #[test]
    fn nothing_else_is_read() {
        for wrong in [
            "",
            ".",
            "*",
            ":",
            "256.1",
            "1.2.3.4.5",
            "1.2.3.4/33",
            "01.2",
            "1..2",
            "+1.2",
            "203.0.113.7%",
            "2001:dbx:",
            "2001:db8",
            "1:2:3:4:5:6:7:8:",
            "alice",
            "::x",
            "1' OR 1=1",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn keys_sort_like_addresses_and_read_back() {
        let addresses = [
            "0.0.0.0",
            "9.255.255.255",
            "10.0.0.2",
            "10.0.0.10",
            "203.0.113.7",
            "255.255.255.255",
            "::",
            "::1",
            "2001:db8::1",
            "ffff::",
        ]
        .map(|text| text.parse::<IpAddr>().expect("an address"));
        let keys = addresses.map(address_key);
        assert!(keys.is_sorted());
        assert_eq!(keys.map(|key| address_of(&key)), addresses.map(Some));
        for strange in [&[][..], &[4], &[4, 1, 2, 3], &[5, 1, 2, 3, 4], &[6; 18]] {
            assert_eq!(address_of(strange), None);
        }
    }

    #[test]
    fn a_network_is_the_range_between_its_keys() {
        let network: Network = "10.1.16.0/20".parse().expect("a network");
        let (low, high) = network.keys();
        for (address, inside) in [
            ("10.1.15.255", false),
            ("10.1.16.0", true),
            ("10.1.31.255", true),
            ("10.1.32.0", false),
            ("::ffff:10.1.16.1", true),
            ("6::", false),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            let key = address_key(address);
            assert_eq!(low <= key && key <= high, inside, "{address}");
            assert_eq!(network.contains(address), inside, "{address}");
        }
    }
}
