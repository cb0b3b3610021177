//! `hub key`, beside a running server and without one.

use std::fs;

use crate::stage::Stage;

#[test]
fn a_rotation_beside_a_running_server_refuses_nobody_and_counts_at_once() {
    let stage = Stage::new();
    let server = stage.serve();
    let first = server.sign_in("alice");
    let second = crate::stage::Tokens::of(&server.refresh(&first.refresh).1);
    let other = server.sign_in("alice");
    let told = stage.run(&["key", "rotate", "--yes"]).good();
    assert!(told.starts_with("key 2 ("), "{told}");
    assert!(told.contains("copy secret.key"), "{told}");
    // A retry across the rotation: the same bytes.
    let (status, body) = server.refresh(&first.refresh);
    assert_eq!(
        (status, &body["refresh_token"]),
        (200, &second.refresh.clone().into())
    );
    assert_eq!(server.validate(&second.access).0, 200);
    // That one is answered with itself for a while after a retry; another session's rotates at once, with the new key.
    for token in [&second.refresh, &other.refresh] {
        let (status, body) = server.refresh(token);
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(
        stage
            .connection()
            .query_row("SELECT max(key) FROM sessions", [], |row| row
                .get::<_, i64>(0)),
        Ok(2)
    );
    let log = fs::read_to_string(stage.data().with_file_name("server.log")).unwrap();
    assert!(!log.contains("ERROR"), "{log}");
    // Both kinds of tokens, of both keys, are known to the command line, too.
    let told = stage
        .run_with(&["token", "inspect", "--json"], &second.access)
        .json();
    assert_eq!(
        (&told["kind"], &told["accepted"]),
        (&"access".into(), &true.into())
    );
}

#[test]
fn keys_are_listed_by_fingerprint_and_never_shown() {
    let stage = Stage::new();
    stage.run(&["key", "rotate", "--yes"]).good();
    let keys = stage.run(&["key", "list", "--json"]).json();
    let states: Vec<_> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["id"].as_i64().unwrap(), key["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [(2, "present"), (1, "verifies")]);
    assert_eq!(keys[1]["replaced_at"], keys[0]["made_at"]);
    assert!(keys[1]["verifies_until"].is_string() && keys[0]["verifies_until"].is_null());
    assert_eq!(keys[0]["fingerprint"].as_str().unwrap().len(), 8);
    let table = stage.run(&["key", "list"]).good();
    let file = fs::read_to_string(stage.data().join("secret.key")).unwrap();
    assert_eq!((file.lines().count(), table.lines().count()), (2, 3));
    for key in file.lines() {
        assert!(!table.contains(&key[..8]), "{table}");
    }
    let rows = stage
        .run(&["audit", "list", "--action", "key", "--json"])
        .json();
    assert_eq!(
        (&rows[0]["action"], &rows[0]["target"]),
        (&"key.rotate".into(), &"key:2".into())
    );
}

#[test]
fn without_a_yes_and_with_a_configured_key_nothing_is_rotated() {
    let mut stage = Stage::new();
    let line = stage.run(&["key", "rotate"]).failed(2);
    assert_eq!(
        line,
        "this would make a new key; add --yes to do it without a terminal"
    );
    let key = fs::read_to_string(stage.data().join("secret.key")).unwrap();
    stage
        .environment
        .push(("HUB_SECRET_KEY", key.trim().to_owned()));
    let line = stage.run(&["key", "rotate", "--yes"]).failed(78);
    assert!(
        line.contains("HUB_SECRET_KEY") && !line.contains(key.trim()),
        "{line}"
    );
    assert_eq!(
        stage
            .run(&["key", "list", "--json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_key_that_is_missing_from_the_file_stops_the_start_with_its_fingerprint() {
    let stage = Stage::new();
    stage.run(&["key", "rotate", "--yes"]).good();
    let keys = stage.run(&["key", "list", "--json"]).json();
    let path = stage.data().join("secret.key");
    let whole = fs::read_to_string(&path).unwrap();
    let (first, second) = whole.split_once('\n').unwrap();
    fs::write(&path, second).unwrap();
    let line = stage.run(&["serve", "--bind", "127.0.0.1:0"]).failed(78);
    assert!(
        line.contains(keys[1]["fingerprint"].as_str().unwrap()),
        "{line}"
    );
    fs::write(&path, first).unwrap();
    let line = stage.run(&["serve", "--bind", "127.0.0.1:0"]).failed(78);
    assert!(line.contains("is not the one that"), "{line}");
}
