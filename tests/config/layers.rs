//! Each layer beats the one below, and says so.

use std::time::Duration;

use hub::config::{Sources, WebAddress};

use crate::place::{Place, origin};

#[test]
fn an_empty_machine_gets_the_defaults() {
    let loaded = Place::new().load();
    for origin in &loaded.origins {
        assert_eq!(origin.from, "default", "{}", origin.key);
    }
}

#[test]
fn the_file_beats_the_default() {
    let place = Place::new().config("bind = '127.0.0.1:1'");
    let loaded = place.load();
    assert_eq!(loaded.config.bind.to_string(), "127.0.0.1:1");
    let expected = ("127.0.0.1:1".to_owned(), place.text("given.toml"));
    assert_eq!(origin(&loaded, "bind"), expected);
}

#[test]
fn the_environment_beats_the_file() {
    let place = Place::new()
        .config("bind = '127.0.0.1:1'\n[front]\ndrain = '1s'\nidle_timeout = '7s'")
        .env("HUB_BIND", "127.0.0.1:2")
        .env("HUB_FRONT__DRAIN", "2s");
    let loaded = place.load();
    assert_eq!(loaded.config.bind.to_string(), "127.0.0.1:2");
    assert_eq!(loaded.config.front.drain, Duration::from_secs(2));
    assert_eq!(loaded.config.front.idle_timeout, Duration::from_secs(7));
    assert_eq!(origin(&loaded, "bind").1, "HUB_BIND");
    assert_eq!(origin(&loaded, "front.drain").1, "HUB_FRONT__DRAIN");
    assert_eq!(
        origin(&loaded, "front.idle_timeout").1,
        place.text("given.toml")
    );
}

#[test]
fn a_twin_beats_the_file() {
    let place = Place::new().config("bind = '127.0.0.1:1'");
    let path = place.write("bind", "127.0.0.1:3\n");
    let loaded = place.env("HUB_BIND_FILE", &path).load();
    assert_eq!(loaded.config.bind.to_string(), "127.0.0.1:3");
    assert_eq!(origin(&loaded, "bind").1, format!("HUB_BIND_FILE ({path})"));
}

#[test]
fn a_flag_beats_all_others() {
    let loaded = Place::new()
        .config("bind = '127.0.0.1:1'\n[hashing]\nmemory_kib = 9")
        .env("HUB_BIND", "127.0.0.1:2")
        .env("HUB_HASHING__MEMORY_KIB", "10")
        .flag("bind", "127.0.0.1:4")
        .flag("hashing.memory_kib", "11")
        .load();
    assert_eq!(loaded.config.bind.to_string(), "127.0.0.1:4");
    assert_eq!(loaded.config.hashing.memory_kib, 11);
    assert_eq!(origin(&loaded, "bind").1, "--bind");
    assert_eq!(
        origin(&loaded, "hashing.memory_kib").1,
        "--hashing-memory-kib"
    );
}

#[test]
fn a_flag_beats_a_twin() {
    let place = Place::new();
    let path = place.write("bind", "127.0.0.1:3");
    let loaded = place
        .env("HUB_BIND_FILE", path)
        .flag("bind", "127.0.0.1:4")
        .load();
    assert_eq!(loaded.config.bind.to_string(), "127.0.0.1:4");
}

#[test]
fn of_two_flags_for_one_key_the_later_counts() {
    let loaded = Place::new().flag("log", "warn").flag("log", "debug").load();
    assert_eq!(loaded.config.log, "debug");
}

#[test]
fn a_value_that_a_stronger_layer_replaces_is_not_judged() {
    let loaded = Place::new()
        .env("HUB_BIND", "nonsense")
        .flag("bind", "[::1]:5")
        .load();
    assert_eq!(loaded.config.bind.to_string(), "[::1]:5");
}

#[test]
fn the_public_url_follows_bind_until_it_is_set() {
    let followed = Place::new().env("HUB_BIND", "[::1]:9000").load();
    assert_eq!(followed.config.public_url.as_str(), "http://[::1]:9000");
    let expected = ("http://[::1]:9000".to_owned(), "default".to_owned());
    assert_eq!(origin(&followed, "public_url"), expected);

    let set = Place::new()
        .config("public_url = 'https://hub.example.com/'")
        .env("HUB_BIND", "[::1]:9000")
        .load();
    assert_eq!(set.config.public_url.as_str(), "https://hub.example.com");
}

#[test]
fn the_public_url_is_https_with_a_certificate_and_this_machine_behind_a_socket() {
    for (bind, certificate, url) in [
        ("127.0.0.1:8000", "/c", "https://127.0.0.1:8000"),
        ("[::1]:443", "/c", "https://[::1]"),
        ("127.0.0.1:8000", "", "http://127.0.0.1:8000"),
        ("systemd", "/c", "https://localhost"),
        ("systemd", "", "http://localhost"),
        ("unix:/a", "", "http://localhost"),
    ] {
        let loaded = Place::new()
            .env("HUB_BIND", bind)
            .env("HUB_TLS__CERT", certificate)
            .env("HUB_TLS__KEY", certificate)
            .load();
        assert_eq!(loaded.config.public_url.as_str(), url);
        assert_eq!(origin(&loaded, "public_url").1, "default");
    }
}

#[test]
fn lists_are_arrays_or_commas_in_the_file_and_commas_elsewhere() {
    let networks = ["10.0.0.0/8", "::1/128", "192.0.2.7/32"];
    for place in [
        Place::new().config("trusted_proxies = ['10.0.0.0/8', '::1', '192.0.2.7']"),
        Place::new().config("trusted_proxies = '10.0.0.0/8,::1,192.0.2.7'"),
        Place::new().env("HUB_TRUSTED_PROXIES", " 10.1.2.3/8, ::1 ,192.0.2.7,"),
        Place::new().flag("trusted_proxies", "10.0.0.0/8,::1,192.0.2.7"),
    ] {
        let found = place.load().config.trusted_proxies;
        let found: Vec<String> = found.networks().iter().map(ToString::to_string).collect();
        assert_eq!(found, networks);
    }
}

#[test]
fn a_proxy_written_in_the_ipv6_form_of_ipv4_is_the_one_that_connects() {
    let loaded = Place::new()
        .env(
            "HUB_TRUSTED_PROXIES",
            "::ffff:192.0.2.7, ::ffff:10.0.0.0/104",
        )
        .load();
    let found = loaded.config.trusted_proxies;
    let found: Vec<String> = found.networks().iter().map(ToString::to_string).collect();
    assert_eq!(found, ["192.0.2.7/32", "10.0.0.0/8"]);
}

#[test]
fn an_empty_list_in_a_stronger_layer_empties_the_list() {
    let loaded = Place::new()
        .config("cors_origins = ['https://a.example']")
        .env("HUB_CORS_ORIGINS", "")
        .load();
    assert_eq!(loaded.config.cors_origins, []);
}

#[test]
fn origins_stand_in_the_form_that_browsers_send() {
    let loaded = Place::new()
        .env(
            "HUB_CORS_ORIGINS",
            "https://App.example.com:443,http://localhost:3000",
        )
        .load();
    let found: Vec<&str> = loaded
        .config
        .cors_origins
        .iter()
        .map(WebAddress::as_str)
        .collect();
    assert_eq!(found, ["https://app.example.com", "http://localhost:3000"]);
}

#[test]
fn numbers_stand_bare_or_in_quotes_in_the_file() {
    for content in [
        "[hashing]\npasses = 3",
        "[hashing]\npasses = '3'",
        "hashing.passes = 3",
    ] {
        assert_eq!(Place::new().config(content).load().config.hashing.passes, 3);
    }
}

#[test]
fn what_is_not_the_hubs_is_left_alone() {
    Place::new()
        .env("HUBTEST_ANYTHING", "x")
        .env("HUBERT", "x")
        .env("GITHUB_TOKEN", "x")
        .env("PATH", "/bin")
        .load();
}

#[test]
fn of_the_process_only_the_hubs_variables_are_taken() {
    let sources = Sources::from_process().expect("text in every variable");
    for (name, _) in &sources.env {
        assert!(
            name.starts_with("HUB_") || name == "XDG_DATA_HOME",
            "{name}"
        );
    }
    assert_eq!(sources.system_data_dir.to_str(), Some("/var/lib/hub"));
}
