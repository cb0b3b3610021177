//! What the Hub sees of the way a request came: whether the public address and the proxies are configured as they are.

use std::net::IpAddr;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use serde::Serialize;

use crate::http::client;
use crate::http::cookies::{is_loopback, without_port};
use crate::http::shown_text::shown;
use crate::hub::Hub;
use crate::types::host::HostName;

/// The way of one request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The `Host` that it asked for.
    pub host: Option<String>,
    /// Who connected; through a Unix socket, nobody with an address.
    pub peer: Option<IpAddr>,
    /// Whose request it is, as far as trusted proxies tell.
    pub client: Option<IpAddr>,
    /// Whether somebody on the way named an address before them (`X-Forwarded-For`).
    pub forwarded: bool,
    /// The scheme that the browser used, as the proxy tells (`X-Forwarded-Proto`).
    scheme: Option<String>,
    peer_is_trusted: bool,
    public: String,
    public_host: HostName,
    https: bool,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `good`, `warn` or `bad`.
    pub tone: &'static str,
    /// What is so.
    pub title: String,
    /// What to do; empty where nothing is.
    pub mend: String,
}

impl Check {
    fn good(title: impl Into<String>) -> Self {
        Self {
            tone: "good",
            title: title.into(),
            mend: String::new(),
        }
    }

    fn new(tone: &'static str, title: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            tone,
            title: title.into(),
            mend: mend.into(),
        }
    }
}

impl Seen {
    /// Everything that was looked at, good or not.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        vec![self.address(), self.proxy(), self.encryption()]
    }

    fn address(&self) -> Check {
        let asked = self.host.as_deref().unwrap_or_default();
        let expected = self.public.split("://").nth(1).unwrap_or_default();
        let same = asked.eq_ignore_ascii_case(expected);
        if same || asked.is_empty() {
            return Check::good(format!("This Hub is reached at {}.", self.public));
        }
        let here = is_loopback(without_port(asked));
        Check::new(
            if here { "warn" } else { "bad" },
            format!(
                "This page was asked for at {asked}, but the Hub takes itself to be at {}.",
                self.public
            ),
            "Set HUB_PUBLIC_URL to the address that people type.",
        )
    }

    fn proxy(&self) -> Check {
        let (peer, named) = match self.peer {
            Some(peer) => (peer.to_string(), peer.to_string()),
            None => (
                "Whoever connects through the Unix socket".to_owned(),
                "unix".to_owned(),
            ),
        };
        match (self.forwarded, self.peer_is_trusted) {
            (true, false) => Check::new(
                "bad",
                format!(
                    "{peer} passes requests on but is no trusted proxy: everybody seems to come from it."
                ),
                format!("If that is your proxy, set HUB_TRUSTED_PROXIES={named}."),
            ),
            (false, true) => Check::new(
                "warn",
                format!("{peer} is a trusted proxy but does not say whom it speaks for."),
                "Let the proxy set X-Forwarded-For.",
            ),
            _ => {
                let client = self
                    .client
                    .map_or_else(|| "nowhere".to_owned(), |client| client.to_string());
                Check::good(format!("You come from {client}."))
            }
        }
    }

    fn encryption(&self) -> Check {
        let expected = if self.https { "https" } else { "http" };
        if let Some(scheme) = &self.scheme
            && self.peer_is_trusted
            && !scheme.eq_ignore_ascii_case(expected)
        {
            return Check::new(
                "bad",
                format!(
                    "The proxy says that you came over {scheme}, but the Hub takes itself to be at {}.",
                    self.public
                ),
                "Set HUB_PUBLIC_URL to the address that people type, or let the proxy send them to that one.",
            );
        }
        if self.https {
            return Check::good("Browsers reach it over HTTPS.");
        }
        if self.public_host.is_loopback() {
            return Check::good("It is reached over plain HTTP, on this machine only.");
        }
        Check::new(
            "bad",
            format!(
                "{} is plain HTTP: passwords and tokens can be read on the way.",
                self.public
            ),
            "Give the Hub a certificate (HUB_TLS__CERT, HUB_TLS__KEY) or put a proxy with TLS before it, and set HUB_PUBLIC_URL to the https:// address.",
        )
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Seen {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let Some(hub) = request.rocket().state::<Hub>() else {
            return Outcome::Forward(Status::InternalServerError);
        };
        let trusted = hub.trusted_proxies();
        let peer = request.remote().map(|peer| peer.ip().to_canonical());
        let public = &hub.config.public_url;
        Outcome::Success(Self {
            host: request.headers().get_one("Host").map(str::to_owned),
            peer,
            client: client::address(request, &trusted),
            forwarded: request.headers().contains("X-Forwarded-For"),
            scheme: request.headers().get_one("X-Forwarded-Proto").map(shown),
            peer_is_trusted: trusted.trusts(peer),
            public: public.to_string(),
            public_host: public.host().clone(),
            https: public.is_https(),
        })
    }
}
