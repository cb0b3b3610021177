//! The writer: one transaction for all that waits, and no failure but one's own.

use std::sync::mpsc;
use std::time::Duration;

use hub::store::{Change, StoreError, Tx};
use rusqlite::params;

use crate::{Stage, Then, Write};

#[test]
fn a_change_is_readable_as_soon_as_it_is_answered() {
    let stage = Stage::new();
    for number in 0..50 {
        let text = format!("agent {number}");
        let outcome = stage
            .store
            .write_blocking(Write::new(text.clone(), Then::Commit));
        assert_eq!(outcome, Ok(text.clone()));
        assert_eq!(stage.written().last(), Some(&text));
    }
}

#[test]
fn an_error_undoes_only_its_own_change() {
    let stage = Stage::new();
    let handles: Vec<_> = (0..200)
        .map(|number| {
            let store = stage.store.clone();
            std::thread::spawn(move || {
                let then = match number % 4 {
                    0 => Then::Fail,
                    1 => Then::Panic,
                    _ => Then::Commit,
                };
                store.write_blocking(Write::new(format!("{number:03}"), then))
            })
        })
        .collect();
    for (number, handle) in handles.into_iter().enumerate() {
        let outcome = handle.join().expect("the thread ends");
        match number % 4 {
            0 => assert_eq!(outcome, Err(StoreError::Broken("as told".to_owned()))),
            1 => assert!(matches!(outcome, Err(StoreError::Broken(_)))),
            _ => assert_eq!(outcome, Ok(format!("{number:03}"))),
        }
    }
    let mut written = stage.written();
    written.sort();
    let wanted: Vec<_> = (0..200)
        .filter(|number| number % 4 > 1)
        .map(|number| format!("{number:03}"))
        .collect();
    assert_eq!(written, wanted);
}

/// A change that is not undone alone, and fails: before it has written, or after.
struct FailsWithItsTurn {
    writes: bool,
}

impl Change for FailsWithItsTurn {
    type Outcome = String;
    type Error = StoreError;

    const FAILS_WITH_ITS_TURN: bool = true;

    fn apply(self, tx: &Tx<'_>) -> Result<String, StoreError> {
        if self.writes {
            tx.execute("INSERT INTO user_agents (text) VALUES ('half')", params![])?;
        }
        Err(StoreError::Broken("as told".to_owned()))
    }
}

#[test]
fn a_change_that_is_not_undone_alone_takes_its_turn_with_it_once_it_has_written() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for writes in [false, true] {
        let stage = Stage::new();
        let (release, held) = hold(&stage);
        let (before, failed, after) = runtime.block_on(async {
            // Polled in this order, so they wait in this order; then the writer is let go.
            tokio::join!(
                stage.store.write(Write::new("before", Then::Commit)),
                stage.store.write(FailsWithItsTurn { writes }),
                async {
                    let after = stage.store.write(Write::new("after", Then::Commit));
                    tokio::join!(after, async { release.send(()).expect("it waits") }).0
                },
            )
        });
        held.join().expect("the thread ends").expect("held");
        assert!(failed.is_err());
        assert_eq!([before.is_ok(), after.is_ok()], [!writes; 2]);
        let kept: &[&str] = if writes { &[] } else { &["before", "after"] };
        assert_eq!(stage.written(), kept);
        // And the writer goes on, on the log that it has known.
        let next = stage.store.write_blocking(Write::new("next", Then::Commit));
        assert_eq!(next, Ok("next".to_owned()));
    }
}

/// Holds the writer until the test lets it go.
struct Hold {
    entered: mpsc::Sender<()>,
    release: mpsc::Receiver<()>,
}

impl Change for Hold {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, _: &Tx<'_>) -> Result<(), StoreError> {
        self.entered.send(()).expect("the test waits");
        self.release
            .recv_timeout(Duration::from_secs(10))
            .expect("the test lets go");
        Ok(())
    }
}

fn hold(
    stage: &Stage,
) -> (
    mpsc::Sender<()>,
    std::thread::JoinHandle<Result<(), StoreError>>,
) {
    let (entered, has_entered) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let store = stage.store.clone();
    let thread = std::thread::spawn(move || {
        store.write_blocking(Hold {
            entered,
            release: released,
        })
    });
    has_entered
        .recv_timeout(Duration::from_secs(10))
        .expect("the writer took it");
    (release, thread)
}

#[test]
fn what_waits_shares_one_commit() {
    let stage = Stage::new();
    let (release, held) = hold(&stage);
    let waiting: Vec<_> = (0..100)
        .map(|number| {
            let store = stage.store.clone();
            std::thread::spawn(move || {
                store.write_blocking(Write::new(number.to_string(), Then::Commit))
            })
        })
        .collect();
    // They are queued while the writer is held; the last of them is in the queue when its thread sleeps.
    std::thread::sleep(Duration::from_millis(300));
    let log = stage.directory.path().join("hub.db-wal");
    let before = std::fs::metadata(&log).expect("a log").len();
    release.send(()).expect("the writer waits");
    held.join().expect("the thread ends").expect("held");
    for thread in waiting {
        thread.join().expect("the thread ends").expect("written");
    }
    assert_eq!(stage.written().len(), 100);
    // A commit writes each page that it touched once: a hundred commits of two pages would be 200 frames of 4,120 bytes.
    let frames = (std::fs::metadata(&log).expect("a log").len() - before) / 4_120;
    assert!(frames < 40, "{frames} pages were written");
}

#[test]
fn beyond_the_queues_bound_a_change_is_refused_and_leaves_nothing() {
    const QUEUE_CHANGES: usize = 4_096;
    let stage = Stage::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (release, held) = hold(&stage);
    let (queued, refused) = runtime.block_on(async {
        let mut queued = Vec::new();
        let mut refused = 0;
        for number in 0..QUEUE_CHANGES + 100 {
            let store = stage.store.clone();
            let change = Write::new(number.to_string(), Then::Commit);
            let mut write = Box::pin(async move { store.write(change).await });
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(write.as_mut().poll(context))
            })
            .await;
            match polled {
                std::task::Poll::Ready(Err(StoreError::Busy(_))) => refused += 1,
                std::task::Poll::Ready(other) => panic!("{other:?}"),
                std::task::Poll::Pending => queued.push(write),
            }
        }
        (queued, refused)
    });
    assert_eq!((queued.len(), refused), (QUEUE_CHANGES, 100));
    release.send(()).expect("the writer waits");
    held.join().expect("the thread ends").expect("held");
    runtime.block_on(async {
        for write in queued {
            write.await.expect("what was queued is written");
        }
    });
    assert_eq!(stage.written().len(), QUEUE_CHANGES);
}

#[test]
fn closing_writes_what_is_queued_and_folds_the_log() {
    let stage = Stage::new();
    for number in 0..20 {
        let change = Write::new(number.to_string(), Then::Commit);
        stage.store.write_blocking(change).expect("written");
    }
    stage.store.close();
    assert_eq!(stage.written().len(), 20);
    let log = stage.directory.path().join("hub.db-wal");
    assert_eq!(std::fs::metadata(log).map_or(0, |file| file.len()), 0);
    let late = stage.store.write_blocking(Write::new("late", Then::Commit));
    assert!(matches!(late, Err(StoreError::Busy(_))), "{late:?}");
}

/// Bytes of the log and of the database.
fn files(stage: &Stage) -> (u64, u64) {
    let bytes =
        |name| std::fs::metadata(stage.directory.path().join(name)).map_or(0, |file| file.len());
    (bytes("hub.db-wal"), bytes("hub.db"))
}

/// Changes of six pages each.
fn write_pages(stage: &Stage, changes: std::ops::Range<u32>) {
    for number in changes {
        let text = format!("{number:06} {}", "x".repeat(20_000));
        let change = Write::new(text, Then::Commit);
        stage.store.write_blocking(change).expect("written");
    }
}

#[test]
fn the_log_is_folded_while_changes_go_on_and_begun_anew() {
    // A thousand pages of 4,120 bytes before it is begun anew, as much as may come while they are folded, and as much again for a busy disk.
    const LONGEST: u64 = 3 * 1_000 * 4_120;
    let stage = Stage::new();
    let (_, before) = files(&stage);
    let mut longest = 0;
    for hundred in 0..8 {
        write_pages(&stage, hundred * 100..(hundred + 1) * 100);
        longest = longest.max(files(&stage).0);
    }
    let (_, after) = files(&stage);
    assert!(longest <= LONGEST, "{longest} bytes");
    assert!(after > before + 4_000_000, "{before} bytes, then {after}");
    assert_eq!(stage.written().len(), 800);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test plays another program that reads for long"
)]
fn a_reader_that_stays_holds_up_the_fold_and_no_change() {
    let stage = Stage::new();
    write_pages(&stage, 0..10);
    let database = stage.directory.path().join("hub.db");
    let access = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let reader = rusqlite::Connection::open_with_flags(database, access).expect("a connection");
    let count = || -> i64 {
        reader
            .query_one("SELECT count(*) FROM user_agents", [], |row| row.get(0))
            .expect("a count")
    };
    reader.execute_batch("BEGIN").expect("begun");
    assert_eq!(count(), 10);
    write_pages(&stage, 10..400);
    assert_eq!(count(), 10, "it sees what it saw");
    let (held, _) = files(&stage);
    assert!(held > 4_000_000, "{held} bytes");
    reader.execute_batch("COMMIT").expect("ended");
    write_pages(&stage, 400..1_000);
    let (after, _) = files(&stage);
    assert_eq!(count(), 1_000);
    assert!(
        after < held + 4 * 1_000 * 4_120,
        "{held} bytes, then {after}"
    );
}

/// Asks the writer's own connection how it is set.
struct Ask;

impl Change for Ask {
    type Outcome = (i64, String, i64);
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Self::Outcome, StoreError> {
        Ok((
            tx.one("PRAGMA synchronous", params![], |row| row.get(0))?,
            tx.one("PRAGMA journal_mode", params![], |row| row.get(0))?,
            tx.one("PRAGMA foreign_keys", params![], |row| row.get(0))?,
        ))
    }
}

#[test]
fn every_commit_is_synced_to_disk() {
    const FULL: i64 = 2;
    let stage = Stage::new();
    let set = stage.store.write_blocking(Ask).expect("an answer");
    assert_eq!(set, (FULL, "wal".to_owned(), 1));
}

/// Runs a statement whose values do not fit it.
struct Misfit(&'static str);

impl Change for Misfit {
    type Outcome = usize;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<usize, StoreError> {
        tx.execute(self.0, params!["one"])
    }
}

#[test]
fn values_are_bound_by_their_number_and_all_of_them() {
    struct Swapped;
    impl Change for Swapped {
        type Outcome = (String, String);
        type Error = StoreError;

        fn apply(self, tx: &Tx<'_>) -> Result<Self::Outcome, StoreError> {
            tx.one("SELECT $2, $1", params!["first", "second"], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        }
    }
    let stage = Stage::new();
    let swapped = stage.store.write_blocking(Swapped);
    assert_eq!(swapped, Ok(("second".to_owned(), "first".to_owned())));
    for sql in [
        "INSERT INTO user_agents (text) VALUES ('none')",
        "INSERT INTO user_agents (text) VALUES ($1 || $2)",
        "INSERT INTO user_agents (text) VALUES ($2)",
    ] {
        let outcome = stage.store.write_blocking(Misfit(sql));
        assert!(matches!(outcome, Err(StoreError::Broken(_))), "{sql}");
    }
    assert_eq!(stage.written(), Vec::<String>::new());
}
