//! Which `hub.toml` is read, and where the data directory is.

use std::fs;
use std::path::Path;

use crate::place::{Place, origin};

#[test]
fn the_file_in_the_data_directory_is_read_when_it_exists() {
    let place = Place::new();
    let path = place.write("data/hub.toml", "log = 'debug'");
    let data = place.text("data");
    let loaded = place.env("HUB_DATA_DIR", data).load();
    assert_eq!(origin(&loaded, "log"), ("debug".to_owned(), path));
}

#[test]
fn the_config_flag_beats_the_variable_which_beats_the_data_directory() {
    let place = Place::new();
    place.write("data/hub.toml", "log = 'debug'");
    let named = place.write("named.toml", "log = 'warn'");
    let data = place.text("data");
    let place = place.env("HUB_DATA_DIR", data).env("HUB_CONFIG", named);
    assert_eq!(place.load().config.log, "warn");
    assert_eq!(place.config("log = 'error'").load().config.log, "error");
}

#[test]
fn a_file_that_is_named_must_exist() {
    let mut place = Place::new();
    let path = place.path("none.toml");
    let fault = format!(
        "cannot read {path:?}: No such file or directory (os error 2); name a file that this user may read"
    );
    place.sources.config_flag = Some(path);
    assert_eq!(place.lines(), [format!("--config: {fault}")]);
    let text = place.text("none.toml");
    place.sources.config_flag = None;
    assert_eq!(
        place.env("HUB_CONFIG", text).lines(),
        [format!("HUB_CONFIG: {fault}")]
    );
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let place = Place::new();
    let data = place.text("data");
    fs::create_dir_all(place.path("data/hub.toml")).expect("a directory in place of the file");
    let line = format!(
        "hub.toml: cannot read {:?}: Is a directory (os error 21); name a file that this user may read",
        place.path("data/hub.toml")
    );
    assert_eq!(place.env("HUB_DATA_DIR", data).lines(), [line]);

    let large = Place::new().config(&"#".repeat(1024 * 1024 + 1));
    let line = format!(
        "--config: cannot read {:?}: it is larger than 1048576 bytes; name a file that this user may read",
        large.path("given.toml")
    );
    assert_eq!(large.lines(), [line]);
}

#[test]
fn a_file_that_is_no_toml_says_where() {
    let place = Place::new().config("log = 'info'\nbind = 127.0.0.1:8000\n");
    let file = place.text("given.toml");
    let lines = place.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with(&format!("{file}: line 2, column ")),
        "{lines:?}"
    );
    assert!(lines[0].ends_with("; correct the line"), "{lines:?}");
}

#[test]
fn the_same_key_twice_is_refused() {
    let place = Place::new().config("log = 'info'\nlog = 'warn'\n");
    let file = place.text("given.toml");
    let line =
        format!("{file}: line 2, column 1: duplicate key `log` in document root; correct the line");
    assert_eq!(place.lines(), [line]);
}

#[test]
fn the_data_directory_is_the_systems_if_it_exists() {
    let place = Place::new().env("XDG_DATA_HOME", "/home/somebody/.local/share");
    fs::create_dir_all(place.path("system")).expect("a directory");
    assert_eq!(place.load().config.data_dir, place.path("system"));
    assert_eq!(
        origin(&place.load(), "data_dir"),
        (place.text("system"), "default".to_owned())
    );
}

#[test]
fn the_data_directory_is_the_users_where_there_is_no_systems() {
    let place = Place::new().env("XDG_DATA_HOME", "/home/somebody/.local/share");
    let expected = Path::new("/home/somebody/.local/share/hub");
    assert_eq!(place.load().config.data_dir, expected);
}

#[test]
fn a_relative_or_empty_xdg_directory_counts_as_none() {
    for home in ["", "share"] {
        let loaded = Place::new().env("XDG_DATA_HOME", home).load();
        assert_eq!(loaded.config.data_dir, Path::new("./hub-data"));
    }
}

#[test]
fn a_variable_and_then_a_flag_name_another_data_directory() {
    let place = Place::new();
    fs::create_dir_all(place.path("system")).expect("a directory");
    let (one, other) = (place.path("one"), place.path("other"));
    let place = place.env("HUB_DATA_DIR", one.to_str().expect("text"));
    assert_eq!(place.load().config.data_dir, one);
    let place = place.flag("data_dir", other.to_str().expect("text"));
    assert_eq!(place.load().config.data_dir, other);
}

#[test]
fn a_named_file_may_set_the_data_directory_and_the_file_inside_is_then_not_read() {
    let place = Place::new();
    place.write("data/hub.toml", "log = 'debug'");
    let data = place.path("data");
    let place = place.config(&format!("data_dir = {data:?}"));
    let loaded = place.load();
    assert_eq!(loaded.config.data_dir, data);
    assert_eq!(loaded.config.log, "info");
}

#[test]
fn the_file_in_the_data_directory_cannot_move_it() {
    let place = Place::new();
    let path = place.write("data/hub.toml", "data_dir = '/elsewhere'");
    let data = place.text("data");
    let line = format!(
        "data_dir in {path}: cannot move the directory that this file lies in; use HUB_DATA_DIR or --config"
    );
    assert_eq!(place.env("HUB_DATA_DIR", data).lines(), [line]);
}
