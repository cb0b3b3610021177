//! How a request reached the Hub, held against how the configuration says that requests do.

use std::convert::Infallible;
use std::net::IpAddr;

use rocket::request::{FromRequest, Outcome, Request};

use crate::config::WebAddress;
use crate::http::cookies::{is_loopback, without_port};
use crate::hub::Hub;

/// What a request shows of its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Who spoke to the Hub: the proxy, if there is one.
    pub peer: Option<IpAddr>,
    /// Whether that one is a trusted proxy.
    pub trusted: bool,
    /// Whether it says for whom it speaks (`X-Forwarded-For`).
    pub forwarded: bool,
    /// The scheme that it says the browser used (`X-Forwarded-Proto`).
    pub scheme: Option<String>,
    /// The host that was asked for.
    pub host: Option<String>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Arrival {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let peer = request.remote().map(|peer| peer.ip().to_canonical());
        let hub = request.rocket().state::<Hub>();
        let trusted = hub.is_some_and(|hub| hub.trusted_proxies().trusts(peer));
        let header = |name| request.headers().get_one(name);
        Outcome::Success(Self {
            peer,
            trusted,
            forwarded: header("X-Forwarded-For").is_some(),
            scheme: header("X-Forwarded-Proto").map(|scheme| scheme.trim().to_ascii_lowercase()),
            host: request
                .host()
                .map(|host| host.to_string().to_ascii_lowercase()),
        })
    }
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A proxy speaks for others and is not trusted: every client has its address.
    StrangeProxy(IpAddr),
    /// Browsers ask for another host than the public address has.
    OtherHost(String),
    /// Browsers use another scheme.
    OtherScheme(String),
}

impl Arrival {
    /// The first thing that does not fit; judged on the request of whoever looks, since a stranger can send any header.
    #[must_use]
    pub fn mismatch(&self, public: &WebAddress) -> Option<Mismatch> {
        if let Some(peer) = self.peer
            && self.forwarded
            && !self.trusted
        {
            return Some(Mismatch::StrangeProxy(peer));
        }
        let expected = public.as_str();
        let (scheme, authority) = expected.split_once("://").unwrap_or(("", expected));
        if let Some(seen) = &self.scheme
            && self.trusted
            && seen != scheme
        {
            return Some(Mismatch::OtherScheme(seen.clone()));
        }
        let seen = self.host.as_ref()?;
        let own_port = if public.is_https() { ":443" } else { ":80" };
        let bare = seen.strip_suffix(own_port).unwrap_or(seen);
        // Two names of this machine, whatever the port: a tunnel or a test, and no proxy.
        let both_here = public.host().is_loopback() && is_loopback(without_port(bare));
        (bare != authority && !both_here).then(|| Mismatch::OtherHost(seen.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrival, Mismatch};
    use crate::config::{Config, Sources, WebAddress};

    fn public(url: &str) -> WebAddress {
        let flags = vec![
            ("public_url".to_owned(), url.to_owned()),
            ("data_dir".to_owned(), "nowhere".to_owned()),
        ];
        let sources = Sources {
            flags,
            system_data_dir: "nowhere".into(),
            ..Sources::default()
        };
        let loaded = Config::load(&sources).expect("a configuration");
        loaded.config.public_url
    }

    fn arrival(host: &str) -> Arrival {
        Arrival {
            peer: "10.0.0.1".parse().ok(),
            trusted: true,
            forwarded: true,
            scheme: Some("https".to_owned()),
            host: Some(host.to_owned()),
        }
    }

    #[test]
    fn a_request_that_came_as_configured_fits() {
        let hub = public("https://hub.example.com");
        for host in ["hub.example.com", "hub.example.com:443"] {
            assert_eq!(arrival(host).mismatch(&hub), None);
        }
        let direct = Arrival {
            trusted: false,
            forwarded: false,
            scheme: None,
            ..arrival("127.0.0.1:4711")
        };
        assert_eq!(direct.mismatch(&public("http://127.0.0.1:8000")), None);
        assert_eq!(direct.mismatch(&public("http://[::1]:8000")), None);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let hub = public("https://hub.example.com");
        let strange = Arrival {
            trusted: false,
            ..arrival("hub.example.com")
        };
        let peer = "10.0.0.1".parse().expect("an address");
        assert_eq!(strange.mismatch(&hub), Some(Mismatch::StrangeProxy(peer)));
        for host in [
            "other.example.com",
            "hub.example.com:8443",
            "127.0.0.1:8000",
        ] {
            let other = arrival(host).mismatch(&hub);
            assert_eq!(other, Some(Mismatch::OtherHost(host.to_owned())));
        }
        let plain = Arrival {
            scheme: Some("http".to_owned()),
            ..arrival("hub.example.com")
        };
        let other = Mismatch::OtherScheme("http".to_owned());
        assert_eq!(plain.mismatch(&hub), Some(other));
        // From a stranger the scheme says nothing.
        let stranger = Arrival {
            trusted: false,
            forwarded: false,
            ..plain
        };
        assert_eq!(stranger.mismatch(&hub), None);
    }
}
