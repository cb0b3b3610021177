//! Configuration in layers: defaults, `hub.toml`, `HUB_*` variables, their `_FILE` twins, flags.
//!
//! Every layer gives text for a key of [`SETTINGS`]; the strongest text for a key is parsed and checked
//! by the file of its concern. What is wrong is collected, so that one run of `hub config check` shows all of it.

mod accounts;
mod backup;
mod bounded_file;
mod config_file;
mod conflict;
mod data_dir;
mod database;
mod duration;
mod environment;
mod error;
mod example;
mod flags;
mod front;
mod hashing;
mod layers;
mod log;
mod metrics;
mod network;
mod origin;
mod reading;
mod secret_key;
mod settings;
mod sources;
mod tls;
mod tokens;
mod web_address;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;

pub use accounts::{Registration, SecondFactor};
pub use backup::Backup;
pub use duration::parse as parse_duration;
pub use error::{ConfigError, Problem};
pub use example::example;
pub use front::Front;
pub use hashing::Hashing;
pub use log::LogFormat;
pub use metrics::MetricsToken;
pub use network::Bind;
pub use origin::Origin;
pub use secret_key::SecretKey;
pub use settings::{SETTINGS, Setting};
pub use sources::{SYSTEM_DATA_DIR, Sources};
pub use tls::Tls;
pub use web_address::WebAddress;
pub use webhooks::{Authorities, Webhooks};

use crate::types::checkpoints::Checkpoints;
use crate::types::proxies::TrustedProxies;
use layers::Layers;

use crate::types::host::HostName;

/// The configuration of one Hub, checked; its fields are the keys of `hub.toml`.
///
/// `Debug` shows every value except the secret key and the token for the metrics.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address that people's browsers use; when nobody set it, `bind` behind `http://`, or behind `https://` with `tls`.
    #[serde(deserialize_with = "web_address::public_url")]
    pub public_url: WebAddress,
    /// Where the server listens.
    #[serde(deserialize_with = "network::bind")]
    pub bind: Bind,
    /// The directory of the database, the key file and the backups.
    #[serde(deserialize_with = "data_dir::data_dir")]
    pub data_dir: PathBuf,
    /// The proxies whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "network::trusted_proxies")]
    pub trusted_proxies: TrustedProxies,
    /// Web origins whose pages may call `/api/*`.
    #[serde(deserialize_with = "web_address::cors_origins")]
    pub cors_origins: Vec<WebAddress>,
    /// Hosts that requests may name beside that of the public URL.
    #[serde(deserialize_with = "web_address::allowed_hosts")]
    pub allowed_hosts: Vec<HostName>,
    /// Whether people may make their own accounts.
    #[serde(deserialize_with = "accounts::registration")]
    pub registration: Registration,
    /// The fewest characters (Unicode scalar values) of a new password.
    #[serde(deserialize_with = "accounts::password_min_length")]
    pub password_min_length: usize,
    /// Whether administrators need a second factor for their pages.
    #[serde(deserialize_with = "accounts::admin_second_factor")]
    pub admin_second_factor: SecondFactor,
    /// How long an access token is valid; whole seconds, never longer than `refresh_ttl`.
    #[serde(deserialize_with = "tokens::access_ttl")]
    pub access_ttl: Duration,
    /// How long a refresh token is valid from its own issue; whole seconds, never longer than `session_max_age`.
    #[serde(deserialize_with = "tokens::refresh_ttl")]
    pub refresh_ttl: Duration,
    /// How long after sign-in a session ends for good; whole seconds.
    #[serde(deserialize_with = "tokens::session_max_age")]
    pub session_max_age: Duration,
    /// How long after a rotation the previous refresh token still gives the same successor.
    #[serde(deserialize_with = "tokens::refresh_grace")]
    pub refresh_grace: Duration,
    /// How long sessions that ended or expired stay in the database.
    #[serde(deserialize_with = "tokens::keep_ended_sessions")]
    pub keep_ended_sessions: Duration,
    /// Networks whose tries no limit counts.
    #[serde(deserialize_with = "network::networks")]
    pub throttle_exempt: Vec<IpNet>,
    /// The key to use in place of the key file in the data directory.
    #[serde(default, deserialize_with = "secret_key::secret_key")]
    pub secret_key: Option<SecretKey>,
    /// Who folds the database's log into it.
    #[serde(deserialize_with = "database::checkpoints")]
    pub checkpoints: Checkpoints,
    /// Which log lines are written: `tracing` filter directives, already checked.
    #[serde(deserialize_with = "log::log")]
    pub log: String,
    /// How log lines are written.
    #[serde(deserialize_with = "log::log_format")]
    pub log_format: LogFormat,
    /// Where the metrics are served, and nothing else.
    #[serde(deserialize_with = "metrics::bind")]
    pub metrics_bind: Option<SocketAddr>,
    /// What a scrape has to show; with it, the main port serves the metrics, too.
    #[serde(default, deserialize_with = "metrics::token")]
    pub metrics_token: Option<MetricsToken>,
    /// What a password hash costs and how many run at once.
    pub hashing: Hashing,
    /// When the server copies its database by itself.
    pub backup: Backup,
    /// Deadlines and limits of the front door.
    pub front: Front,
    /// The files with which the server speaks TLS.
    pub tls: Tls,
    /// Where webhooks may lead, and when failures are told.
    pub webhooks: Webhooks,
    /// Where each value came from, as [`Loaded::origins`] tells: for whoever shows the configuration in effect.
    #[serde(skip)]
    pub origins: Vec<Origin>,
}

/// A configuration and where each of its values came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The checked values.
    pub config: Config,
    /// One entry for each of [`SETTINGS`], in that order.
    pub origins: Vec<Origin>,
}

impl Config {
    /// Merges and checks all layers; `sources` is all that is consulted besides the files it leads to.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found: unknown names, unreadable files, values that fail their check,
    /// values that contradict each other.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
        let mut problems = Vec::new();
        let layers = Layers::gather(sources, &mut problems);
        // A key whose value is refused falls back to its default, so that the other keys are judged too.
        let mut refused: Vec<&'static str> = Vec::new();
        for _ in 0..=SETTINGS.len() {
            let merged = layers.merge(&refused);
            match merged.extract::<Self>() {
                Ok(mut config) => {
                    let origins = origin::trace(&merged);
                    config.origins.clone_from(&origins);
                    problems.extend(conflict::find(&config, &origins, &refused));
                    if problems.is_empty() {
                        return Ok(Loaded { config, origins });
                    }
                    break;
                }
                Err(error) => {
                    let (setting, problem) = layers::explain(&error);
                    problems.push(problem);
                    match setting {
                        Some(setting) if !refused.contains(&setting.key) => {
                            refused.push(setting.key);
                        }
                        // The default itself fails: a fault of this program, reported once.
                        _ => break,
                    }
                }
            }
        }
        Err(ConfigError::new(problems))
    }
}

impl Config {
    /// Whether somebody said where browsers reach the Hub; otherwise it follows from `bind`.
    #[must_use]
    pub fn has_public_url(&self) -> bool {
        let origins = self.origins.iter();
        origins
            .filter(|origin| origin.key == web_address::PUBLIC_URL.key)
            .any(|origin| origin.from != "default")
    }
}

impl Loaded {
    /// The origin of `key`, one of the keys in [`SETTINGS`].
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.origins.iter().find(|origin| origin.key == key)
    }
}
