//! Who may read the metrics: whoever reaches an address of their own, or whoever has the token.

use std::fmt;
use std::net::SocketAddr;

use serde::Deserializer;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::reading::{parsed, quoted};
use super::settings::Setting;

// None: how many users there are and what they do is nobody's business who was not told so.
pub(super) const METRICS_BIND: Setting = Setting::optional(
    "metrics_bind",
    "HUB_METRICS_BIND",
    "Address and port that serve the metrics for Prometheus and nothing else, such as 127.0.0.1:9464.",
);

pub(super) const METRICS_TOKEN: Setting = Setting::secret(
    "metrics_token",
    "HUB_METRICS_TOKEN",
    "Bearer token for the metrics, 16 to 256 characters; with it, /metrics is served on the main port as well.",
);

/// Fewer could be guessed.
const MIN_TOKEN_CHARS: usize = 16;
/// Longer ones fill heads of requests for nothing.
const MAX_TOKEN_CHARS: usize = 256;

/// What a scrape has to show. Only a hash is kept, so there is nothing to print.
#[derive(Clone)]
pub struct MetricsToken([u8; 32]);

impl MetricsToken {
    /// Whether this is the token. How long that takes tells nothing, not even how long the token is.
    #[must_use]
    pub fn fits(&self, shown: &str) -> bool {
        hash(shown).ct_eq(&self.0).into()
    }

    /// The error never repeats the text: a token that is refused is nearly a token.
    fn parse(text: &str) -> Result<Self, String> {
        let characters = text.chars().count();
        if !(MIN_TOKEN_CHARS..=MAX_TOKEN_CHARS).contains(&characters) {
            return Err(format!(
                "has {characters} characters; write {MIN_TOKEN_CHARS} to {MAX_TOKEN_CHARS}, for example what `openssl rand -hex 32` prints"
            ));
        }
        // Anything else does not pass through a header unharmed.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "has a space, or a character that is not ASCII; write letters, digits and signs"
                    .to_owned(),
            );
        }
        Ok(Self(hash(text)))
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

impl fmt::Debug for MetricsToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MetricsToken(redacted)")
    }
}

pub(super) fn token<'de, D: Deserializer<'de>>(given: D) -> Result<Option<MetricsToken>, D::Error> {
    parsed(given, MetricsToken::parse).map(Some)
}

pub(super) fn bind<'de, D: Deserializer<'de>>(given: D) -> Result<Option<SocketAddr>, D::Error> {
    parsed(given, |text| {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| {
            format!(
                "{} is not an IP address and a port; write it like 127.0.0.1:9464 or [::1]:9464",
                quoted(text)
            )
        })
    })
}
