//! `hub restore`: the backup as it was, nobody signed in, the old database kept; or everything as before.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::backups::{injected, names, number, read};
use crate::stage::{Done, PASSWORD, Stage};

/// A data directory with a backup of two users, and a third who came after it.
struct Scene {
    stage: Stage,
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::new();
        stage.run(&["backup", "kept.db"]).good();
        stage.add("newcomer", "USER");
        Self { stage }
    }

    fn restore(&self, more: &[&str]) -> Done {
        self.stage
            .run(&[&["restore", "kept.db", "--yes"][..], more].concat())
    }

    fn users(&self) -> usize {
        let told = self.stage.run(&["user", "list", "--json"]).json();
        told.as_array().expect("a list").len()
    }

    /// What lies in the data directory beside what always does.
    fn left(&self) -> Vec<String> {
        let own = [
            "hub.db",
            // Left by commands that only look.
            "hub.db-shm",
            "hub.db-wal",
            "hub.lock",
            "no-templates",
            "secret.key",
            "setup-token",
        ];
        let mut left = names(&self.stage.data());
        left.retain(|name| !own.contains(&name.as_str()));
        left
    }

    fn replaced(&self) -> PathBuf {
        match self.left().as_slice() {
            [name] if name.starts_with("hub-replaced-") => self.stage.data().join(name),
            other => panic!("{other:?}"),
        }
    }

    /// After a restore that was refused: everything is as it was.
    fn is_untouched(&self) {
        assert_eq!(self.left(), [""; 0]);
        assert_eq!(self.users(), 3);
    }
}

#[test]
fn a_restore_brings_the_backup_back_keeps_the_old_database_and_signs_everybody_out() {
    let stage = Stage::new();
    let server = stage.serve();
    let before = server.sign_in("alice");
    stage.run(&["backup", "kept.db"]).good();
    let since = server.sign_in("alice");
    let (_, answer) = server.refresh(&before.refresh);
    let newer = answer["refresh_token"].as_str().unwrap().to_owned();
    server.stop();
    stage.add("newcomer", "USER");
    let scene = Scene { stage };
    let told = scene.restore(&[]).good();
    let database = scene.stage.database();
    let replaced = scene.replaced().canonicalize().unwrap();
    let schema = hub::store::schema::migrations().len();
    assert_eq!(
        told,
        format!(
            "restored {} from kept.db (schema version {schema}): 2 users, ended 1 session; the old database lies at {}\n",
            database.display(),
            replaced.display()
        )
    );
    assert_eq!(number(&read(&replaced), "SELECT count(*) FROM users"), 3);
    assert_eq!(scene.users(), 2);
    let server = scene.stage.serve();
    // The one session that the backup knows says why; of the other it knows nothing.
    assert_eq!(server.refusal(&before.refresh), "session_revoked");
    assert_eq!(server.refusal(&newer), "session_revoked");
    assert_eq!(server.refusal(&since.refresh), "invalid_token");
    for access in [&before.access, &since.access] {
        assert_eq!(server.validate(access).0, 401);
    }
    server.sign_in("alice");
    assert_eq!(server.login("newcomer", PASSWORD).0, 401);
    drop(server);
    let shown = scene
        .stage
        .run(&["session", "show", &before.session(), "--json"])
        .json();
    assert_eq!(shown["end_reason"], "restored", "{shown}");
    scene.stage.run(&["audit", "verify"]).good();
    let rows = scene
        .stage
        .run(&["audit", "list", "--action", "backup", "--json"])
        .json();
    let rows: Vec<&Value> = rows.as_array().unwrap().iter().collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["action"], "backup.restore");
    assert_eq!(rows[0]["detail"], "sessions=ended ended=1");
    assert!(rows[0]["actor"].as_str().unwrap().starts_with("cli:"));
}

#[test]
fn the_first_command_after_a_restore_may_change_something() {
    let scene = Scene::new();
    scene.restore(&[]).good();
    scene.stage.add("next", "USER");
    assert_eq!(scene.users(), 3);
}

#[test]
fn with_keep_sessions_they_are_as_the_backup_has_them() {
    let stage = Stage::new();
    let server = stage.serve();
    let (unused, ended, refreshed) = (
        server.sign_in("alice"),
        server.sign_in("alice"),
        server.sign_in("alice"),
    );
    stage.run(&["backup", "kept.db"]).good();
    stage.run(&["session", "revoke", &ended.session()]).good();
    let (_, answer) = server.refresh(&refreshed.refresh);
    let newer = answer["refresh_token"].as_str().unwrap().to_owned();
    let since = server.sign_in("alice");
    server.stop();
    let scene = Scene { stage };
    let told = scene.restore(&["--keep-sessions"]).good();
    assert!(told.contains("2 users, kept its sessions; "), "{told}");
    let server = scene.stage.serve();
    // Newer than the database knows: refused, and the session lives.
    assert_eq!(server.refusal(&newer), "invalid_token");
    for token in [&unused, &ended, &refreshed] {
        let (status, answer) = server.refresh(&token.refresh);
        assert_eq!(status, 200, "{answer}");
    }
    assert_eq!(server.refusal(&since.refresh), "invalid_token");
}

#[test]
fn nothing_is_restored_beside_a_running_server() {
    let scene = Scene::new();
    let server = scene.stage.serve();
    let line = scene.restore(&[]).failed(75);
    assert!(line.contains("is in use by another server"), "{line}");
    server.stop();
    scene.is_untouched();
    // Nor beside a program that would go on writing into the old file.
    let other = scene.stage.connection();
    number(&other, "SELECT count(*) FROM users");
    let line = scene.restore(&[]).failed(75);
    assert!(line.starts_with("another program has "), "{line}");
    drop(other);
    scene.is_untouched();
}

#[test]
fn nobody_is_asked_without_a_terminal_and_nothing_is_changed() {
    let scene = Scene::new();
    let line = scene.stage.run(&["restore", "kept.db"]).failed(2);
    assert!(
        line.contains(" UTC (2 users, 0 active sessions) into the place of ")
            && line.contains(" and sign everybody out; add --yes to do it without a terminal"),
        "{line}"
    );
    scene.is_untouched();
}

#[test]
fn what_is_no_sound_backup_of_this_hub_is_refused_and_nothing_is_changed() {
    let scene = Scene::new();
    let place = scene.stage.place().to_owned();
    let kept = fs::read(place.join("kept.db")).unwrap();
    let refused = |name: &str, code: i32, words: &str| {
        let line = scene.stage.run(&["restore", name, "--yes"]).failed(code);
        assert!(line.contains(words), "{name}: {line}");
        scene.is_untouched();
    };
    refused("nowhere.db", 69, "no backup at nowhere.db");
    refused("data/hub.db", 2, "is the database itself");
    fs::write(place.join("text.db"), "no database at all".repeat(999)).unwrap();
    refused("text.db", 78, "text.db is no backup of a Hub");
    fs::write(place.join("empty.db"), "").unwrap();
    refused(
        "empty.db",
        78,
        "empty.db is no backup of a Hub (it is empty)",
    );
    fs::write(place.join("half.db"), &kept[..kept.len() / 2]).unwrap();
    refused("half.db", 1, "half.db is damaged");
    let mut flipped = kept.clone();
    for page in flipped.chunks_mut(4_096).skip(8) {
        page[..64].fill(0xa5);
    }
    fs::write(place.join("flipped.db"), flipped).unwrap();
    refused("flipped.db", 1, "flipped.db is damaged");
    let changed = |name: &str, sql: &str| {
        fs::write(place.join(name), &kept).unwrap();
        let connection = writable(&place.join(name));
        connection.execute_batch(sql).unwrap();
    };
    changed("newer.db", "PRAGMA user_version = 999");
    refused(
        "newer.db",
        78,
        "has schema version 999, this binary knows up to ",
    );
    changed("foreign.db", "PRAGMA application_id = 7");
    refused("foreign.db", 78, "foreign.db is no backup of a Hub");
    changed(
        "loose.db",
        "PRAGMA foreign_keys = OFF; INSERT INTO second_factors (user_id, nonce, key_id, drawn_at, drawn_steady, drawn_boot)
         VALUES (99, zeroblob(16), 1, 0, 0, 0)",
    );
    refused("loose.db", 1, "a row refers to one that is not there");
    changed(
        "forged.db",
        "DROP TRIGGER audit_refuses_update; UPDATE audit SET actor = 'user:7' WHERE id = 2",
    );
    refused(
        "forged.db",
        1,
        "row 2 of its audit was changed, removed or inserted",
    );
    let accepted = ["restore", "forged.db", "--yes", "--accept-broken-audit"];
    scene.stage.run(&accepted).good();
}

#[expect(clippy::disallowed_methods, reason = "a test stands in for damage")]
fn writable(path: &std::path::Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).expect("a database")
}

#[test]
fn a_backup_of_another_key_is_refused_and_so_is_one_without_any() {
    let scene = Scene::new();
    let other = Stage::new();
    let key = scene.stage.data().join("secret.key");
    let own = fs::read(&key).unwrap();
    fs::copy(other.data().join("secret.key"), &key).unwrap();
    let line = scene.restore(&[]).failed(78);
    assert!(
        line.starts_with("the secret key is not the one that kept.db was made with"),
        "{line}"
    );
    fs::remove_file(&key).unwrap();
    let line = scene.restore(&[]).failed(78);
    assert!(line.contains("secret.key is missing"), "{line}");
    assert!(!key.exists());
    fs::write(&key, own).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    scene.is_untouched();
}

#[test]
fn a_backup_from_before_a_rotation_of_the_key_is_restored_with_the_keys_of_today() {
    let scene = Scene::new();
    scene.stage.run(&["key", "rotate", "--yes"]).good();
    scene.restore(&[]).good();
    let server = scene.stage.serve();
    let tokens = server.sign_in("alice");
    assert_eq!(server.refresh(&tokens.refresh).0, 200);
    scene.stage.run(&["key", "rotate", "--yes"]).good();
    assert_eq!(server.validate(&tokens.access).0, 200);
}

#[test]
fn a_lost_or_damaged_database_is_what_a_restore_is_for() {
    // Lost, but for a log that would ruin another database.
    let scene = Scene::new();
    let data = scene.stage.data();
    fs::remove_file(data.join("hub.db")).unwrap();
    fs::write(data.join("hub.db-wal"), "a log of the lost one").unwrap();
    scene.restore(&[]).good();
    assert_eq!(scene.users(), 2);
    let log = scene.replaced();
    assert!(log.to_str().unwrap().ends_with(".db-wal"), "{log:?}");
    // Damaged: kept byte for byte, its log with it.
    let scene = Scene::new();
    let data = scene.stage.data();
    fs::write(data.join("hub.db"), "rubble".repeat(9_999)).unwrap();
    fs::write(data.join("hub.db-wal"), "more rubble").unwrap();
    scene.restore(&[]).good();
    assert_eq!(scene.users(), 2);
    let left = scene.left();
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!(
        fs::read(data.join(&left[0])).unwrap(),
        "rubble".repeat(9_999).as_bytes()
    );
    assert_eq!(fs::read(data.join(&left[1])).unwrap(), b"more rubble");
    // On another machine, where there is nothing but the key.
    let other = Stage::empty();
    fs::create_dir(other.data()).unwrap();
    fs::copy(data.join("secret.key"), other.data().join("secret.key")).unwrap();
    fs::copy(
        scene.stage.place().join("kept.db"),
        other.place().join("kept.db"),
    )
    .unwrap();
    let told = other.run(&["restore", "kept.db", "--yes", "--json"]).json();
    assert_eq!(
        (&told["users"], &told["replaced"]),
        (&2.into(), &Value::Null),
        "{told}"
    );
    let server = other.serve();
    server.sign_in("admin");
}

/// Each system call that moves or syncs is the last one once; of the hundreds that fill the copy, every forty-first.
#[test]
fn a_restore_that_is_killed_leaves_the_old_database_or_the_new_one() {
    let scene = Scene::new();
    let data = scene.stage.data();
    // A server folds the log, so that the old database is one file.
    scene.stage.serve().stop();
    let old = fs::read(data.join("hub.db")).unwrap();
    let (mut killed, mut outcomes) = (0, [0, 0]);
    for call in [
        "pwrite64",
        "fsync",
        "fdatasync",
        "linkat",
        "rename",
        "unlink",
    ] {
        let stride = if call == "pwrite64" { 41 } else { 1 };
        for when in (1..).step_by(stride) {
            // What belongs to the database of the last round would ruin this one.
            for beside in ["hub.db-shm", "hub.db-wal"] {
                let _not_there = fs::remove_file(data.join(beside));
            }
            fs::write(data.join("hub.db"), &old).unwrap();
            let inject = format!("inject={call}:signal=KILL:when={when}");
            let done = injected(&scene.stage, &inject, &["restore", "kept.db", "--yes"]);
            let users = scene.users();
            assert!(matches!(users, 2 | 3), "{inject}: {users}");
            outcomes[users - 2] += 1;
            for name in names(&data) {
                if name.starts_with("hub-replaced-") {
                    fs::remove_file(data.join(name)).unwrap();
                }
            }
            if done.code == 0 {
                assert_eq!((users, scene.left()), (2, Vec::new()));
                break;
            }
            assert_eq!(done.code, 137, "{done:?}");
            killed += 1;
        }
    }
    assert!(killed >= 12 && outcomes[1] > 0, "{killed} {outcomes:?}");
}
