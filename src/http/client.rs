//! Who sends a request: the address behind trusted proxies, the client's name for itself, the request's own name.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Orbit, Rocket};

use crate::http::headers;
use crate::hub::Hub;
use crate::types::cause::{Actor, Cause};
use crate::types::door_counts::DoorCounts;
use crate::types::ids::RequestId;
use crate::types::proxies::TrustedProxies;
use crate::types::user_agent::UserAgent;

/// Addresses read from `X-Forwarded-For` at most: more hops than any real chain of proxies has.
const MAX_HOPS: usize = 32;

/// The sender of a request.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its address, as far as trusted proxies tell; without a peer (a Unix socket) there is none.
    pub address: Option<IpAddr>,
    /// What it calls itself.
    pub user_agent: UserAgent,
    /// The request's name.
    pub request_id: RequestId,
}

impl Client {
    /// What this client causes, now, before it has shown who it is.
    #[must_use]
    pub fn cause(self, hub: &Hub) -> Cause {
        Cause {
            actor: Actor::Anonymous,
            at: hub.clock.now(),
            address: self.address,
            user_agent: self.user_agent,
            request_id: Some(self.request_id),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Client {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let Some(hub) = request.rocket().state::<Hub>() else {
            return Outcome::Forward(rocket::http::Status::InternalServerError);
        };
        let trusted = hub.trusted_proxies();
        tell_of_proxy(request, hub, &trusted);
        Outcome::Success(Self {
            address: address(request, &trusted),
            user_agent: request
                .headers()
                .get_one("User-Agent")
                .map_or_else(UserAgent::unknown, UserAgent::parse),
            request_id: headers::request_id(request),
        })
    }
}

/// Tells the log, once, that a proxy is not trusted: everybody behind it is one sender then, and shares one limit. What it wrote is not repeated.
fn tell_of_proxy(request: &Request<'_>, hub: &Hub, trusted: &TrustedProxies) {
    let peer = request.remote().map(|peer| peer.ip().to_canonical());
    let forwards = request.headers().contains("X-Forwarded-For");
    if forwards && !trusted.trusts(peer) && hub.throttle.is_first_word_of_proxy() {
        tracing::warn!(
            peer = peer.map(tracing::field::display),
            "X-Forwarded-For comes from a peer that is not trusted; if it is your proxy, name it in HUB_TRUSTED_PROXIES, or all who come through it share one limit"
        );
    }
}

/// Whether a peer is one of the proxies that the Hub behind this Rocket trusts; without a Hub none is.
#[must_use]
pub fn is_trusted_proxy(rocket: &Rocket<Orbit>, peer: IpAddr) -> bool {
    let trusted = rocket.state::<Hub>().map(Hub::trusted_proxies);
    trusted.is_some_and(|trusted| trusted.trusts(Some(peer)))
}

/// Where the door to this Rocket counts; without a Hub, where nobody looks.
#[must_use]
pub fn door_counts(rocket: &Rocket<Orbit>) -> Arc<DoorCounts> {
    let counts = rocket
        .state::<Hub>()
        .map(|hub| Arc::clone(&hub.counts.door));
    counts.unwrap_or_default()
}

/// The address that a request comes from; none if it came through a Unix socket and nobody trusted says more.
///
/// `X-Real-IP` and `Forwarded` are never read: a proxy that does not set them passes on what a stranger wrote.
#[must_use]
pub fn address(request: &Request<'_>, trusted: &TrustedProxies) -> Option<IpAddr> {
    let peer = request.remote().map(|peer| peer.ip().to_canonical());
    let forwarded: Vec<&str> = request.headers().get("X-Forwarded-For").collect();
    behind_proxies(peer, &forwarded, trusted)
}

/// Walks from the peer towards the client for as long as the one who speaks is trusted.
///
/// Each proxy appends the address that it saw, so the list is read from its end: the first address that no trusted proxy has is the
/// client's, and whatever stands before it is the client's own invention.
fn behind_proxies(
    peer: Option<IpAddr>,
    forwarded: &[&str],
    trusted: &TrustedProxies,
) -> Option<IpAddr> {
    let mut speaker = peer;
    let hops = forwarded
        .iter()
        .rev()
        .flat_map(|header| header.rsplit(','))
        .take(MAX_HOPS);
    for hop in hops {
        if !trusted.trusts(speaker) {
            break;
        }
        match parse_hop(hop) {
            Some(address) => speaker = Some(address),
            // What a proxy cannot have written says nothing: the last speaker known stands.
            None => break,
        }
    }
    speaker
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or(hop, |(inner, _)| inner);
    bare.parse::<IpAddr>()
        .or_else(|_| {
            hop.parse::<std::net::SocketAddr>()
                .map(|address| address.ip())
        })
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::behind_proxies;
    use crate::types::proxies::TrustedProxies;

    /// `unix` as a peer has no address; as a proxy it is one that is trusted.
    fn resolve(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let networks = trusted.iter().filter(|proxy| **proxy != "unix");
        let networks = networks.map(|network| network.parse().expect("a network"));
        let trusted = TrustedProxies::new(networks.collect(), trusted.contains(&"unix"));
        let peer = (peer != "unix").then(|| peer.parse().expect("an address"));
        behind_proxies(peer, forwarded, &trusted)
            .map_or_else(|| "nobody".to_owned(), |address| address.to_string())
    }

    #[test]
    fn a_stranger_is_believed_nothing() {
        assert_eq!(resolve("203.0.113.9", &["10.0.0.1"], &[]), "203.0.113.9");
        assert_eq!(
            resolve("203.0.113.9", &["10.0.0.1, 127.0.0.1"], &["10.0.0.0/8"]),
            "203.0.113.9"
        );
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_clients() {
        let trusted = ["10.0.0.0/8", "::1/128"];
        for (forwarded, client) in [
            (vec!["198.51.100.7"], "198.51.100.7"),
            (vec!["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            (vec!["1.1.1.1", "198.51.100.7, 10.2.3.4"], "198.51.100.7"),
            (vec!["198.51.100.7:4711"], "198.51.100.7"),
            (vec!["[2001:db8::1]:443"], "2001:db8::1"),
            (vec!["2001:DB8:0::1"], "2001:db8::1"),
            (vec!["::ffff:198.51.100.7"], "198.51.100.7"),
            (vec!["10.9.9.9"], "10.9.9.9"),
            (vec![], "10.0.0.1"),
        ] {
            assert_eq!(
                resolve("10.0.0.1", &forwarded, &trusted),
                client,
                "{forwarded:?}"
            );
        }
        assert_eq!(
            resolve("::ffff:10.0.0.1", &["5.5.5.5"], &trusted),
            "5.5.5.5"
        );
    }

    #[test]
    fn what_no_proxy_writes_stops_the_walk() {
        let trusted = ["10.0.0.0/8"];
        for nonsense in ["", "unknown", "localhost", "1.2.3", "1.2.3.4.5", "<script>"] {
            let forwarded = format!("5.5.5.5, {nonsense}");
            assert_eq!(
                resolve("10.0.0.1", &[&forwarded], &trusted),
                "10.0.0.1",
                "{nonsense:?}"
            );
        }
    }

    #[test]
    fn behind_a_unix_socket_the_client_is_whom_a_trusted_proxy_names() {
        for (forwarded, trusted, client) in [
            (vec!["198.51.100.7"], vec!["unix"], "198.51.100.7"),
            (vec!["198.51.100.7"], vec!["10.0.0.0/8"], "nobody"),
            (
                vec!["1.1.1.1, 198.51.100.7, 10.2.3.4"],
                vec!["unix", "10.0.0.0/8"],
                "198.51.100.7",
            ),
            (vec!["unknown"], vec!["unix"], "nobody"),
            (vec![], vec!["unix"], "nobody"),
        ] {
            assert_eq!(resolve("unix", &forwarded, &trusted), client);
        }
    }
}
