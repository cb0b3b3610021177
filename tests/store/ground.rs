//! The ground under a running store: files that are removed or replaced, pages that turn out to be damaged.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use hub::store::{Change, Mode, Store, StoreError, Tx};
use rusqlite::params;

use crate::{Stage, Then, Write};

/// A second for the writer to look by itself, and as much again four times over for a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

fn database(stage: &Stage) -> PathBuf {
    stage.directory.path().join("hub.db")
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", database.display()))
}

fn write(stage: &Stage, text: &str) -> Result<String, StoreError> {
    stage.store.write_blocking(Write::new(text, Then::Commit))
}

fn read(stage: &Stage) -> Result<i64, StoreError> {
    stage.store.read(|db| {
        db.one("SELECT count(*) FROM user_agents", params![], |row| {
            row.get(0)
        })
    })
}

fn is_untrusted<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Untrusted(_)))
}

#[test]
fn nothing_is_answered_from_files_that_were_removed_or_replaced() {
    for suffix in ["", "-wal", "-shm"] {
        for is_replaced in [false, true] {
            let stage = Stage::new();
            write(&stage, "before").expect("written");
            assert_eq!(stage.store.lost(), None);
            let path = beside(&database(&stage), suffix);
            if is_replaced {
                let copy = beside(&path, ".copy");
                fs::copy(&path, &copy).expect("copied");
                fs::rename(copy, &path).expect("renamed");
            } else {
                fs::remove_file(&path).expect("removed");
            }
            let after = write(&stage, "after");
            assert!(is_untrusted(&after), "{suffix} {is_replaced}: {after:?}");
            assert!(is_untrusted(&read(&stage)), "{suffix} {is_replaced}");
            let why = stage.store.lost().expect("a reason");
            let how = if is_replaced { "replaced" } else { "removed" };
            assert!(
                why.starts_with(&format!("{} was {how}", path.display())),
                "{why}"
            );
        }
    }
}

#[test]
fn files_that_are_gone_are_noticed_without_a_write() {
    let stage = Stage::new();
    fs::remove_file(database(&stage)).expect("removed");
    let mut looks = PATIENCE.as_millis() / PAUSE.as_millis();
    while stage.store.lost().is_none() && looks > 0 {
        std::thread::sleep(PAUSE);
        looks -= 1;
    }
    assert!(stage.store.lost().is_some());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let why = runtime.block_on(stage.store.when_lost());
    assert!(why.contains("was removed"), "{why}");
}

#[test]
fn the_log_stays_the_one_that_is_known_though_nobody_has_read_and_the_writer_begins_anew() {
    let stage = Stage::new();
    let log = beside(&database(&stage), "-wal");
    let held = fs::File::open(&log).expect("a log");
    // Its turn fails, and the writer's connection with it.
    let failed = stage.store.write_blocking(FailsOnceWritten);
    assert!(matches!(failed, Err(StoreError::Broken(_))), "{failed:?}");
    let identity = |file: fs::Metadata| (file.ino(), file.nlink());
    let now = fs::metadata(&log).map(identity).expect("still there");
    assert_eq!(now, identity(held.metadata().expect("known")));
    assert_eq!(write(&stage, "after"), Ok("after".to_owned()));
}

/// A change that is not undone alone, and fails after it has written.
struct FailsOnceWritten;

impl Change for FailsOnceWritten {
    type Outcome = ();
    type Error = StoreError;

    const FAILS_WITH_ITS_TURN: bool = true;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        tx.execute("INSERT INTO user_agents (text) VALUES ('half')", params![])?;
        Err(StoreError::Broken("as told".to_owned()))
    }
}

#[test]
fn a_database_that_was_removed_while_it_was_open_is_saved_under_another_name() {
    let stage = Stage::new();
    for number in 0..200 {
        write(&stage, &format!("agent {number}")).expect("written");
    }
    let path = database(&stage);
    fs::remove_file(&path).expect("removed");
    assert!(is_untrusted(&write(&stage, "after")));
    stage.store.close();
    assert!(!path.exists(), "none is made in its place");
    let rescued = beside(&path, ".rescued-1");
    let mode = fs::metadata(&rescued).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::rename(rescued, &path).expect("renamed");
    let _old_log = fs::remove_file(beside(&path, "-wal"));
    let _old_index = fs::remove_file(beside(&path, "-shm"));
    let store = Store::open(&path, Mode::Server).expect("a store");
    let stage = Stage {
        directory: stage.directory,
        store,
    };
    let written = stage.written();
    assert!(written.len() >= 200, "{}", written.len());
}

#[test]
fn the_log_of_a_database_that_was_replaced_is_never_laid_over_the_new_one() {
    let stage = Stage::new();
    write(&stage, "before").expect("written");
    let path = database(&stage);
    // An older copy of the same database: its pages fit the log's, which makes it the worst case.
    let older = Stage::new();
    older.store.close();
    let copy = beside(&path, ".copy");
    fs::copy(database(&older), &copy).expect("copied");
    for number in 0..100 {
        write(&stage, &format!("agent {number}")).expect("written");
    }
    fs::rename(copy, &path).expect("renamed");
    assert!(is_untrusted(&write(&stage, "after")));
    stage.store.close();
    let store = Store::open(&path, Mode::Server).expect("the new one is whole");
    let stage = Stage {
        directory: stage.directory,
        store,
    };
    assert_eq!(stage.written(), Vec::<String>::new());
}

#[test]
fn a_removed_log_loses_nothing_that_was_answered() {
    let stage = Stage::new();
    for number in 0..200 {
        write(&stage, &format!("agent {number}")).expect("written");
    }
    let path = database(&stage);
    fs::remove_file(beside(&path, "-wal")).expect("removed");
    assert!(is_untrusted(&write(&stage, "after")));
    stage.store.close();
    let store = Store::open(&path, Mode::Server).expect("a store");
    let stage = Stage {
        directory: stage.directory,
        store,
    };
    let written = stage.written();
    assert_eq!(
        &written[..200],
        (0..200)
            .map(|number| format!("agent {number}"))
            .collect::<Vec<_>>()
    );
}

/// Enough rows for pages that no connection has in memory yet.
fn filled() -> Stage {
    let stage = Stage::new();
    for number in 0..40 {
        write(&stage, &format!("{number} {}", "x".repeat(20_000))).expect("written");
    }
    stage.store.close();
    let path = database(&stage);
    let store = Store::open(&path, Mode::Server).expect("a store");
    Stage {
        directory: stage.directory,
        store,
    }
}

#[test]
fn once_a_page_is_damaged_nothing_is_read_or_written_any_more() {
    let stage = filled();
    assert_eq!(read(&stage), Ok(40));
    let path = database(&stage);
    let whole = fs::read(&path).expect("readable");
    // In place, as a failing disk does it: the file stays the one that was opened.
    let mut damaged = whole.clone();
    damaged[8_192..].fill(0xa5);
    write_in_place(&path, &damaged);
    let met: Result<Vec<String>, StoreError> = stage.store.read(|db| {
        db.all(
            "SELECT text FROM user_agents ORDER BY id",
            params![],
            |row| row.get(0),
        )
    });
    assert!(is_untrusted(&met), "{met:?}");
    // Nor when the disk has better moments.
    write_in_place(&path, &whole);
    assert!(is_untrusted(&read(&stage)));
    assert!(is_untrusted(&write(&stage, "after")));
    assert_eq!(stage.store.lost(), None, "it lives on and says so");
}

fn write_in_place(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .open(path)
        .expect("opened");
    file.write_all(bytes).expect("written");
}

#[test]
fn the_log_stays_bounded_while_requests_read_and_write_without_a_pause() {
    // Three times the length at which the log is folded: a fold may have to wait for the next one.
    const MAX_LOG_BYTES: u64 = 3 * 1_000 * 4_120;
    const MOST_WRITES: usize = 10_000;
    let stage = Stage::new();
    let store = &stage.store;
    let is_over = &AtomicBool::new(false);
    let written = &AtomicU64::new(0);
    std::thread::scope(|scope| {
        for least in 0..3 {
            scope.spawn(move || {
                while !is_over.load(Relaxed) {
                    // As long as a list takes.
                    let read: Result<Vec<i64>, StoreError> = store.read(|db| {
                        let sql = "SELECT length(text) FROM user_agents WHERE id > $1 LIMIT 100";
                        db.all(sql, params![least], |row| row.get(0))
                    });
                    read.expect("readable");
                }
            });
        }
        for number in 0..MOST_WRITES {
            let text = format!("{number} {}", "x".repeat(20_000));
            let bytes = text.len() as u64;
            let change = Write::new(text, Then::Commit);
            store.write_blocking(change).expect("written");
            if written.fetch_add(bytes, Relaxed) > MAX_LOG_BYTES {
                break;
            }
        }
        is_over.store(true, Relaxed);
    });
    let log = beside(&database(&stage), "-wal");
    let log = fs::metadata(log).expect("a log").len();
    assert!(log < MAX_LOG_BYTES, "{log}");
    assert!(written.load(Relaxed) > MAX_LOG_BYTES);
}
