//! `X-Forwarded-For`: believed as far as trusted proxies speak, read from its end, 32 hops at most.

use std::net::{IpAddr, SocketAddr};

use hub::http::client;
use hub::types::proxies::TrustedProxies;
use rocket::http::Header;

use super::stage;

pub const WORDS: &[&str] = &[
    ",",
    ", ",
    "\n",
    "10.0.0.1",
    "10.9.9.9",
    "198.51.100.7",
    "198.51.100.7:4711",
    "[2001:db8::1]:443",
    "[::1]",
    "::1",
    "::ffff:10.0.0.1",
    "unknown",
    "localhost",
    "1.2.3",
    "%eth0",
    "[",
    "]",
    " ",
];

const MAX_HOPS: usize = 32;
const STRANGER: &str = "203.0.113.9";
const PROXY: &str = "10.0.0.1";

/// One header a line.
pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let headers: Vec<&str> = text.split('\n').collect();
    // A stranger is believed nothing.
    assert_eq!(address(STRANGER, &headers), ip(STRANGER));
    let found = address(PROXY, &headers);
    // The found one stands within the last hops, and only trusted ones behind it.
    let hops: Vec<&str> = headers
        .iter()
        .rev()
        .flat_map(|header| header.rsplit(','))
        .collect();
    let behind: Vec<IpAddr> = hops
        .iter()
        .map_while(|hop| bare(hop))
        .take(MAX_HOPS)
        .collect();
    let client = behind.iter().find(|hop| !is_trusted(**hop));
    let last = client.or(behind.last()).copied();
    assert_eq!(found, last.unwrap_or(ip(PROXY)));
    // What the client wrote before it changes nothing.
    if client.is_some() {
        let invented = [&["6.6.6.6, 10.0.0.1"][..], &headers].concat();
        assert_eq!(address(PROXY, &invented), found);
    }
    // Nor does anything that stands before 32 trusted hops.
    let chain = [PROXY; MAX_HOPS].join(",");
    assert_eq!(
        address(PROXY, &[&headers[..], &[&*chain]].concat()),
        ip(PROXY)
    );
}

fn address(peer: &str, headers: &[&str]) -> IpAddr {
    stage::with_client(|client| {
        let mut request = client.get("/").remote(SocketAddr::new(ip(peer), 4711));
        for header in headers {
            request.add_header(Header::new("X-Forwarded-For", (*header).to_owned()));
        }
        client::address(request.inner(), &trusted()).expect("a peer")
    })
}

fn trusted() -> TrustedProxies {
    let networks = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().expect("a network"));
    TrustedProxies::new(networks.to_vec(), false)
}

fn is_trusted(address: IpAddr) -> bool {
    trusted().trusts(Some(address))
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A hop in the three forms that proxies write, read in another way than the Hub does.
fn bare(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let inside = hop
        .starts_with('[')
        .then(|| hop[1..].split(']').next().filter(|_| hop.contains(']')))
        .flatten();
    let address: IpAddr = match (inside, hop.parse::<SocketAddr>()) {
        (_, Ok(with_port)) => with_port.ip(),
        (Some(inside), Err(_)) => inside.parse().ok()?,
        (None, Err(_)) => hop.parse().ok()?,
    };
    Some(address.to_canonical())
}
