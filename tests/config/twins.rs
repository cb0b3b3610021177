//! `_FILE` twins: every setting can be given as the content of a file.

use std::time::Duration;

use hub::config::{Config, SETTINGS};

use crate::place::{Place, origin};

#[test]
fn a_plain_a_nested_and_a_list_setting_can_come_from_files() {
    let place = Place::new();
    let log = place.write("log", "debug\n");
    let drain = place.write("drain", "3s");
    let proxies = place.write("proxies", "10.0.0.0/8,::1\r\n");
    let loaded = place
        .env("HUB_LOG_FILE", &log)
        .env("HUB_FRONT__DRAIN_FILE", &drain)
        .env("HUB_TRUSTED_PROXIES_FILE", &proxies)
        .load();
    assert_eq!(loaded.config.log, "debug");
    assert_eq!(loaded.config.front.drain, Duration::from_secs(3));
    assert_eq!(loaded.config.trusted_proxies.networks().len(), 2);
    let expected = ("3s".to_owned(), format!("HUB_FRONT__DRAIN_FILE ({drain})"));
    assert_eq!(origin(&loaded, "front.drain"), expected);
}

#[test]
fn every_setting_has_a_twin() {
    for setting in SETTINGS {
        let value = if setting.secret {
            "0123456789abcdef".repeat(4)
        } else {
            setting.default.to_owned()
        };
        let place = Place::new();
        let path = place.write("value", value);
        let name = format!("{}_FILE", setting.env);
        let loaded = place.env(&name, &path).load();
        assert_eq!(origin(&loaded, setting.key).1, format!("{name} ({path})"));
    }
}

#[test]
fn only_one_newline_is_taken_off() {
    let place = Place::new();
    let path = place.write("format", "json\n\n");
    let line = r#"HUB_LOG_FORMAT_FILE ({path}): "json\n" is unknown; write auto, text or json"#;
    let expected = line.replace("{path}", &path);
    assert_eq!(place.env("HUB_LOG_FORMAT_FILE", path).lines(), [expected]);
}

#[test]
fn a_variable_and_its_twin_together_are_refused() {
    let place = Place::new();
    let path = place.write("log", "debug");
    let lines = place
        .env("HUB_LOG", "info")
        .env("HUB_LOG_FILE", path)
        .lines();
    assert_eq!(
        lines,
        ["HUB_LOG and HUB_LOG_FILE: both are set; unset one of them"]
    );
}

#[test]
fn an_empty_variable_counts_as_set_beside_its_twin() {
    let place = Place::new();
    let path = place.write("origins", "https://a.example");
    let lines = place
        .env("HUB_CORS_ORIGINS", "")
        .env("HUB_CORS_ORIGINS_FILE", path)
        .lines();
    let line = "HUB_CORS_ORIGINS and HUB_CORS_ORIGINS_FILE: both are set; unset one of them";
    assert_eq!(lines, [line]);
}

#[test]
fn a_twin_whose_file_cannot_be_read_says_why() {
    let missing = "No such file or directory (os error 2)";
    for (content, why) in [
        (None, missing),
        (Some(vec![0xff, 0xfe]), "it is not UTF-8 text"),
        (Some(vec![b'a'; 65_537]), "it is larger than 65536 bytes"),
    ] {
        let place = Place::new();
        let path = place.text("log");
        if let Some(content) = content {
            place.write("log", content);
        }
        // A long path is cut in the line, so the place must be a short one.
        let place = place.env("HUB_LOG_FILE", &path);
        let line = format!(
            "HUB_LOG_FILE: cannot read {path:?}: {why}; name a file that this user may read"
        );
        assert_eq!(place.lines(), [line]);
    }
}

#[test]
fn the_data_directory_may_come_from_a_twin() {
    let place = Place::new();
    place.write("data/hub.toml", "log = 'trace'");
    let path = place.write("where", place.text("data"));
    let place = place.env("HUB_DATA_DIR_FILE", path);
    let loaded = Config::load(&place.sources).expect("a sound configuration");
    assert_eq!(loaded.config.data_dir, place.path("data"));
    assert_eq!(loaded.config.log, "trace");
}
