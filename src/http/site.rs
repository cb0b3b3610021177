//! What the configuration says of the Hub's place on the web: for Rocket's answers and the door's own alike.

use crate::config::{Config, WebAddress};
use crate::http::hosts::KnownHosts;

/// Where browsers reach the Hub, and whose pages may ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Whether the public address is `https`.
    pub https: bool,
    /// Web origins whose pages may call `/api/*`.
    pub cors_origins: Vec<WebAddress>,
    /// The hosts that requests may name.
    pub hosts: KnownHosts,
}

impl Site {
    /// That of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            https: config.public_url.is_https(),
            cors_origins: config.cors_origins.clone(),
            hosts: KnownHosts::of(config),
        }
    }

    /// A site that is not the Hub's: nothing is known of its place, and any host is its own.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            https: false,
            cors_origins: Vec::new(),
            hosts: KnownHosts::all(),
        }
    }
}
