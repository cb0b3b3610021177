//! What lies in the data directory: permissions, the key, the database.

use std::fs::{self, File};

use super::{findings, healthy, only, open_to_owner, says};

#[test]
fn what_others_can_read_is_found_whatever_it_is() {
    let stage = healthy();
    for (name, open, mend) in [
        (".", 0o755, "chmod 700"),
        ("hub.db", 0o644, "chmod 600"),
        ("secret.key", 0o640, "chmod 600"),
        ("hub.lock", 0o604, "chmod 600"),
        ("setup-token", 0o644, "chmod 600"),
        ("backups", 0o750, "chmod 700"),
        ("backups/hub-today.db", 0o644, "chmod 600"),
    ] {
        let path = stage.data().join(name);
        if !path.exists() {
            File::create(&path).unwrap();
        }
        open_to_owner(&path, open);
        says(
            &only(&stage, &[]),
            &[
                "finding files ",
                &format!("(mode {open:04o})"),
                mend,
                "is open to others",
            ],
        );
        open_to_owner(&path, if path.is_dir() { 0o700 } else { 0o600 });
    }
}

#[test]
fn a_key_that_is_missing_damaged_or_another_is_found_and_never_shown() {
    let stage = healthy();
    let path = stage.data().join("secret.key");
    let key = fs::read_to_string(&path).unwrap();
    fs::write(&path, "hunter2hunter2").unwrap();
    let line = only(&stage, &[]);
    says(&line, &["finding key ", "holds no key", "64 hex digits"]);
    assert!(!line.contains("hunter2"));
    let other: String = key.chars().rev().collect();
    fs::write(&path, other.trim_start()).unwrap();
    let line = only(&stage, &[]);
    says(
        &line,
        &[
            "finding key ",
            "is not the one that",
            "put the right key back",
        ],
    );
    assert!(!line.contains(other.trim()));
    fs::remove_file(&path).unwrap();
    says(
        &only(&stage, &[]),
        &[
            "finding key ",
            "is missing beside a database",
            "put the key back",
        ],
    );
}

#[test]
fn a_database_that_is_missing_foreign_damaged_older_or_newer_is_found() {
    let stage = healthy();
    let path = stage.database();
    let whole = fs::read(&path).unwrap();
    for (version, said) in [(1, "hub serve"), (900, "run the newer hub")] {
        stage
            .connection()
            .pragma_update(None, "user_version", version)
            .unwrap();
        says(
            &only(&stage, &[]),
            &["finding database ", "has schema version", said],
        );
    }
    fs::write(
        &path,
        "no database at all, and longer than its header would be: ".repeat(20),
    )
    .unwrap();
    says(
        &only(&stage, &[]),
        &[
            "finding database ",
            "is not a database of the Hub",
            "move it away",
        ],
    );
    fs::remove_file(&path).unwrap();
    let _ = fs::remove_file(stage.data().join("hub.db-wal"));
    let _ = fs::remove_file(stage.data().join("hub.db-shm"));
    says(
        &only(&stage, &[]),
        &["finding database ", "is missing", "put it back"],
    );
    // A page in the middle.
    let mut damaged = whole.clone();
    let page = damaged.len() / 4_096 / 2 * 4_096;
    damaged[page..page + 64].fill(0x5a);
    fs::write(&path, damaged).unwrap();
    open_to_owner(&path, 0o600);
    let found = findings(&stage, &[]);
    assert!(
        found
            .iter()
            .all(|line| line.starts_with("finding database ")
                && line.contains("put a backup in its place")),
        "{found:#?}"
    );
    assert!(!found.is_empty());
}

#[test]
fn only_the_full_look_finds_a_changed_audit_and_a_row_that_refers_to_nothing() {
    let stage = healthy();
    let connection = stage.connection();
    connection
        .execute_batch(
            "DROP TRIGGER audit_refuses_update; UPDATE audit SET actor = 'nobody' WHERE id = 1;",
        )
        .unwrap();
    assert_eq!(findings(&stage, &[]), Vec::<String>::new());
    says(
        &only(&stage, &["--full"]),
        &["finding database ", "row 1 of the audit", "who could write"],
    );
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO known_networks (user_id, network, seen_at) VALUES (77, X'00', 0);",
        )
        .unwrap();
    let found = findings(&stage, &["--full"]);
    assert!(
        found
            .iter()
            .any(|line| line.contains("a row of known_networks names one of users")),
        "{found:#?}"
    );
}
