//! Networks as people type them: what is read prints back and is read the same, and holds its own first and last address.

use hub::types::network::{Network, address_key, address_of};

pub const WORDS: &[&str] = &[
    "203.0.113.7",
    "10.",
    "10",
    ".",
    "*",
    ":",
    "::",
    "2001:db8",
    "::ffff:",
    "::ffff:203.0.113.7",
    "/24",
    "/0",
    "/32",
    "/96",
    "/128",
    "/129",
    "0",
    "01",
    "+1",
    "ffff",
    "%eth0",
    " ",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let Ok(network) = text.parse::<Network>() else {
        return;
    };
    let printed = network.to_string();
    assert_eq!(printed.parse(), Ok(network), "{printed}");
    let (low, high) = network.keys();
    assert!(low <= high, "{printed}");
    for key in [&low, &high] {
        let address = address_of(key).expect("an address");
        // The ends of a network of IPv6 that is wider than all of IPv4 may lie within it, in a form that no address here has.
        if address != address.to_canonical() {
            continue;
        }
        assert!(network.contains(address), "{printed} holds {address}");
        assert_eq!(&address_key(address), key);
    }
    // Above it and below it there is nothing of it.
    for other in ["0.0.0.0", "255.255.255.255", "::", "::1", "ffff::"] {
        let other = other.parse().expect("an address");
        let key = address_key(other);
        assert_eq!(
            network.contains(other),
            low <= key && key <= high,
            "{printed}: {other}"
        );
    }
}
