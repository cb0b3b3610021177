//! The table of settings, the example and the code say the same.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use hub::config::{LogFormat, Registration, SETTINGS, example};

use crate::place::{Place, origin};

/// The example with every `#` removed that stands directly before a setting.
fn uncommented() -> String {
    let lines = example();
    let lines = lines.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_variable_of_a_setting_follows_from_its_key() {
    for setting in SETTINGS {
        let env = format!("HUB_{}", setting.key.to_uppercase().replace('.', "__"));
        assert_eq!(setting.env, env);
    }
    let keys: HashSet<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(keys.len(), SETTINGS.len());
}

#[test]
fn no_variable_is_the_twin_of_another() {
    for setting in SETTINGS {
        assert!(!setting.env.ends_with("_FILE"), "{}", setting.env);
    }
}

#[test]
fn a_meaning_is_one_sentence_that_fits_a_table() {
    for setting in SETTINGS {
        assert!(setting.meaning.ends_with('.'), "{}", setting.meaning);
        assert!(
            !setting.meaning.contains(['|', '\n']),
            "{}",
            setting.meaning
        );
    }
}

#[test]
fn the_defaults_are_those_of_the_table() {
    let loaded = Place::new().load();
    assert_eq!(loaded.origins.len(), SETTINGS.len());
    for (setting, origin) in SETTINGS.iter().zip(&loaded.origins) {
        assert_eq!(
            (setting.key, setting.default),
            (origin.key, origin.value.as_str())
        );
    }
}

#[test]
fn the_defaults_are_those_that_the_hub_promises() {
    let config = Place::new().load().config;
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:8000");
    assert_eq!(config.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(config.data_dir, Path::new("./hub-data"));
    assert!(config.trusted_proxies.is_empty());
    assert_eq!(config.throttle_exempt, []);
    assert_eq!(config.cors_origins, []);
    assert_eq!(config.allowed_hosts, []);
    assert_eq!(config.registration, Registration::Open);
    assert_eq!(config.password_min_length, 8);
    assert_eq!(config.access_ttl, Duration::from_hours(24));
    assert_eq!(config.refresh_ttl, Duration::from_hours(30 * 24));
    assert_eq!(config.session_max_age, Duration::from_hours(90 * 24));
    assert_eq!(config.refresh_grace, Duration::from_secs(10));
    assert_eq!(config.log, "info");
    assert_eq!(config.log_format, LogFormat::Auto);
    let hashing = config.hashing;
    assert_eq!(
        (hashing.memory_kib, hashing.passes, hashing.lanes),
        (19_456, 2, 1)
    );
    assert_eq!((hashing.threads, hashing.queue), (0, 32));
    assert_eq!(hashing.queue_wait, Duration::from_secs(2));
    let front = config.front;
    assert_eq!(front.header_deadline, Duration::from_secs(10));
    assert_eq!(front.body_deadline, Duration::from_secs(15));
    assert_eq!(front.idle_timeout, Duration::from_mins(1));
    assert_eq!(front.drain, Duration::from_secs(10));
    assert_eq!(
        (front.max_connections, front.max_connections_per_network),
        (4096, 512)
    );
}

#[test]
fn the_example_changes_nothing_as_it_stands() {
    let loaded = Place::new().config(&example()).load();
    for origin in &loaded.origins {
        assert_eq!(origin.from, "default", "{}", origin.key);
    }
}

#[test]
fn the_example_loads_with_every_default_when_uncommented() {
    let place = Place::new().config(&uncommented());
    let loaded = place.load();
    for setting in SETTINGS.iter().filter(|setting| !setting.secret) {
        let expected = (setting.default.to_owned(), place.text("given.toml"));
        assert_eq!(origin(&loaded, setting.key), expected, "{}", setting.key);
        assert!(example().contains(&format!("# {}\n", setting.meaning)));
    }
    assert!(example().contains("# secret_key has no default; prefer HUB_SECRET_KEY_FILE.\n"));
}
