//! The writer: one thread, one connection, one transaction for all that waits.
//!
//! Nobody hears "done" before it is on disk, and whoever waits at the same time shares one sync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::Change;
use crate::store::db::Tx;
use crate::store::error::{OpenError, StoreError};

/// Changes that may wait. At the measured rate they are done in a quarter of a second; what comes beyond is told to come back.
const QUEUE_CHANGES: usize = 4_096;
/// Changes in one commit at most, so that the first of them does not wait for a crowd.
const BATCH_CHANGES: usize = 512;

type Answer<C> = Result<<C as Change>::Outcome, <C as Change>::Error>;

/// The way to the writer thread.
pub(super) struct Writer {
    queue: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Apply(Box<dyn Job>),
    Close,
}

impl Writer {
    /// Starts the thread on `connection`; `reopen` gives it a new one after a failed commit. Whether it folds the log at its end: the server
    /// does; a command beside a running server would only stand in its way.
    pub(super) fn start(
        connection: Connection,
        folds_log: bool,
        reopen: impl Fn() -> Result<Connection, StoreError> + Send + 'static,
    ) -> Result<Self, OpenError> {
        let (queue, waiting) = sync_channel(QUEUE_CHANGES);
        let thread = std::thread::Builder::new()
            .name("hub-writer".to_owned())
            .spawn(move || Loop::new(connection, reopen, folds_log).run(&waiting))
            .map_err(|cause| OpenError::CannotMake {
                path: "the writer thread".into(),
                cause,
            })?;
        Ok(Self {
            queue,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) async fn write<C: Change>(&self, change: C) -> Answer<C> {
        let answer = self.enqueue(change)?;
        answer.await.unwrap_or_else(|_| Err(gone().into()))
    }

    pub(super) fn write_blocking<C: Change>(&self, change: C) -> Answer<C> {
        let answer = self.enqueue(change)?;
        answer
            .blocking_recv()
            .unwrap_or_else(|_| Err(gone().into()))
    }

    fn enqueue<C: Change>(&self, change: C) -> Result<oneshot::Receiver<Answer<C>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending {
            change: Some(change),
            result: None,
            reply,
        });
        match self.queue.try_send(Message::Apply(job)) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy("too many changes wait".to_owned())),
            Err(TrySendError::Disconnected(_)) => Err(gone()),
        }
    }

    /// Waits until all that is queued is applied and the thread has ended.
    pub(super) fn close(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        let Some(thread) = thread else { return };
        if self.queue.send(Message::Close).is_ok() && thread.join().is_err() {
            tracing::error!("the writer thread had panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn gone() -> StoreError {
    StoreError::Busy("the store is closing".to_owned())
}

/// A change of any kind, on its way through the writer.
trait Job: Send {
    /// Applies the change; tells whether its writes stay.
    fn apply(&mut self, tx: &Tx<'_>) -> bool;
    /// Whatever the change had to say, this is its answer now.
    fn fail(&mut self, error: StoreError);
    /// Sends the answer.
    fn answer(self: Box<Self>);
}

struct Pending<C: Change> {
    change: Option<C>,
    result: Option<Answer<C>>,
    reply: oneshot::Sender<Answer<C>>,
}

impl<C: Change> Job for Pending<C> {
    fn apply(&mut self, tx: &Tx<'_>) -> bool {
        let result = self.change.take().map(|change| change.apply(tx));
        let keep = matches!(result, Some(Ok(_)));
        self.result = result;
        keep
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // The caller may have hung up. What was committed stays committed.
            let _hung_up = self.reply.send(result);
        }
    }
}

/// The writer thread's own state.
struct Loop<R> {
    /// `None` after a failed commit, until a new connection can be had.
    connection: Option<Connection>,
    reopen: R,
    /// Whether the log is folded into the database at the end.
    folds_log: bool,
}

impl<R: Fn() -> Result<Connection, StoreError>> Loop<R> {
    fn new(connection: Connection, reopen: R, folds_log: bool) -> Self {
        Self {
            connection: Some(connection),
            reopen,
            folds_log,
        }
    }

    fn run(mut self, waiting: &Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH_CHANGES);
        let mut open = true;
        while open {
            let Ok(first) = waiting.recv() else { break };
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
            if let Err(error) = self.commit(&mut batch) {
                tracing::error!(%error, changes = batch.len(), "a commit failed");
                for job in &mut batch {
                    job.fail(error.clone());
                }
            }
            for job in batch.drain(..) {
                job.answer();
            }
        }
        if self.folds_log {
            self.fold_log();
        }
    }

    /// Applies the batch and commits it. On an error nothing of it has happened.
    fn commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => (self.reopen)()?,
        };
        match apply_and_commit(&connection, batch) {
            Ok(()) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(error @ StoreError::Busy(_)) if connection.is_autocommit() => {
                // Another process held the database for longer than we wait; the connection itself is sound.
                self.connection = Some(connection);
                Err(error)
            }
            // After a failed write or sync the pages in memory may not be what the disk holds: this connection is not used again.
            Err(error) => {
                drop(connection);
                Err(error)
            }
        }
    }

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

fn apply_and_commit(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    // IMMEDIATE: the write lock is taken before anything is read, so that no decision rests on what another process changes.
    run(connection, "BEGIN IMMEDIATE")?;
    let applied = batch
        .iter_mut()
        .try_for_each(|job| apply(connection, job.as_mut()));
    let done = applied.and_then(|()| run(connection, "COMMIT"));
    if done.is_err() && !connection.is_autocommit() {
        // Whatever a failed rollback leaves, the connection is dropped by the caller.
        let _rolled_back = run(connection, "ROLLBACK");
    }
    done
}

/// Applies one change; if it fails, only its own writes are undone.
fn apply(connection: &Connection, job: &mut dyn Job) -> Result<(), StoreError> {
    run(connection, "SAVEPOINT change")?;
    let tx = Tx::new(connection);
    let keep = catch_unwind(AssertUnwindSafe(|| job.apply(&tx))).unwrap_or_else(|_| {
        job.fail(StoreError::Broken("a change panicked".to_owned()));
        false
    });
    if connection.is_autocommit() {
        // A full disk or a failed read made SQLite roll back the whole transaction, and with it the changes before this one.
        return Err(StoreError::Unwritable(
            "the transaction was rolled back by SQLite".to_owned(),
        ));
    }
    if !keep {
        run(connection, "ROLLBACK TO change")?;
    }
    run(connection, "RELEASE change")
}

fn run(connection: &Connection, sql: &'static str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
