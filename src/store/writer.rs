//! The writer: one thread, one connection, one transaction for all that waits.
//!
//! Nobody hears "done" before it is on disk, and whoever waits at the same time shares one sync.

pub mod by_hand;
mod checkpoints;
pub mod counts;
mod folder;
mod turns;

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::Change;
use crate::store::condition::Condition;
use crate::store::db::Tx;
use crate::store::error::{OpenError, StoreError};
use crate::store::files::Files;
use crate::types::checkpoints::Checkpoints;
use by_hand::WriterByHand;
use counts::WriterCounts;
use turns::Turns;

/// Changes that may wait. At the measured rate they are done in a quarter of a second; what comes beyond is told to come back.
pub(super) const QUEUE_CHANGES: usize = 4_096;

type Answer<C> = Result<<C as Change>::Outcome, <C as Change>::Error>;

/// The way to the writer thread.
pub(super) struct Writer {
    queue: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
    condition: Arc<Condition>,
    counts: Arc<WriterCounts>,
}

/// What the writer knows of its database beside the connection.
pub(super) struct Database {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its files, as they were opened.
    pub(super) files: Files,
    /// What is known against it.
    pub(super) condition: Arc<Condition>,
    /// What it counts.
    pub(super) counts: Arc<WriterCounts>,
    /// Who folds the log into it.
    pub(super) checkpoints: Checkpoints,
    /// Whether the log is folded at the end: the server does; a command beside a running server would only stand in its way.
    pub(super) folds_at_end: bool,
}

enum Message {
    Apply(Box<dyn Job>),
    Close,
}

impl Writer {
    /// Starts the thread on `connection`.
    pub(super) fn start(connection: Connection, database: Database) -> Result<Self, OpenError> {
        let (queue, waiting) = sync_channel(QUEUE_CHANGES);
        let condition = Arc::clone(&database.condition);
        let counts = Arc::clone(&database.counts);
        let thread = std::thread::Builder::new()
            .name("hub-writer".to_owned())
            .spawn(move || Turns::new(connection, database).run(&waiting))
            .map_err(|cause| OpenError::CannotMake {
                path: "the writer thread".into(),
                cause,
            })?;
        Ok(Self {
            queue,
            thread: Mutex::new(Some(thread)),
            condition,
            counts,
        })
    }

    /// The same without a thread.
    pub(super) fn by_hand(connection: Connection, database: Database) -> (Self, WriterByHand) {
        let (queue, waiting) = sync_channel(QUEUE_CHANGES);
        let writer = Self {
            queue,
            thread: Mutex::new(None),
            condition: Arc::clone(&database.condition),
            counts: Arc::clone(&database.counts),
        };
        (
            writer,
            WriterByHand::new(Turns::new(connection, database), waiting),
        )
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
        self.condition.check()?;
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending {
            change: Some(change),
            result: None,
            reply,
        });
        // Before it can be taken, so that nobody counts it off first.
        self.counts.waiting.up();
        let error = match self.queue.try_send(Message::Apply(job)) {
            Ok(()) => return Ok(answer),
            Err(TrySendError::Full(_)) => StoreError::Busy("too many changes wait".to_owned()),
            Err(TrySendError::Disconnected(_)) => gone(),
        };
        self.counts.waiting.down();
        self.counts.refused.count();
        Err(error)
    }

    /// What the writer counts.
    pub(super) fn counts(&self) -> &Arc<WriterCounts> {
        &self.counts
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
    /// See [`Change::FAILS_WITH_ITS_TURN`].
    fn fails_with_its_turn(&self) -> bool;
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
    fn fails_with_its_turn(&self) -> bool {
        C::FAILS_WITH_ITS_TURN
    }

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
