//! Databases of older Hubs: migrated with all that is in them, after a snapshot, or left as they were, wherever it is cut off.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hub::store::backup::{Kind, Name};
use hub::store::schema;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::backups::{injected, names, number, read};
use crate::fixture::{self, Story};
use crate::stage::{Server, Stage};

/// The snapshots that lie in a data directory.
fn snapshots(stage: &Stage) -> Vec<PathBuf> {
    let folder = stage.data().join("backups");
    let is_one = |name: &String| {
        let kind = Name::parse(name).map(|name| name.kind);
        matches!(kind, Some(Kind::BeforeSchema { version }) if version == schema::known())
    };
    let found = names(&folder).into_iter().filter(is_one);
    found.map(|name| folder.join(name)).collect()
}

fn version(path: &Path) -> i64 {
    number(&read(path), "PRAGMA user_version")
}

/// Every schema that a Hub was ever run with, but the present one.
fn older() -> std::ops::Range<i64> {
    1..schema::known()
}

#[test]
fn a_database_of_every_older_schema_is_migrated_with_all_that_is_in_it() {
    let story = Story::new();
    let present = fixture::contents(&story.stage.connection());
    for (table, rows) in &present {
        assert!(!rows.is_empty(), "the story tells nothing of {table}");
    }
    for version in older() {
        let stage = story.in_schema(version);
        let server = stage.serve();
        let migrated = fixture::contents(&stage.connection());
        for (table, rows) in &migrated {
            // What had no place then is not made up now.
            if rows.is_empty() {
                continue;
            }
            match table.as_str() {
                // The start itself writes these.
                "hub" | "setup_link" | "activity" | "lived" | "boots" => {}
                // Nobody noted then when somebody was seen on the clock that nobody can set.
                "known_networks" if version < 9 => {
                    assert_eq!(rows.len(), present[table].len(), "{version}");
                }
                // What ended before there was a feed was told to nobody: it begins with the word to forget everything.
                "revocations" if version < 11 => assert_eq!(rows.len(), 1, "{version}"),
                // Of the keys of then only the first one is known.
                "keys" if version < 4 => assert_eq!(rows.len(), 1, "{version}"),
                // Nobody noted then which key made what; all of it was the first one's.
                "sessions" if version < 4 => {
                    assert_eq!(rows.len(), present[table].len(), "{version}");
                }
                _ => assert_eq!(rows, &present[table], "schema {version}: {table}"),
            }
        }
        for table in [
            "users",
            "sessions",
            "lineage",
            "audit",
            "session_tally",
            "former_users",
            "known_networks",
            "audit_hours",
        ] {
            assert!(!migrated[table].is_empty(), "schema {version}: {table}");
        }
        everybody_goes_on(&server, &story);
        server.stop();
        stage.run(&["audit", "verify"]).good();
        let fresh = stage.place().join("fresh.db");
        assert_eq!(
            fixture::shape(&stage.connection()),
            fixture::shape(&fixture::bare(&fresh, schema::known())),
            "schema {version}"
        );
        let [snapshot] = snapshots(&stage).try_into().expect("one snapshot");
        assert_eq!(self::version(&snapshot), version);
        assert_eq!(number(&read(&snapshot), "SELECT count(*) FROM users"), 2);
    }
}

/// Who was signed in still is, who was signed out still is, and passwords are what they were.
fn everybody_goes_on(server: &Server, story: &Story) {
    for pair in [&story.live, &story.rotated] {
        assert_eq!(server.validate(&pair.access).0, 200);
        let (status, answer) = server.refresh(&pair.refresh);
        assert_eq!(status, 200, "{answer}");
    }
    assert_eq!(server.refusal(&story.revoked.refresh), "session_revoked");
    assert_eq!(server.refusal(&story.reused.refresh), "token_reused");
    server.sign_in("alice");
    assert_eq!(server.login("bob", crate::stage::PASSWORD).0, 401);
}

#[test]
fn a_migration_says_where_the_database_lies_as_it_was() {
    let story = Story::new();
    let stage = story.in_schema(1);
    let told = stage.run(&["migrate"]).good();
    let [snapshot] = snapshots(&stage).try_into().expect("one snapshot");
    let known = schema::known();
    assert_eq!(
        told,
        format!(
            "migrated {} from schema version 1 to {known}; as it was it lies at {}\n",
            stage.database().display(),
            snapshot.canonicalize().unwrap().display()
        )
    );
    // The way back: what the older Hub left is what it finds again.
    let line = stage
        .run(&["restore", snapshot.to_str().unwrap(), "--yes"])
        .good();
    assert!(line.contains("(schema version 1): 2 users, "), "{line}");
    // The server says it in its log.
    let stage = story.in_schema(1);
    let server = stage.serve();
    assert!(
        server.log().contains("hub-before-schema-"),
        "{}",
        server.log()
    );
}

#[test]
fn nothing_is_migrated_without_a_snapshot() {
    let story = Story::new();
    let stage = story.in_schema(1);
    // Whatever is in the way of the folder.
    fs::write(stage.data().join("backups"), "").unwrap();
    for arguments in [&["migrate"][..], &["serve", "--bind", "127.0.0.1:0"]] {
        let done = stage.run(arguments);
        assert_eq!(done.code, 73, "{done:?}");
        let said = "the database is not migrated without a snapshot: cannot write ";
        assert!(done.err.contains(said), "{done:?}");
        assert_eq!(version(&stage.database()), 1);
    }
}

#[test]
fn a_migration_that_fails_again_and_again_does_not_fill_the_disk_with_snapshots() {
    let story = Story::new();
    let stage = story.in_schema(1);
    // In the way of the migration that makes it.
    stage
        .connection()
        .execute_batch("CREATE TABLE keys (id INTEGER)")
        .unwrap();
    for _ in 0..4 {
        let done = stage.run(&["migrate"]);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.err.contains("keys"), "{done:?}");
    }
    // Each try left the database as it was.
    assert_eq!(version(&stage.database()), 1);
    assert_eq!(snapshots(&stage).len(), 1);
}

#[test]
fn a_dry_run_tells_what_would_happen_beside_a_running_server_and_leaves_nothing_behind() {
    let story = Story::new();
    let stage = story.in_schema(2);
    let (bytes, left) = (fs::read(stage.database()).unwrap(), names(&stage.data()));
    let told = stage.run(&["migrate", "--dry-run", "--json"]).json();
    assert_eq!(
        (&told["schema"], &told["known"]),
        (&2.into(), &schema::known().into())
    );
    let steps = told["migrations"].as_array().unwrap();
    let of_steps: Vec<&str> = steps
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    let all = schema::migrations();
    let expected: Vec<&str> = all[2..].iter().map(|step| step.name.as_str()).collect();
    assert_eq!(of_steps, expected);
    let tables = told["tables"].as_array().unwrap();
    let of = |name: &str| {
        let table = tables.iter().find(|table| table["table"] == name);
        let table = table.unwrap_or_else(|| panic!("{name}: {tables:?}"));
        (
            table["before"].as_i64().unwrap(),
            table["after"].as_i64().unwrap(),
        )
    };
    assert_eq!(of("users"), (2, 2));
    assert_eq!(of("sessions").0, of("sessions").1);
    assert_eq!(of("keys"), (0, 1));
    assert!(told["snapshot_bytes"].as_u64().unwrap() > 0);
    let shown = stage.run(&["migrate", "--dry-run"]).good();
    for word in [expected[0], "rows before", "nothing was changed"] {
        assert!(shown.contains(word), "{shown}");
    }
    let kept: Vec<String> = names(&stage.data())
        .into_iter()
        .filter(|name| !name.ends_with("-shm") && !name.ends_with("-wal"))
        .collect();
    assert_eq!(kept, left);
    assert_eq!(fs::read(stage.database()).unwrap(), bytes);
    // One that would fail says so now.
    stage
        .connection()
        .execute_batch("CREATE TABLE keys (id INTEGER)")
        .unwrap();
    assert_eq!(stage.run(&["migrate", "--dry-run"]).code, 1);
    // Beside a server there is nothing to do, and it goes on.
    let server = story.stage.serve();
    let line = story.stage.run(&["migrate", "--dry-run"]).good();
    assert!(
        line.ends_with(" already; nothing would be done\n"),
        "{line}"
    );
    server.sign_in("alice");
}

/// Where every write of a migration is the last one once. `tests/run` takes every 23rd of those that fill files and each that syncs one;
/// with `HUBTEST_EVERY_WRITE` set, every one.
#[test]
fn a_migration_that_is_killed_at_any_write_leaves_the_old_schema_or_the_new_one_and_the_next_start_goes_on()
 {
    let all = std::env::var_os("HUBTEST_EVERY_WRITE").is_some();
    let story = Story::new();
    let first = story.in_schema(1);
    let connection = first.connection();
    let before = ["users", "sessions", "lineage", "audit", "user_agents"].map(|table| {
        let columns = fixture::columns(&connection, table);
        let rows = fixture::rows(&connection, table, &columns);
        (table, (columns, rows))
    });
    let before = BTreeMap::from(before);
    drop(connection);
    let whole = fs::read(first.database()).unwrap();
    let known = schema::known();
    let [old, new] = [1, known].map(|version| {
        let path = first.place().join(format!("{version}.db"));
        fixture::shape(&fixture::bare(&path, version))
    });
    let stage = Stage::empty();
    let mut killed = 0;
    let mut migrated = 0;
    for call in ["pwrite64", "fdatasync", "fsync", "ftruncate", "unlink"] {
        let stride = if all || call != "pwrite64" { 1 } else { 23 };
        for when in (1..).step_by(stride) {
            let _not_there = fs::remove_dir_all(stage.data());
            fs::create_dir(stage.data()).unwrap();
            fs::write(stage.data().join("hub.db"), &whole).unwrap();
            let inject = format!("inject={call}:signal=KILL:when={when}");
            let done = injected(&stage, &inject, &["migrate"]);
            let connection = stage.connection();
            let found = number(&connection, "PRAGMA user_version");
            // All that is pending is one transaction, so no other version is ever seen.
            assert!(found == 1 || found == known, "{inject}: {found}");
            let expected = if found == 1 { &old } else { &new };
            assert_eq!(&fixture::shape(&connection), expected, "{inject}");
            migrated += i32::from(found == known);
            is_whole(&connection, &before);
            drop(connection);
            assert!(found == 1 || !snapshots(&stage).is_empty(), "{inject}");
            if done.code == 0 {
                assert_eq!(found, known);
                break;
            }
            assert_eq!(done.code, 137, "{inject}: {done:?}");
            killed += 1;
            stage.run(&["migrate"]).good();
            let connection = stage.connection();
            assert_eq!(fixture::shape(&connection), new);
            is_whole(&connection, &before);
            drop(connection);
            for snapshot in snapshots(&stage) {
                assert_eq!(fixture::shape(&read(&snapshot)), old, "{inject}");
            }
        }
    }
    println!("killed {killed} times; the migration was done {migrated} times");
    assert!(killed >= 20 && migrated >= 5, "{killed} {migrated}");
}

/// What people and their sessions have is there, whichever schema it is in.
fn is_whole(connection: &Connection, before: &BTreeMap<&str, (Vec<String>, Vec<Vec<Value>>)>) {
    let checked: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(checked, "ok");
    for (table, (columns, rows)) in before {
        assert_eq!(&fixture::rows(connection, table, columns), rows, "{table}");
    }
}
