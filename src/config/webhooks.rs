//! Webhooks: where they may lead, whom their TLS believes, how long a receiver may take, and when failures at a sign-in are told.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Deserializer};

use super::bounded_file;
use super::duration::within;
use super::network;
use super::reading::{number, parsed, quoted};
use super::settings::Setting;

// None: whoever may add a webhook must not reach by it what only this machine reaches.
pub(super) const ALLOWED_NETWORKS: Setting = Setting::plain(
    "webhooks.allowed_networks",
    "HUB_WEBHOOKS__ALLOWED_NETWORKS",
    "",
    "Private networks or addresses that webhooks may lead to, and by plain http:// as well.",
);

pub(super) const AUTHORITIES: Setting = Setting::optional(
    "webhooks.authorities",
    "HUB_WEBHOOKS__AUTHORITIES",
    "PEM file with certificates of authorities that receivers' certificates may come from, beside the public ones.",
);

// As long as gateways wait for what stands behind them, halved: a receiver answers first and works afterwards.
pub(super) const TIMEOUT: Setting = Setting::plain(
    "webhooks.timeout",
    "HUB_WEBHOOKS__TIMEOUT",
    "15s",
    "Longest time for a receiver's answer, 1s to 60s.",
);

// Twice what costs nobody a wait: by then a quarter of an hour of waits lies behind whoever tries, and people have asked for help.
pub(super) const SIGN_IN_FAILURES: Setting = Setting::plain(
    "webhooks.sign_in_failures",
    "HUB_WEBHOOKS__SIGN_IN_FAILURES",
    "10",
    "Failures in a row at one account after which sign_in.failures is told, once, 2 to 1000.",
);

// Shorter than a handshake over a bad line helps nobody.
const TIMEOUT_MIN: Duration = Duration::from_secs(1);
// Who takes a minute holds one of few places for its own sake.
const TIMEOUT_MAX: Duration = Duration::from_mins(1);
// Once is no row of failures.
const SIGN_IN_FAILURES_MIN: u32 = 2;
// At a hundred guesses a day that is ten days.
const SIGN_IN_FAILURES_MAX: u32 = 1_000;
/// All public authorities together take 250 KiB.
const MAX_AUTHORITIES_BYTES: u64 = 1024 * 1024;

/// The table `[webhooks]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Networks that are not public and may be led to all the same.
    #[serde(deserialize_with = "network::networks")]
    pub allowed_networks: Vec<IpNet>,
    /// Further authorities.
    #[serde(deserialize_with = "authorities")]
    pub authorities: Option<Authorities>,
    /// The longest time for an answer.
    #[serde(deserialize_with = "timeout")]
    pub timeout: Duration,
    /// The failures in a row that are told.
    #[serde(deserialize_with = "sign_in_failures")]
    pub sign_in_failures: u32,
}

/// Certificates of authorities, read when the configuration is.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorities {
    path: PathBuf,
    /// What stood in the file.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl std::fmt::Debug for Authorities {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Authorities({})", self.path.display())
    }
}

impl Authorities {
    fn read(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let pem = bounded_file::read(&path, MAX_AUTHORITIES_BYTES).map_err(|error| {
            let path = quoted(text);
            format!("cannot read {path}: {error}; name a PEM file that this user may read")
        })?;
        let certificates: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(Self { path, certificates }),
            _ => Err(format!(
                "{} holds no certificate; name a PEM file that does",
                quoted(text)
            )),
        }
    }
}

fn authorities<'de, D: Deserializer<'de>>(given: D) -> Result<Option<Authorities>, D::Error> {
    parsed(given, |text| {
        if text.is_empty() {
            return Ok(None);
        }
        Authorities::read(text).map(Some)
    })
}

fn timeout<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    within(given, &(TIMEOUT_MIN..=TIMEOUT_MAX))
}

fn sign_in_failures<'de, D: Deserializer<'de>>(given: D) -> Result<u32, D::Error> {
    number(given, &(SIGN_IN_FAILURES_MIN..=SIGN_IN_FAILURES_MAX))
}
