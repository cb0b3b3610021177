//! The one table of settings: what exists, how it is called in each layer, what it means.

use super::{
    accounts, backup, data_dir, database, front, hashing, log, metrics, network, secret_key, tls,
    tokens, web_address, webhooks,
};

/// One setting, as documentation and as the measure of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The name in `hub.toml`; a dot separates table and key.
    pub key: &'static str,
    /// The name of the environment variable; with `_FILE` behind it, the name of its twin.
    pub env: &'static str,
    /// The default as one writes it in the environment; empty for an empty list and for no value at all.
    pub default: &'static str,
    /// What the setting does and what it accepts, in one line.
    pub meaning: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Whether it is one value, and no list, that may be left out.
    pub optional: bool,
}

/// Every setting there is, in the order of the documentation.
pub const SETTINGS: &[Setting] = &[
    web_address::PUBLIC_URL,
    network::BIND,
    data_dir::DATA_DIR,
    network::TRUSTED_PROXIES,
    web_address::CORS_ORIGINS,
    web_address::ALLOWED_HOSTS,
    accounts::REGISTRATION,
    accounts::PASSWORD_MIN_LENGTH,
    accounts::ADMIN_SECOND_FACTOR,
    tokens::ACCESS_TTL,
    tokens::REFRESH_TTL,
    tokens::SESSION_MAX_AGE,
    tokens::REFRESH_GRACE,
    tokens::KEEP_ENDED_SESSIONS,
    network::THROTTLE_EXEMPT,
    secret_key::SECRET_KEY,
    database::CHECKPOINTS,
    log::LOG,
    log::LOG_FORMAT,
    metrics::METRICS_BIND,
    metrics::METRICS_TOKEN,
    backup::EVERY,
    backup::KEEP,
    hashing::MEMORY_KIB,
    hashing::PASSES,
    hashing::LANES,
    hashing::THREADS,
    hashing::QUEUE,
    hashing::QUEUE_WAIT,
    front::HEADER_DEADLINE,
    front::BODY_DEADLINE,
    front::IDLE_TIMEOUT,
    front::DRAIN,
    front::MAX_CONNECTIONS,
    front::MAX_CONNECTIONS_PER_NETWORK,
    front::PROXY_PROTOCOL,
    tls::CERT,
    tls::KEY,
    webhooks::ALLOWED_NETWORKS,
    webhooks::AUTHORITIES,
    webhooks::TIMEOUT,
    webhooks::SIGN_IN_FAILURES,
];

impl Setting {
    pub(super) const fn plain(
        key: &'static str,
        env: &'static str,
        default: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            key,
            env,
            default,
            meaning,
            secret: false,
            optional: false,
        }
    }

    /// One value that there is none of by default, such as the path of a file.
    pub(super) const fn optional(
        key: &'static str,
        env: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            optional: true,
            ..Self::plain(key, env, "", meaning)
        }
    }

    /// A setting that is never shown and has no default: a secret known to everyone would be none.
    pub(super) const fn secret(
        key: &'static str,
        env: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            secret: true,
            ..Self::plain(key, env, "", meaning)
        }
    }

    /// The setting of that key in `hub.toml`.
    pub(super) fn of_key(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// The setting of that environment variable.
    pub(super) fn of_env(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.env == name)
    }
}

/// The known name most like `unknown`; a name that is right but for its table wins.
pub(super) fn nearest(unknown: &str, known: impl Iterator<Item = String>) -> String {
    known
        .min_by_key(|name| {
            let same_last_word = name.rsplit('.').next() == Some(unknown);
            (
                !same_last_word,
                strsim::damerau_levenshtein(unknown, name),
                name.clone(),
            )
        })
        .unwrap_or_default()
}

/// The key in `hub.toml` most like `unknown`.
pub(super) fn nearest_key(unknown: &str) -> String {
    nearest(
        unknown,
        SETTINGS.iter().map(|setting| setting.key.to_owned()),
    )
}
