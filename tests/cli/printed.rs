//! What commands print that need no database: help, configuration, completions, manual pages, versions; and where it goes.

use std::fs::{self, File};
use std::io;

use clap::CommandFactory;
use serde_json::Value;

use crate::stage::Stage;

const KEY: &str = "5b1f0c7ad9e3428617fc90b2a4d86e3550ce17f98a23b46d0e91c7385df2ab64";

#[test]
fn the_definitions_of_all_commands_are_sound() {
    hub::cli::Arguments::command().debug_assert();
}

#[test]
fn bare_hub_prints_its_help() {
    let stage = Stage::empty();
    let help = stage.run(&[]).good();
    for command in [
        "serve", "user", "session", "token", "audit", "migrate", "config",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command}: {help}"
        );
    }
    assert!(!stage.data().exists());
}

#[test]
fn versions_are_told() {
    let stage = Stage::empty();
    let told = stage.run(&["version", "--json"]).json();
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    let schema = hub::store::schema::migrations().len();
    assert_eq!(told["schema"], schema);
    let sqlite = told["sqlite"].as_str().unwrap();
    let line = stage.run(&["version"]).good();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        line,
        format!("hub {version} (SQLite {sqlite}, schema {schema})\n")
    );
}

#[test]
fn the_document_of_the_api_is_printed_without_a_database() {
    let stage = Stage::empty();
    let told = stage.run(&["openapi"]).json();
    assert_eq!(told["openapi"], "3.1.0");
    assert_eq!(told["info"]["version"], env!("CARGO_PKG_VERSION"));
    let served = hub::features::api().to_json().unwrap();
    assert_eq!(told, serde_json::from_str::<Value>(&served).unwrap());
    assert!(!stage.data().exists());
}

#[test]
fn a_configured_secret_is_never_printed() {
    let mut stage = Stage::empty();
    stage.environment.push(("HUB_SECRET_KEY", KEY.to_owned()));
    for arguments in [
        &["config", "print"][..],
        &["config", "print", "--origin"],
        &["config", "print", "--origin", "--json"],
        &["config", "check"],
    ] {
        let told = stage.run(arguments).good();
        assert!(!told.contains(KEY) && !told.contains(&KEY[..8]), "{told}");
    }
    let told = stage.run(&["config", "print"]).good();
    assert!(told.contains("(hidden)"), "{told}");
    // Nor when it is wrong.
    stage.environment[0].1.push('0');
    let done = stage.run(&["config", "print"]);
    assert_eq!(done.code, 78);
    assert!(!done.err.contains(&KEY[..8]), "{}", done.err);
}

#[test]
fn each_value_is_printed_with_where_it_came_from() {
    let mut stage = Stage::empty();
    fs::create_dir(stage.data()).unwrap();
    let file = stage.data().join("hub.toml");
    fs::write(&file, "access_ttl = \"1h\"\nrefresh_ttl = \"9d\"\n").unwrap();
    stage.environment.push(("HUB_REFRESH_TTL", "8d".to_owned()));
    let told = stage.run(&["config", "print", "--origin", "--json"]).json();
    let of = |key: &str| {
        let all: &Vec<Value> = told.as_array().unwrap();
        let setting = all.iter().find(|setting| setting["key"] == key).expect(key);
        (setting["value"].clone(), setting["from"].clone())
    };
    let text = |text: &str| Value::from(text);
    assert_eq!(of("access_ttl"), (text("1h"), text(file.to_str().unwrap())));
    assert_eq!(of("refresh_ttl"), (text("8d"), text("HUB_REFRESH_TTL")));
    assert_eq!(of("log"), (text("info"), text("default")));
    let plain = stage.run(&["config", "print", "--json"]).json();
    assert!(plain[0].get("from").is_none());
    let table = stage.run(&["config", "print", "--origin"]).good();
    let line = table
        .lines()
        .find(|line| line.starts_with("refresh_ttl "))
        .unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["refresh_ttl", "8d", "HUB_REFRESH_TTL"]);
}

#[test]
fn the_example_is_itself_a_good_configuration() {
    let stage = Stage::empty();
    let file = stage.data().with_file_name("example.toml");
    fs::write(&file, stage.run(&["config", "example"]).good()).unwrap();
    let told = stage
        .run(&["config", "check", "--config", file.to_str().unwrap()])
        .good();
    assert!(
        told.starts_with("the configuration is good: 3 of "),
        "{told}"
    );
}

#[test]
fn every_shell_gets_completions_that_know_the_commands() {
    let stage = Stage::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stage.run(&["completions", shell]).good();
        assert!(
            script.contains("revoke") && script.contains("dry-run"),
            "{shell}"
        );
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let stage = Stage::empty();
    let page = stage.run(&["man"]).good();
    assert!(page.contains(".TH hub 1"), "{page}");
    let directory = stage.data();
    fs::create_dir(&directory).unwrap();
    stage
        .run(&["man", "--out", directory.to_str().unwrap()])
        .good();
    for name in ["hub.1", "hub-serve.1", "hub-user.1", "hub-session-revoke.1"] {
        assert!(directory.join(name).is_file(), "{name}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_command_quietly() {
    let stage = Stage::new();
    for arguments in [
        &[][..],
        &["user", "list"],
        &["completions", "bash"],
        &["config", "example"],
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let done = stage.command(arguments).stdout(writer).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), &*told), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_under_standard_output_is_told() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let stage = Stage::empty();
    let done = stage.command(&["version"]).stdout(full).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        told.starts_with("hub: cannot write to standard output: "),
        "{told}"
    );
}
