//! Every exit code, with the line that says what, where and what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::stage::{PASSWORD, Stage};

/// A change and a reading command: both doors to the database.
const DOORS: [&[&str]; 2] = [&["user", "enable", "alice"], &["user", "list"]];

const SERVE: &[&str] = &["serve", "--bind", "127.0.0.1:0"];

#[test]
fn a_missing_database_is_69_and_is_never_made() {
    let stage = Stage::empty();
    for arguments in [
        &["user", "list"][..],
        &["user", "show", "alice"],
        &["user", "enable", "alice"],
        &["user", "delete", "alice", "--yes"],
        &["session", "list"],
        &["session", "show", "0000000000000001"],
        &["session", "revoke", "0000000000000001"],
        &["session", "revoke", "0000000000000001", "--dry-run"],
        &["token", "inspect"],
        &["audit", "list"],
        &["audit", "verify"],
        &["migrate"],
        &["migrate", "--status"],
        &["backup"],
    ] {
        let line = stage.run(arguments).failed(69);
        assert_eq!(
            line,
            format!(
                "no database at {}: run `hub serve` there once, or name the right directory with --data-dir",
                stage.data().join("hub.db").display()
            ),
            "{arguments:?}"
        );
    }
    let add = [
        "user",
        "add",
        "bob",
        "--email",
        "b@c.de",
        "--password-stdin",
    ];
    assert_eq!(stage.run_with(&add, PASSWORD).code, 69);
    assert!(!stage.data().exists());
}

#[test]
fn a_second_server_is_75_and_so_is_migrating_beside_one() {
    let stage = Stage::empty();
    let _server = stage.serve();
    let holder = fs::read_to_string(stage.data().join("hub.lock")).unwrap();
    let wanted = format!(
        "{} is in use by another server (process {}); stop that one, or name another directory with --data-dir",
        stage.data().display(),
        holder.lines().next().unwrap()
    );
    assert_eq!(stage.run(SERVE).failed(75), wanted);
    assert_eq!(stage.run(&["migrate"]).failed(75), wanted);
}

#[test]
fn a_locked_database_is_75_and_nothing_is_changed() {
    let stage = Stage::new();
    let holder = stage.connection();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let line = stage.run(&["user", "disable", "alice"]).failed(75);
    assert_eq!(
        line,
        format!(
            "the store is busy: database is locked; nothing was changed, try again in a moment (database {})",
            stage.database().display()
        )
    );
    holder.execute_batch("ROLLBACK").unwrap();
    let shown = stage.run(&["user", "show", "alice", "--json"]).json();
    assert_eq!(shown["is_active"], true);
}

#[test]
fn a_key_that_others_can_read_is_77() {
    let stage = Stage::new();
    let key = stage.data().join("secret.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let key = key.display();
    let wanted = format!("{key} can be read by others (mode 0644); run: chmod 600 {key}");
    assert_eq!(stage.run(SERVE).failed(77), wanted);
    assert_eq!(stage.run(DOORS[0]).failed(77), wanted);
    stage.run(DOORS[1]).good();
}

#[test]
fn a_missing_key_beside_a_database_is_78_and_none_is_made() {
    let stage = Stage::new();
    let key = stage.data().join("secret.key");
    fs::remove_file(&key).unwrap();
    let wanted = format!(
        "{} is missing beside a database that was made with it; put the key back from where you keep it (a new one would sign everybody out, so none is made)",
        key.display()
    );
    assert_eq!(stage.run(SERVE).failed(78), wanted);
    assert_eq!(stage.run(DOORS[0]).failed(78), wanted);
    assert!(!key.exists());
}

#[test]
fn a_lost_database_is_69_and_none_is_made_in_its_place() {
    let stage = Stage::new();
    for suffix in ["", "-wal", "-shm"] {
        let path = format!("{}{suffix}", stage.database().display());
        // A stopped server leaves the database alone.
        let _stopped = fs::remove_file(path);
    }
    let wanted = format!(
        "{} is missing or empty, but there was one here: put it back, or a backup in its place with `hub restore`; to begin anew without its users, empty the directory",
        stage.data().join("hub.db").display()
    );
    assert_eq!(stage.run(SERVE).failed(69), wanted);
    // The key alone tells it, too.
    fs::remove_file(stage.data().join("hub.lock")).unwrap();
    assert_eq!(stage.run(SERVE).failed(69), wanted);
    assert!(!stage.database().exists());
    // One that is empty is as lost as one that is not there.
    fs::write(stage.database(), "").unwrap();
    fs::remove_file(stage.data().join("hub.lock")).unwrap();
    assert_eq!(stage.run(SERVE).failed(69), wanted);
    assert_eq!(fs::metadata(stage.database()).unwrap().len(), 0);
}

#[test]
fn a_database_that_is_lost_beside_a_configured_key_is_missed_too() {
    let mut stage = Stage::empty();
    let key = "5b1f0c7ad9e3428617fc90b2a4d86e3550ce17f98a23b46d0e91c7385df2ab64";
    stage.environment.push(("HUB_SECRET_KEY", key.to_owned()));
    drop(stage.serve());
    for file in fs::read_dir(stage.data()).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with("hub.db") {
            fs::remove_file(file.path()).unwrap();
        }
    }
    let line = stage.run(SERVE).failed(69);
    assert!(line.contains("there was one here"), "{line}");
    for file in fs::read_dir(stage.data()).unwrap().map(Result::unwrap) {
        let (_file, _directory) = (fs::remove_file(file.path()), fs::remove_dir(file.path()));
    }
    drop(stage.serve());
}

#[test]
fn a_first_start_that_was_cut_off_is_taken_up_with_the_same_key() {
    // The key was drawn, and nothing else was done.
    let stage = Stage::empty();
    drop(stage.serve());
    let (first, key) = (
        stage.data().join("secret.key.first"),
        stage.data().join("secret.key"),
    );
    let drawn = fs::read(&key).unwrap();
    fs::rename(&key, &first).unwrap();
    // The database stood, and belonged to it.
    drop(stage.serve());
    assert_eq!(fs::read(&key).unwrap(), drawn);
    assert!(!first.exists());
    // The database was not begun.
    fs::rename(&key, &first).unwrap();
    for file in ["hub.db", "hub.db-wal", "hub.db-shm", "hub.lock"] {
        let _folded = fs::remove_file(stage.data().join(file));
    }
    drop(stage.serve());
    assert_eq!(fs::read(&key).unwrap(), drawn);
    assert!(stage.database().exists());
}

#[test]
fn another_key_is_78() {
    let stage = Stage::new();
    let other = Stage::new();
    fs::copy(
        other.data().join("secret.key"),
        stage.data().join("secret.key"),
    )
    .unwrap();
    let wanted = format!(
        "the secret key is not the one that {} was made with; put the right key back (with this one everybody would be signed out)",
        stage.data().join("hub.db").display()
    );
    assert_eq!(stage.run(SERVE).failed(78), wanted);
    assert_eq!(stage.run(DOORS[0]).failed(78), wanted);
}

#[test]
fn a_newer_schema_is_78_and_names_both_versions() {
    let stage = Stage::new();
    stage
        .connection()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    let known = hub::store::schema::migrations().len();
    let wanted = format!(
        "{} has schema version 99, this binary knows up to {known}; run the newer hub that wrote it, or restore an older backup",
        stage.data().join("hub.db").display()
    );
    for arguments in [SERVE, DOORS[0], DOORS[1], &["migrate"]] {
        assert_eq!(stage.run(arguments).failed(78), wanted);
    }
    let done = stage.run(&["migrate", "--status", "--json"]);
    assert_eq!((done.code, done.err), (78, format!("hub: {wanted}\n")));
    let told: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        (&told["schema"], &told["known"]),
        (&99.into(), &known.into())
    );
}

#[test]
fn an_older_schema_is_78_for_commands_until_it_is_migrated() {
    let stage = Stage::empty();
    fs::create_dir(stage.data()).unwrap();
    fs::write(stage.data().join("hub.db"), "").unwrap();
    let known = hub::store::schema::migrations().len();
    let wanted = format!(
        "{} has schema version 0, this binary needs {known}; start `hub serve` once to migrate it",
        stage.data().join("hub.db").display()
    );
    assert_eq!(stage.run(&["user", "list"]).failed(78), wanted);
    let told = stage.run(&["migrate", "--status", "--json"]).json();
    assert_eq!(told["pending"][0], "0001_users_sessions_audit.sql");
    let path = stage.database();
    let path = path.display();
    let told = stage.run(&["migrate"]).good();
    assert_eq!(
        told,
        format!("migrated {path} from schema version 0 to {known}\n")
    );
    let told = stage.run(&["migrate"]).good();
    assert_eq!(told, format!("{path} has schema version {known} already\n"));
    let told = stage.run(&["migrate", "--status"]).good();
    assert!(told.ends_with("pending        -\n"), "{told}");
    assert_eq!(stage.run(&["user", "list", "--json"]).good(), "[]\n");
}

#[test]
fn a_wrong_configuration_is_78_with_a_line_for_everything_that_is_wrong() {
    let mut stage = Stage::new();
    stage.environment.push(("HUB_LOGG", "info".to_owned()));
    stage.environment.push(("HUB_BIND", "here".to_owned()));
    for arguments in [
        &["serve"][..],
        &["user", "list"],
        &["config", "check"],
        &["config", "print"],
        &["migrate", "--status"],
        &["backup"],
    ] {
        let done = stage.run(arguments);
        assert_eq!((done.code, &*done.out), (78, ""), "{arguments:?}");
        let lines: Vec<&str> = done.err.lines().collect();
        assert_eq!(
            lines,
            [
                "hub: HUB_LOGG: no such variable; the nearest known one is HUB_LOG: correct or unset it",
                "HUB_BIND: \"here\" is not an IP address and a port; write it like 127.0.0.1:8000, [::1]:8000, unix:/path or systemd",
            ]
        );
    }
}

#[test]
fn a_file_that_is_no_database_of_the_hub_is_78_and_stays_as_it_is() {
    let stage = Stage::new();
    let path = stage.data().join("hub.db");
    let text = "this is a letter and no database\n".repeat(200);
    fs::write(&path, &text).unwrap();
    for arguments in [
        SERVE,
        DOORS[0],
        DOORS[1],
        &["migrate"],
        &["migrate", "--status"],
        &["backup"],
    ] {
        let line = stage.run(arguments).failed(78);
        assert_eq!(
            line,
            format!(
                "{} is not a database of the Hub (file is not a database); move it away, or name the right directory with --data-dir",
                path.display()
            )
        );
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_damaged_database_is_1_and_stays_as_it_is() {
    let stage = Stage::new();
    // A server folds its log at its end: what was written by then stands in the file itself.
    stage.serve().stop();
    let path = stage.data().join("hub.db");
    let mut bytes = fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(4_096) {
        *byte ^= 0x55;
    }
    fs::write(&path, &bytes).unwrap();
    let line = stage.run(SERVE).failed(1);
    assert!(
        line.starts_with(&format!("{} is damaged (", path.display())),
        "{line}"
    );
    assert!(line.ends_with("; it was left as it is: keep a copy and put a backup in its place"));
    assert_eq!(stage.run(&["user", "list"]).code, 1);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_data_directory_that_cannot_be_made_is_73() {
    let stage = Stage::empty();
    fs::write(stage.data(), "in the way").unwrap();
    let directory = stage.data().join("inside");
    let config = stage.data().with_file_name("hub.toml");
    fs::write(&config, "").unwrap();
    let line = stage
        .run(&[
            "serve",
            "--bind",
            "127.0.0.1:0",
            "--config",
            config.to_str().unwrap(),
            "--data-dir",
            directory.to_str().unwrap(),
        ])
        .failed(73);
    assert_eq!(
        line,
        format!(
            "cannot make {}: Not a directory (os error 20); check its owner, or name another with --data-dir",
            directory.display()
        )
    );
    let out = directory.to_str().unwrap();
    let line = stage.run(&["man", "--out", out]).failed(73);
    assert!(
        line.starts_with(&format!("cannot write pages into {out}: ")),
        "{line}"
    );
}

#[test]
fn wrong_usage_is_2() {
    let stage = Stage::empty();
    for arguments in [
        &["surf"][..],
        &["--nonsense"],
        &["user", "add"],
        &["user", "add", "x", "--email", "a@b.co", "--password-stdin"],
        &["user", "add", "bob", "--email", "bob", "--password-stdin"],
        &["session", "revoke"],
        &["completions", "dos"],
        &["migrate", "--json"],
    ] {
        let done = stage.run(arguments);
        assert_eq!((done.code, &*done.out), (2, ""), "{arguments:?}");
        assert!(!done.err.is_empty());
    }
}
