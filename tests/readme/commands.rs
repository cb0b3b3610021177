//! The README's commands, as printed.

use std::process::Output;

use serde_json::json;

use crate::blocks::{blocks, readme};
use crate::server::Server;

/// What stands between the outputs of two blocks.
const CUT: &str = "--- the next block ---";

/// All blocks of these names in one shell, and what each printed.
fn run(server: &Server, names: &[&str]) -> Vec<String> {
    let printed: Vec<&str> = names.iter().flat_map(|name| blocks(name)).collect();
    let script = printed.join(&format!("\nprintf '\\n%s\\n' '{CUT}'\n"));
    let output = server.run(&script);
    assert!(output.status.success(), "{script}\n{}", shown(&output));
    let stdout = String::from_utf8(output.stdout).expect("text");
    stdout.split(CUT).map(str::to_owned).collect()
}

fn shown(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn the_server_starts_with_the_printed_command() {
    // What `cargo run` starts is the binary that the other tests start with the same argument.
    assert_eq!(blocks("serve"), ["cargo run --release -- serve"]);
}

#[test]
fn the_first_minute_ends_with_a_new_pair_of_tokens() {
    let server = Server::start();
    let printed = run(&server, &["first-minute"]);
    let wanted = [
        "\"message\":\"User registered successfully\"",
        "",
        "\"username\":\"johndoe123\"",
        "\"message\":\"Token refreshed successfully\",\"access_token\":\"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.",
    ];
    assert_eq!(printed.len(), wanted.len(), "{printed:?}");
    for (printed, wanted) in printed.iter().zip(wanted) {
        assert!(printed.contains(wanted), "{wanted} in {printed}");
    }
    // Nothing but the marks of its end: the tokens went into variables.
    assert_eq!(printed[1].trim(), "");
}

#[test]
fn the_command_line_ends_what_the_dry_run_counts() {
    let server = Server::start();
    run(&server, &["first-minute"]);
    let login = json!({"username": "johndoe123", "password": "correct horse 7"});
    let pair = server.post("/api/auth/login", &login);
    let pair = json!({"refresh_token": pair["refresh_token"]});
    let mut counts = Vec::new();
    for line in blocks("command-line")[0].lines() {
        let output = server.run(line);
        assert!(output.status.success(), "{line}\n{}", shown(&output));
        let printed = shown(&output);
        if line.contains("session list") {
            assert!(printed.contains("curl"), "{line}\n{printed}");
        }
        if line.contains("session revoke") {
            counts.push(first_number(&printed));
        }
    }
    // One session of the registration, one of each sign-in: counted by the dry run, ended by the real call.
    assert_eq!(counts, [Some(3), Some(3)]);
    let refused = server.post("/api/auth/refresh", &pair);
    assert_eq!(refused["code"], "session_revoked", "{refused}");
}

/// The first word behind the exit status that is a number.
fn first_number(printed: &str) -> Option<u64> {
    let lines = printed.split_once('\n')?.1;
    lines.split_whitespace().find_map(|word| word.parse().ok())
}

/// The commands in the README's table: ``| `hub user add · list` | …`` names two.
fn commands() -> Vec<String> {
    let mut commands = Vec::new();
    for cell in readme()
        .lines()
        .filter_map(|line| line.strip_prefix("| `hub "))
    {
        let (first, _) = cell.split_once(" | ").expect("a second cell");
        for span in first.trim_end_matches('`').split("`, `hub ") {
            let mut verbs = span.split(" · ");
            let whole = verbs.next().expect("a first verb");
            let noun = whole.rsplit_once(' ').map_or("", |(noun, _)| noun);
            commands.push(whole.replace(" SHELL", ""));
            commands.extend(verbs.map(|verb| format!("{noun} {verb}")));
        }
    }
    commands
}

#[test]
fn every_command_of_the_table_is_there() {
    let commands = commands();
    for known in [
        "serve",
        "user delete",
        "session revoke",
        "completions",
        "version",
    ] {
        assert!(
            commands.iter().any(|command| command == known),
            "{known} in {commands:?}"
        );
    }
    let server = Server::start();
    for command in commands {
        let output = server.run(&format!("hub {command} --help"));
        let printed = shown(&output);
        assert!(
            output.status.success() && printed.contains(&format!("hub {command}")),
            "{command}: {printed}"
        );
    }
}

#[test]
fn a_backup_of_a_running_database_is_whole() {
    let server = Server::start();
    run(&server, &["first-minute", "backup"]);
    let server = server.restart(|server| {
        run(server, &["restore"]);
    });
    let login = json!({"username": "johndoe123", "password": "correct horse 7"});
    let pair = server.post("/api/auth/login", &login);
    assert_eq!(pair["message"], "Login successful", "{pair}");
}

#[test]
fn a_database_whose_key_was_lost_takes_a_new_one_and_old_tokens_die() {
    let server = Server::start();
    run(&server, &["first-minute"]);
    let login = json!({"username": "johndoe123", "password": "correct horse 7"});
    let old = server.post("/api/auth/login", &login);
    let server = server.restart(|server| {
        std::fs::remove_file(server.data().join("secret.key")).expect("the key is lost");
        run(server, &["lost-key"]);
    });
    let old = json!({"refresh_token": old["refresh_token"]});
    assert_eq!(
        server.post("/api/auth/refresh", &old)["code"],
        "invalid_token"
    );
    let fresh = server.post("/api/auth/login", &login);
    assert_eq!(fresh["message"], "Login successful", "{fresh}");
}
