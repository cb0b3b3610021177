//! `hub dev`: a server to look at, with made-up people, gone without a trace.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::stage::{Server, Stage};

const NAMES: [&str; 7] = ["admin", "maria", "alice", "bob", "carol", "dave", "erin"];

/// `hub dev` on a free port, its temporary directory within the test's.
fn dev(stage: &Stage, further: &[&str]) -> Command {
    let mut command = stage.command(&[&["dev", "--bind", "127.0.0.1:0"], further].concat());
    command.env("TMPDIR", stage.place());
    command
}

fn page(server: &Server, path: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn made_in(place: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(place)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.to_string_lossy().contains("hub-dev-"))
        .collect()
}

#[test]
fn a_week_of_made_up_people_is_there_in_a_moment_and_gone_with_the_server() {
    let mut stage = Stage::empty();
    // As `hub dev` has it: what is past its time is a matter of configuration.
    stage.environment.push(("HUB_REFRESH_TTL", "4d".to_owned()));
    let server = stage.start(dev(&stage, &[]));
    let directories = made_in(stage.place());
    let [directory] = directories.as_slice() else {
        panic!("{directories:?}")
    };
    for name in NAMES {
        let (status, body) = server.login(name, name);
        if name == "carol" {
            assert_eq!((status, &body["code"]), (401, &json!("user_disabled")));
        } else {
            assert_eq!(status, 200, "{name}: {body}");
        }
    }
    for path in ["/", "/login", "/nowhere"] {
        let answer = page(&server, path);
        assert!(answer.contains("<b>DEV</b>"), "{path}: {answer}");
    }
    let named = directory.to_str().unwrap();
    stage.run(&["audit", "verify", "--data-dir", named]).good();
    let listed = |status: &str| {
        let arguments = [
            "session",
            "list",
            "--status",
            status,
            "--json",
            "--data-dir",
            named,
        ];
        stage.run(&arguments).json().as_array().unwrap().len()
    };
    assert_eq!(listed("reused"), 1);
    // Six signed in just now.
    assert!(listed("active") >= 12, "{}", listed("active"));
    assert!(listed("expiring") >= 1 && listed("expired") >= 2 && listed("ended") >= 20);
    let reused = [
        "session",
        "list",
        "--status",
        "reused",
        "--json",
        "--data-dir",
        named,
    ];
    let session = stage.run(&reused).json();
    assert_eq!(session[0]["username"], "alice");
    let id = session[0]["id"].as_str().unwrap();
    let shown = stage
        .run(&["session", "show", id, "--data-dir", named])
        .good();
    assert!(
        shown.contains("python-requests") && shown.contains("reuse"),
        "{shown}"
    );
    #[expect(clippy::disallowed_methods, reason = "looks past the Hub")]
    let connection = rusqlite::Connection::open(directory.join("hub.db")).unwrap();
    let word = |sql| {
        connection
            .query_row(sql, [], |row| row.get::<_, String>(0))
            .unwrap()
    };
    assert_eq!(word("PRAGMA integrity_check"), "ok");
    let number = |sql| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_its_webhook_is_told_nothing(&connection);
    // The charts of the last day have an hour to show in every quarter of it.
    assert!(number("SELECT count(*) FROM activity") >= 24);
    drop(connection);
    let (code, greeting, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    for name in NAMES {
        assert!(
            greeting.contains(&format!("            {name}")),
            "{greeting}"
        );
    }
    assert!(!directory.exists());
    assert!(made_in(stage.place()).is_empty());
    assert!(
        !stage.data().exists(),
        "what the environment names is not for this"
    );
}

/// The webhook's receiver is not there: one event was given up, two wait, and one behind those.
fn assert_its_webhook_is_told_nothing(connection: &rusqlite::Connection) {
    let kinds = |state: &str| {
        let sql = "SELECT group_concat(kind) FROM (SELECT kind FROM webhook_deliveries WHERE state = $1 ORDER BY kind)";
        connection
            .query_row(sql, [state], |row| row.get::<_, Option<String>>(0))
            .unwrap()
    };
    assert_eq!(kinds("dead").as_deref(), Some("webhook.test"));
    assert_eq!(
        kinds("waiting").as_deref(),
        Some("session.reused,user.disabled")
    );
    assert_eq!(kinds("behind").as_deref(), Some("sign_in.failures"));
    assert_eq!(kinds("delivered"), None);
    let (url, tries): (String, i64) = connection
        .query_row(
            "SELECT url, tries FROM webhooks JOIN webhook_deliveries ON webhook_id = webhooks.id WHERE state = 'dead'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((&*url, tries), ("http://127.0.0.1:9/hooks/hub", 13));
}

#[test]
fn nobody_else_reaches_a_server_whose_passwords_are_its_names() {
    let stage = Stage::empty();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8000"] {
        let line = stage.run(&["dev", "--bind", address]).failed(2);
        assert!(
            line.starts_with(&format!("{address} can be reached by others")),
            "{line}"
        );
    }
    let own = stage.run(&["dev", "--data-dir", "somewhere"]).failed(2);
    assert!(own.starts_with("hub dev has a directory"), "{own}");
    assert!(made_in(stage.place()).is_empty() && !stage.data().exists());
}

#[test]
fn templates_are_read_anew_and_a_directory_that_is_to_be_kept_stays() {
    let stage = Stage::empty();
    let (templates, kept) = (stage.place().join("templates"), stage.place().join("kept"));
    fs::create_dir(&templates).unwrap();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/layout.html");
    fs::copy(source, templates.join("layout.html")).unwrap();
    let keep = ["--keep", kept.to_str().unwrap()];
    let server = stage.start(dev(&stage, &keep));
    for words in ["one thing", "another thing"] {
        fs::write(templates.join("landing.html"), words).unwrap();
        assert!(page(&server, "/").ends_with(words));
    }
    // What is not there is taken from the binary.
    assert!(page(&server, "/login").contains("<b>DEV</b>"));
    assert_eq!(server.stop().0, 0);
    let named = kept.to_str().unwrap();
    let users = stage
        .run(&["user", "list", "--json", "--data-dir", named])
        .json();
    assert_eq!(users.as_array().unwrap().len(), NAMES.len());
    let again = stage
        .run(&["dev", "--bind", "127.0.0.1:0", "--keep", named])
        .failed(73);
    assert!(
        again.ends_with("name a directory that is not there yet"),
        "{again}"
    );
}
