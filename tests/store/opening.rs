//! Which files are opened, and what each refusal says.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hub::store::{Mode, OpenError, Store, StoreError, schema};
use tempfile::TempDir;

use crate::Stage;

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("hub.db");
    (directory, path)
}

/// Another program's hand on the file.
#[expect(
    clippy::disallowed_methods,
    reason = "the test plays another program that opens the file"
)]
fn by_hand(path: &Path, sql: &str) {
    rusqlite::Connection::open(path)
        .expect("opened")
        .execute_batch(sql)
        .expect(sql);
}

/// A database as another program leaves it that is killed in the middle of its first transaction.
#[expect(
    clippy::disallowed_methods,
    reason = "the test plays a program that is cut off"
)]
fn cut_off(from: &Path, to: &Path) {
    let connection = rusqlite::Connection::open(from).expect("opened");
    connection
        .execute_batch(
            "PRAGMA cache_size = 1; BEGIN; CREATE TABLE t (b BLOB); INSERT INTO t VALUES (zeroblob(100000))",
        )
        .expect("begun");
    for suffix in ["", "-journal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(name(from), name(to)).expect("copied");
    }
}

fn refusal(path: &Path, mode: Mode) -> OpenError {
    match Store::open(path, mode) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[test]
fn a_new_database_is_for_its_owner_only_and_in_the_present_schema() {
    let (directory, path) = directory();
    drop(Store::open(&path, Mode::Server).expect("a store"));
    for file in std::fs::read_dir(directory.path()).expect("a directory") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
    }
    let newest = schema::migrations().last().map(|last| last.version);
    assert_eq!(schema::version(&path).ok(), newest);
}

#[test]
fn a_start_that_was_cut_off_while_it_made_the_file_does_not_hinder_the_next() {
    let (directory, path) = directory();
    cut_off(&directory.path().join("other.db"), &path);
    drop(Store::open(&path, Mode::Server).expect("a store"));
    let newest = schema::migrations().last().map(|last| last.version);
    assert_eq!(schema::version(&path).ok(), newest);
}

#[test]
fn the_command_line_never_makes_a_database() {
    let (_directory, path) = directory();
    let error = refusal(&path, Mode::CommandLine);
    assert!(matches!(error, OpenError::Missing(_)), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_newer_schema_is_refused_with_both_versions_and_left_alone() {
    let (_directory, path) = directory();
    drop(Store::open(&path, Mode::Server).expect("a store"));
    by_hand(&path, "PRAGMA user_version = 99");
    let newest = schema::migrations().last().map_or(0, |last| last.version);
    for mode in [Mode::Server, Mode::CommandLine] {
        let error = refusal(&path, mode).to_string();
        assert!(error.contains("schema version 99"), "{error}");
        assert!(error.contains(&format!("knows up to {newest};")), "{error}");
    }
    assert_eq!(schema::version(&path).ok(), Some(99));
}

#[test]
fn an_older_schema_is_migrated_by_the_server_only() {
    let (_directory, path) = directory();
    std::fs::write(&path, "").expect("an empty file");
    let error = refusal(&path, Mode::CommandLine);
    assert!(
        matches!(error, OpenError::Older { found: 0, .. }),
        "{error}"
    );
    drop(Store::open(&path, Mode::Server).expect("migrated"));
    drop(Store::open(&path, Mode::CommandLine).expect("in the present schema"));
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let (_directory, path) = directory();
    by_hand(
        &path,
        "CREATE TABLE theirs (id INTEGER); PRAGMA user_version = 1",
    );
    let before = std::fs::read(&path).expect("readable");
    let error = refusal(&path, Mode::Server);
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    assert_eq!(std::fs::read(&path).expect("readable"), before);

    std::fs::write(&path, "dear diary, ".repeat(1_000)).expect("written");
    let error = refusal(&path, Mode::Server);
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
}

#[test]
fn a_damaged_database_is_refused_and_never_repaired_in_silence() {
    let (_directory, path) = directory();
    drop(Store::open(&path, Mode::Server).expect("a store"));
    by_hand(
        &path,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
         INSERT INTO user_agents (text) SELECT 'agent ' || i FROM n;
         PRAGMA wal_checkpoint(TRUNCATE);",
    );
    let mut bytes = std::fs::read(&path).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8_192].fill(0xa5);
    std::fs::write(&path, &bytes).expect("written");
    let error = refusal(&path, Mode::Server);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("backup"), "{error}");
    assert_eq!(std::fs::read(&path).expect("readable"), bytes);
}

#[test]
fn a_cut_database_is_refused_as_damaged_and_not_as_somebody_elses() {
    let (_directory, path) = directory();
    drop(Store::open(&path, Mode::Server).expect("a store"));
    let whole = std::fs::read(&path).expect("readable");
    for kept in [whole.len() / 2, whole.len() - 4_096, 4_096, 5_000] {
        std::fs::write(&path, &whole[..kept]).expect("written");
        let error = refusal(&path, Mode::Server);
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{kept}: {error}"
        );
    }
}

/// An older one could damage its log; and what is mapped into memory would have made it worse.
#[test]
fn the_engine_is_new_enough_and_maps_no_file_into_memory() {
    let stage = Stage::new();
    let oldest = (3, 51, 3);
    let version: String = read(&stage, "SELECT sqlite_version()");
    let numbers: Vec<u32> = version
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    assert!(
        numbers.len() == 3 && (numbers[0], numbers[1], numbers[2]) >= oldest,
        "{version}"
    );
    // Both the one writer and every reader are opened in one place, so what a reader says holds for all.
    assert_eq!(read::<i64>(&stage, "PRAGMA mmap_size"), 0);
    assert_eq!(read::<i64>(&stage, "PRAGMA trusted_schema"), 0);
}

fn read<T: rusqlite::types::FromSql>(stage: &Stage, sql: &'static str) -> T {
    let read = stage
        .store
        .read::<_, StoreError>(|db| db.one(sql, rusqlite::params![], |row| row.get(0)));
    read.expect(sql)
}
