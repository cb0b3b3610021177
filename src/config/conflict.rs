//! Values that are sound one by one and wrong together.

use super::error::Problem;
use super::front::PROXY_PROTOCOL;
use super::hashing::{LANES, MEMORY_KIB, MIN_LANE_KIB};
use super::metrics::METRICS_BIND;
use super::network::{BIND, TRUSTED_PROXIES};
use super::origin::Origin;
use super::settings::Setting;
use super::tls::{CERT, KEY};
use super::tokens::{ACCESS_TTL, REFRESH_TTL, SESSION_MAX_AGE};
use super::{Bind, Config};

/// All conflicts, except those of a key that was refused already: its value here is only a stand-in.
pub(super) fn find(config: &Config, origins: &[Origin], refused: &[&str]) -> Vec<Problem> {
    let outlives = |short: &Setting, long: &Setting| {
        let (short, long) = (short.key, long.key);
        format!("{short} must not be longer than {long}; shorten the one or lengthen the other")
    };
    let checks = [
        (
            config.access_ttl > config.refresh_ttl,
            &ACCESS_TTL,
            &REFRESH_TTL,
            outlives(&ACCESS_TTL, &REFRESH_TTL),
        ),
        (
            config.refresh_ttl > config.session_max_age,
            &REFRESH_TTL,
            &SESSION_MAX_AGE,
            outlives(&REFRESH_TTL, &SESSION_MAX_AGE),
        ),
        (
            config.hashing.memory_kib < MIN_LANE_KIB * config.hashing.lanes,
            &MEMORY_KIB,
            &LANES,
            format!(
                "Argon2 needs {MIN_LANE_KIB} KiB for each lane; raise the one or lower the other"
            ),
        ),
        (
            config
                .metrics_bind
                .is_some_and(|metrics| Bind::Address(metrics) == config.bind && metrics.port() != 0),
            &METRICS_BIND,
            &BIND,
            "both cannot listen there; give the metrics another port, or set HUB_METRICS_TOKEN to have them on this one"
                .to_owned(),
        ),
        (
            config.tls.is_half(),
            &CERT,
            &KEY,
            "TLS needs both files; name the other one too, or leave both out".to_owned(),
        ),
        (
            config.tls.files().is_some() && matches!(config.bind, Bind::Unix(_)),
            &BIND,
            &CERT,
            "a Unix socket carries no TLS; listen on an address, or leave the certificate to the proxy"
                .to_owned(),
        ),
        (
            config.front.proxy_protocol && config.trusted_proxies.is_empty(),
            &PROXY_PROTOCOL,
            &TRUSTED_PROXIES,
            "nobody could connect; name the proxy that sends the header, or turn it off".to_owned(),
        ),
    ];
    checks
        .into_iter()
        .filter(|(wrong, one, other, _)| {
            *wrong && !refused.contains(&one.key) && !refused.contains(&other.key)
        })
        .map(|(_, one, other, fault)| {
            let place = format!("{} and {}", told(one, origins), told(other, origins));
            Problem::new(place, fault)
        })
        .collect()
}

/// `access_ttl = 24h (default)`
fn told(setting: &Setting, origins: &[Origin]) -> String {
    match origins.iter().find(|origin| origin.key == setting.key) {
        Some(origin) if origin.value.is_empty() => {
            format!("{} is empty ({})", origin.key, origin.from)
        }
        Some(origin) => format!("{} = {} ({})", origin.key, origin.value, origin.from),
        None => setting.key.to_owned(),
    }
}
