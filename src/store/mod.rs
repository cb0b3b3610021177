//! The one database file: a single writer thread, readers that cannot write, and the values that pass between.
//!
//! Whatever changes the database is a [`Change`]: plain data in, an outcome out, applied in one transaction by the one writer.
//! The writer answers only after the commit is on disk, and many waiting changes share one commit.

pub mod activity;
pub mod audit;
pub mod backup;
pub mod checkup;
mod condition;
pub mod db;
pub mod error;
pub mod files;
pub mod lived;
pub mod readers;
pub mod schema;
pub mod staging;
pub mod upgrade;
mod writer;

use std::path::Path;
use std::sync::Arc;

use condition::Condition;
pub use db::{Db, Tx, bad_row};
pub use error::{OpenError, StoreError};
use files::Files;
use readers::Readers;
use rusqlite::Connection;
pub use writer::by_hand::{Cut, WriterByHand};
pub use writer::counts::WriterCounts;
use writer::{Database, Writer};

use crate::types::checkpoints::Checkpoints;

/// Files that the store has open at most: the database and its log for each reader and the writer, the log's index once, and a few that a
/// large sort spills to; for whoever folds the log the database twice and the log once; and for a copy the database and its log once more, the copy and its folder. A process that lacks one of them cannot read or, worse, cannot write.
pub const MAX_OPEN_FILES: u32 = (readers::MAX_READERS + 1) * 2 + 1 + 4 + 3 + 4;

/// Changes that may wait for the writer at once.
pub const MAX_WAITING_CHANGES: usize = writer::QUEUE_CHANGES;

/// A change of the database as a value.
///
/// Time, randomness, hashing and the network are settled before it is made. **`Err` rolls back, an outcome commits**: a refusal
/// that must leave a trace is an outcome, which the action then turns into an error.
pub trait Change: Send + 'static {
    /// What the change found and did.
    type Outcome: Send + 'static;
    /// Why it was undone.
    type Error: From<StoreError> + Send + 'static;

    /// Whether the change never fails on its own once it has written: all that can go wrong then is the database, and the whole turn fails with it.
    /// What every change costs so that it can be undone alone is spared.
    const FAILS_WITH_ITS_TURN: bool = false;

    /// Reads and writes in the transaction. Changes that wait at the same time share the transaction's commit, not its failure.
    ///
    /// # Errors
    /// Whatever undoes this change, and only this one.
    fn apply(self, tx: &Tx<'_>) -> Result<Self::Outcome, Self::Error>;
}

/// The database, open. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    /// `None` where the store was opened for reading.
    writer: Option<Arc<Writer>>,
    readers: Readers,
    condition: Arc<Condition>,
}

/// Whether a database may be made or changed in shape when the store opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The server: makes the file if there is none and brings it to the present schema.
    Server,
    /// The command line beside it: the file must be there, in the present schema.
    CommandLine,
    /// A command that only looks: the same, and nothing is ever locked or written, not even at the end.
    Reading,
}

impl Store {
    /// Opens the database at `path`.
    ///
    /// # Errors
    /// When the file cannot be made or opened, is not the Hub's, fails its check, or has another schema than this binary's.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, OpenError> {
        Self::open_beside(path, mode, Checkpoints::Own)
    }

    /// The same, where somebody else may fold the log.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_beside(
        path: &Path,
        mode: Mode,
        checkpoints: Checkpoints,
    ) -> Result<Self, OpenError> {
        if mode == Mode::Reading {
            schema::examine(path, mode)?;
            let condition = Arc::new(Condition::default());
            return Ok(Self {
                writer: None,
                readers: Readers::new(path, Arc::clone(&condition))?,
                condition,
            });
        }
        let (connection, database, readers) = opened(path, mode, checkpoints)?;
        let condition = Arc::clone(&database.condition);
        let writer = Writer::start(connection, database)?;
        Ok(Self {
            writer: Some(Arc::new(writer)),
            readers,
            condition,
        })
    }

    /// The same for a simulation, which plays the writer's thread itself.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_by_hand(path: &Path) -> Result<(Self, WriterByHand), OpenError> {
        let (connection, database, readers) = opened(path, Mode::CommandLine, Checkpoints::Own)?;
        let condition = Arc::clone(&database.condition);
        let (writer, by_hand) = Writer::by_hand(connection, database);
        let store = Self {
            writer: Some(Arc::new(writer)),
            readers,
            condition,
        };
        Ok((store, by_hand))
    }

    /// Resolves when the database cannot be relied on any more and the server has to stop; says why.
    pub async fn when_lost(&self) -> String {
        self.condition.when_lost().await
    }

    /// Why the server has to stop, if it has to.
    #[must_use]
    pub fn lost(&self) -> Option<&str> {
        self.condition.lost()
    }

    /// Whether the database was found sound so far: what was found wrong stays wrong until the next start.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.condition.check().is_ok()
    }

    /// What the writer counts of its work; none where the store was opened for reading.
    #[must_use]
    pub fn writer_counts(&self) -> Option<Arc<WriterCounts>> {
        let writer = self.writer.as_deref()?;
        Some(Arc::clone(writer.counts()))
    }

    /// Applies a change and answers when it is on disk.
    ///
    /// # Errors
    /// The change's own, or a [`StoreError`] when it could not be applied or committed; then it has left nothing behind.
    pub async fn write<C: Change>(&self, change: C) -> Result<C::Outcome, C::Error> {
        self.writer()?.write(change).await
    }

    /// The same for callers outside an asynchronous runtime.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<C: Change>(&self, change: C) -> Result<C::Outcome, C::Error> {
        self.writer()?.write_blocking(change)
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer
            .as_deref()
            .ok_or_else(|| StoreError::Broken("it was opened for reading only".to_owned()))
    }

    /// Reads what was last committed. The connection cannot write.
    ///
    /// Runs on the calling thread: a look-up by key takes microseconds, less than a hop to another thread. What scans belongs on a blocking thread.
    ///
    /// # Errors
    /// When no reader is free in time, or whatever `read` fails with.
    pub fn read<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&Db<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.read(read)
    }

    /// Applies what is queued and ends the writer; a server's folds the log into the database file. Later changes are refused as busy.
    pub fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close();
        }
    }
}

/// A connection for the writer, what it knows of its database, and readers beside it.
fn opened(
    path: &Path,
    mode: Mode,
    checkpoints: Checkpoints,
) -> Result<(Connection, Database, Readers), OpenError> {
    let connection = schema::open(path, mode, checkpoints)?;
    let condition = Arc::new(Condition::default());
    let readers = Readers::new(path, Arc::clone(&condition))?;
    let files = Files::of(path).map_err(|cause| OpenError::CannotMake {
        path: path.to_owned(),
        cause,
    })?;
    let database = Database {
        path: path.to_owned(),
        files,
        condition,
        counts: Arc::default(),
        checkpoints,
        folds_at_end: mode == Mode::Server && checkpoints == Checkpoints::Own,
    };
    Ok((connection, database, readers))
}
