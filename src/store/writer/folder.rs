//! Folds the log beside the writer: most of a fold is writing pages and waiting for the disk, and no change has to wait with it.
//!
//! SQLite syncs the database only when it has folded the whole log, which under load it never has: all that was folded beside would be left
//! for the sync with which the writer begins the log anew, tens of milliseconds in which every change waits. So the folder syncs what it has folded.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::store::db;
use crate::types::checkpoints::Checkpoints;

/// A thread that folds when it is told to, on a connection of its own.
pub(super) struct Folder {
    /// `None` only while it is dropped.
    orders: Option<SyncSender<()>>,
    done: Receiver<Result<(), FoldError>>,
    thread: Option<JoinHandle<()>>,
    is_folding: bool,
}

/// What the folder does.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing.
    Idle,
    /// It folds.
    Folding,
    /// Nothing any more: it failed, or its thread is gone.
    Failed(FoldError),
}

/// Why the log was not folded beside.
#[derive(Debug, thiserror::Error)]
pub(super) enum FoldError {
    /// Nothing is lost: what is not folded stands in the log.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The kernel may have dropped what was folded, and SQLite takes it for folded.
    #[error("{0}")]
    Sync(std::io::Error),
    /// It panicked.
    #[error("the thread that folds the log is gone")]
    Gone,
}

impl Folder {
    /// Opens the database once more and starts the thread, which syncs `file`. `None` where the system has no descriptor or thread to give.
    pub(super) fn start(database: &Path, file: &'static File) -> Option<Self> {
        let connection = db::open_writable(database, Checkpoints::Own).ok()?;
        // The last that closes folds what is left: that is the writer's to decide.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .ok()?;
        let (orders, ordered) = sync_channel(1);
        let (tell, done) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("hub-folder".to_owned())
            .spawn(move || {
                while ordered.recv().is_ok() {
                    if tell.send(fold(&connection, file)).is_err() {
                        return;
                    }
                }
            })
            .ok()?;
        Some(Self {
            orders: Some(orders),
            done,
            thread: Some(thread),
            is_folding: false,
        })
    }

    /// Has what is in the log folded. Only for one that is idle.
    pub(super) fn begin(&mut self) {
        let order = self.orders.as_ref().map(|orders| orders.try_send(()));
        // Where nobody takes the order, nobody tells that it is done either.
        self.is_folding = order.is_some();
    }

    /// What it does now.
    pub(super) fn state(&mut self) -> State {
        if !self.is_folding {
            return State::Idle;
        }
        let told = match self.done.try_recv() {
            Ok(told) => told,
            Err(TryRecvError::Empty) => return State::Folding,
            Err(TryRecvError::Disconnected) => Err(FoldError::Gone),
        };
        self.heard(told)
    }

    /// Waits until it is idle.
    pub(super) fn wait(&mut self) -> State {
        if !self.is_folding {
            return State::Idle;
        }
        let told = self.done.recv().unwrap_or(Err(FoldError::Gone));
        self.heard(told)
    }

    fn heard(&mut self, told: Result<(), FoldError>) -> State {
        self.is_folding = false;
        told.map_or_else(State::Failed, |()| State::Idle)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that folds the log had panicked");
        }
    }
}

/// Opens the database's file for syncing, and never closes it: whoever closes any descriptor of a file gives up all of the process's locks on
/// it (POSIX), SQLite's too.
pub(super) fn open_for_good(database: &Path) -> std::io::Result<&'static File> {
    File::open(database).map(|file| &*Box::leak(Box::new(file)))
}

/// Folds what no reader needs, waits for nobody, and syncs it.
fn fold(connection: &Connection, file: &File) -> Result<(), FoldError> {
    connection
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
        .query_row([], |_| Ok(()))?;
    file.sync_data().map_err(FoldError::Sync)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::Connection;

    use super::{FoldError, Folder, State, open_for_good};
    use crate::store::db;
    use crate::types::checkpoints::Checkpoints;

    /// A database with a log of so many pages and more, and its writer.
    fn database(path: &Path, pages: u32) -> Connection {
        db::make_private(path).unwrap();
        let connection = db::open_writable(path, Checkpoints::Own).unwrap();
        connection
            .execute_batch("CREATE TABLE t (text TEXT)")
            .unwrap();
        write(&connection, pages);
        connection
    }

    fn write(connection: &Connection, pages: u32) {
        for _ in 0..pages {
            connection
                .execute("INSERT INTO t VALUES (hex(zeroblob(2000)))", [])
                .unwrap();
        }
    }

    fn folder(path: &Path) -> Folder {
        Folder::start(path, open_for_good(path).unwrap()).unwrap()
    }

    /// Pages of the log that are not in the database.
    fn unfolded(writer: &Connection) -> i64 {
        writer
            .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
                Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
            })
            .unwrap()
    }

    #[test]
    fn it_folds_when_it_is_told_to() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.db");
        let writer = database(&path, 500);
        let mut folder = folder(&path);
        assert!(matches!(folder.state(), State::Idle));
        assert!(matches!(folder.wait(), State::Idle), "nothing to wait for");
        assert!(unfolded(&writer) > 500);
        folder.begin();
        assert!(matches!(folder.wait(), State::Idle));
        assert_eq!(unfolded(&writer), 0);
    }

    #[test]
    fn changes_go_on_while_it_folds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.db");
        let writer = database(&path, 5_000);
        let mut folder = folder(&path);
        folder.begin();
        let mut meanwhile = 0;
        while matches!(folder.state(), State::Folding) && meanwhile < 50_000 {
            write(&writer, 1);
            meanwhile += 1;
        }
        assert!(meanwhile > 0, "nothing was written beside");
        assert!(unfolded(&writer) <= i64::from(meanwhile) * 3);
    }

    #[test]
    fn a_sync_that_fails_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.db");
        let _writer = database(&path, 10);
        // A pipe cannot be synced.
        let (_reader, pipe) = std::io::pipe().unwrap();
        let pipe = Box::leak(Box::new(std::fs::File::from(std::os::fd::OwnedFd::from(
            pipe,
        ))));
        let mut folder = Folder::start(&path, pipe).unwrap();
        folder.begin();
        assert!(matches!(folder.wait(), State::Failed(FoldError::Sync(_))));
    }

    #[test]
    fn without_a_database_there_is_no_folder() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.db");
        drop(database(&path, 1));
        let file = open_for_good(&path).unwrap();
        assert!(Folder::start(&directory.path().join("none.db"), file).is_none());
    }
}
