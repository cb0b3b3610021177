//! The writer thread's work: whatever waits is one turn, applied in one transaction, answered when that is on disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ffi};

use crate::store::condition::Condition;
use crate::store::db::{self, Tx};
use crate::store::error::StoreError;
use crate::store::writer::checkpoints::{Folding, watch_log};
use crate::store::writer::{Database, Job, Message};
use crate::types::checkpoints::Checkpoints;
use crate::types::counting::Stopwatch;

/// Changes in one commit at most, so that the first of them does not wait for a crowd.
const BATCH_CHANGES: usize = 512;
/// How often the files are looked at while nothing is written: so soon does a server notice that they are gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Failed syncs in a row after which the server stops: the kernel drops what it could not write and calls the next sync a success, so a disk
/// that fails again and again is not asked for ever.
const MAX_FAILED_SYNCS: u32 = 3;
/// Names that a rescued database may get beside the lost one: more rescues than these were never looked at.
const MAX_RESCUED: u32 = 100;

/// The writer thread's own state.
pub(super) struct Turns {
    /// `None` after a failed commit, until a new connection can be had.
    connection: Option<Connection>,
    database: Database,
    folding: Folding,
    /// In a row.
    failed_syncs: u32,
    /// Whether the database may lack what SQLite takes for folded into it.
    keeps_log: bool,
}

/// Why a turn was not committed.
struct Failed {
    error: StoreError,
    /// Whether the disk failed to take what was written.
    is_sync: bool,
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|error| error.extended_code);
        let is_sync = code.is_some_and(|code| {
            [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC].contains(&code)
        });
        Self {
            error: error.into(),
            is_sync,
        }
    }
}

impl Turns {
    pub(super) fn new(connection: Connection, database: Database) -> Self {
        prepare(&connection);
        Self {
            connection: Some(connection),
            folding: Folding::new(),
            database,
            failed_syncs: 0,
            keeps_log: false,
        }
    }

    pub(super) fn run(mut self, waiting: &Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH_CHANGES);
        let mut open = true;
        while open {
            let first = match waiting.recv_timeout(LOOK_EVERY) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    let _known = self.look();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let rest = std::iter::from_fn(|| waiting.try_recv().ok());
            for message in std::iter::once(first).chain(rest) {
                match message {
                    Message::Apply(job) => batch.push(job),
                    Message::Close => open = false,
                }
                if batch.len() == BATCH_CHANGES || !open {
                    break;
                }
            }
            let done = self.timed_commit(&mut batch);
            Self::answer(&mut batch, done.as_ref().err());
            if done.is_ok() {
                self.fold_if_due();
            }
        }
        self.end();
    }

    /// Commits, and counts what that took.
    fn timed_commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (counts, changes) = (Arc::clone(&self.database.counts), batch.len() as u64);
        counts.waiting.lower(changes);
        counts.batches.note(changes);
        let stopwatch = Stopwatch::begin();
        let done = self.commit(batch);
        counts.commits.note(stopwatch.micros());
        if done.is_err() {
            counts.failed.count();
        }
        done
    }

    /// Everybody hears how it went.
    pub(super) fn answer(batch: &mut Vec<Box<dyn Job>>, failed: Option<&StoreError>) {
        if let Some(error) = failed {
            tracing::error!(%error, changes = batch.len(), "a commit failed");
            for job in batch.iter_mut() {
                job.fail(error.clone());
            }
        }
        for job in batch.drain(..) {
            job.answer();
        }
    }

    /// Applies the batch as [`Turns::commit`] does, and undoes it: what a process does that is cut off before its commit.
    pub(super) fn apply_and_forget(
        &mut self,
        batch: &mut [Box<dyn Job>],
    ) -> Result<(), StoreError> {
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        let begun = begin_and_apply(connection, batch, &self.database.condition);
        let undone = run(connection, "ROLLBACK").map_err(Failed::from);
        begun.and(undone).map_err(|failed| failed.error)
    }

    /// Applies the batch and commits it. On an error nothing of it has happened, or nobody may rely on it.
    pub(super) fn commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.database.condition.check()?;
        let connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            self.look()?;
            let connection = db::open_writable(&self.database.path, self.database.checkpoints)?;
            prepare(&connection);
            connection
        };
        match apply_and_commit(&connection, batch, &self.database.condition) {
            Ok(()) => {
                self.connection = Some(connection);
                self.failed_syncs = 0;
                // Before anybody hears of it: what was written to files that are gone is gone with them.
                self.look()
            }
            Err(failed)
                if matches!(failed.error, StoreError::Busy(_)) && connection.is_autocommit() =>
            {
                // Another process held the database for longer than we wait; the connection itself is sound.
                self.connection = Some(connection);
                Err(failed.error)
            }
            // After a failed write or sync the pages in memory may not be what the disk holds: this connection is not used again.
            Err(failed) => {
                drop(connection);
                Err(self.judge(failed))
            }
        }
    }

    /// What a failed turn says about the database.
    fn judge(&mut self, failed: Failed) -> StoreError {
        let condition = &self.database.condition;
        if !failed.is_sync {
            return condition.note(failed.error);
        }
        self.failed_syncs += 1;
        if self.failed_syncs < MAX_FAILED_SYNCS {
            return failed.error;
        }
        condition.lose(format!(
            "the disk failed to sync {MAX_FAILED_SYNCS} times in a row; look at the system's log and the disk before you start the server again"
        ))
    }

    /// Whether the files are still those that were opened.
    fn look(&self) -> Result<(), StoreError> {
        if self.database.condition.lost().is_some() {
            return self.database.condition.check();
        }
        match self.database.files.changed() {
            None => Ok(()),
            Some(change) => Err(self.database.condition.lose(change)),
        }
    }

    /// Folds the log, if that is left to the server and due.
    fn fold_if_due(&mut self) {
        let Some(connection) = &self.connection else {
            return;
        };
        if self.database.checkpoints == Checkpoints::External {
            return;
        }
        let folded = self.folding.fold_if_due(connection, &self.database.path);
        if let Err(error) = folded {
            // The next start reads the whole log again, and folds it: so nobody may end it before.
            self.keeps_log = true;
            self.database.condition.lose(format!(
                "the disk failed to sync what was folded into the database ({error}); nothing is lost, the log is kept and the next start folds it again; \
                 look at the system's log and the disk before that"
            ));
        }
    }

    /// The thread's last act.
    fn end(mut self) {
        self.folding.stop();
        if self.keeps_log {
            return self.leave_log();
        }
        if self.database.condition.lost().is_some() && !self.database.files.database_stands() {
            self.rescue();
        }
        if self.database.folds_at_end || self.database.condition.lost().is_some() {
            self.fold_log();
        }
    }

    /// The file has lost its name but not its contents, as long as it is open.
    fn rescue(&self) {
        let Some(connection) = &self.connection else {
            return;
        };
        let names = (1..=MAX_RESCUED)
            .map(|number| db::beside(&self.database.path, &format!(".rescued-{number}")));
        let mut free = names.filter(|name| !name.exists());
        let Some(rescued) = free.next() else {
            return;
        };
        match db::copy_into(connection, &rescued) {
            Ok(()) => tracing::error!(
                rescued = %rescued.display(),
                "the database that was open was saved under another name; `hub restore` puts it in its place"
            ),
            Err(error) => {
                tracing::error!(%error, "the database that was open could not be saved");
                let _half = std::fs::remove_file(&rescued);
            }
        }
    }

    /// All stays in the log, even when this was the last connection to close.
    fn leave_log(&self) {
        let Some(connection) = &self.connection else {
            return;
        };
        let told = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        if let Err(error) = told {
            tracing::error!(%error, "the log may be ended with the server; restore a backup if the next start finds damage");
        }
    }

    /// Nothing stays in the log. That of a file that was replaced is emptied, too: SQLite would lay it over the new one.
    fn fold_log(&self) {
        let Some(connection) = &self.connection else {
            return;
        };
        let folded = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = folded {
            tracing::warn!(%error, "the log was not folded into the database; the next start does it");
        }
    }
}

/// Makes a connection the writer's.
fn prepare(connection: &Connection) {
    watch_log(connection);
    // What a statement would need to undo it stays in memory: it is small, and an image that has no directory for temporary files lets no change through.
    if let Err(error) = connection.pragma_update(None, "temp_store", "MEMORY") {
        tracing::warn!(%error, "the writer keeps temporary files on the disk");
    }
}

fn apply_and_commit(
    connection: &Connection,
    batch: &mut [Box<dyn Job>],
    condition: &Condition,
) -> Result<(), Failed> {
    let applied = begin_and_apply(connection, batch, condition);
    let done = applied.and_then(|()| Ok(run(connection, "COMMIT")?));
    if done.is_err() && !connection.is_autocommit() {
        // Whatever a failed rollback leaves, the connection is dropped by the caller.
        let _rolled_back = run(connection, "ROLLBACK");
    }
    done
}

fn begin_and_apply(
    connection: &Connection,
    batch: &mut [Box<dyn Job>],
    condition: &Condition,
) -> Result<(), Failed> {
    // IMMEDIATE: the write lock is taken before anything is read, so that no decision rests on what another process changes.
    run(connection, "BEGIN IMMEDIATE")?;
    let tx = Tx::new(connection, condition);
    for job in batch {
        apply(connection, &tx, job.as_mut())?;
    }
    // A damaged page may have shown itself to one of the changes, which need not be the one that says so.
    condition.check().map_err(|error| Failed {
        error,
        is_sync: false,
    })
}

/// Applies one change; if it fails, only its own writes are undone, or the whole turn's.
fn apply(connection: &Connection, tx: &Tx<'_>, job: &mut dyn Job) -> Result<(), Failed> {
    if job.fails_with_its_turn() {
        return apply_for_good(connection, tx, job);
    }
    run(connection, "SAVEPOINT change")?;
    let keep = attempt(tx, job);
    check_open(connection)?;
    if !keep {
        run(connection, "ROLLBACK TO change")?;
    }
    Ok(run(connection, "RELEASE change")?)
}

/// Applies a change that is not undone alone. One that fails before it has written leaves nothing to undo.
fn apply_for_good(connection: &Connection, tx: &Tx<'_>, job: &mut dyn Job) -> Result<(), Failed> {
    let before = connection.total_changes();
    let keep = attempt(tx, job);
    check_open(connection)?;
    if keep || connection.total_changes() == before {
        return Ok(());
    }
    Err(Failed {
        error: StoreError::Broken("a change failed after it had written".to_owned()),
        is_sync: false,
    })
}

/// Whether the change's writes are to stay.
fn attempt(tx: &Tx<'_>, job: &mut dyn Job) -> bool {
    catch_unwind(AssertUnwindSafe(|| job.apply(tx))).unwrap_or_else(|_| {
        job.fail(StoreError::Broken("a change panicked".to_owned()));
        false
    })
}

/// A full disk or a failed read makes SQLite roll back the whole transaction, and with it the changes before this one.
fn check_open(connection: &Connection) -> Result<(), Failed> {
    if connection.is_autocommit() {
        return Err(Failed {
            error: StoreError::Unwritable("the transaction was rolled back by SQLite".to_owned()),
            is_sync: false,
        });
    }
    Ok(())
}

fn run(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
