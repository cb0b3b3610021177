//! Connections that read, shared by all requests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::OpenFlags;

use crate::store::condition::Condition;
use crate::store::db::{self, Db};
use crate::store::error::{OpenError, StoreError};

/// Most readers at once: a request's look-up holds one for microseconds, and only as many run at once as there are worker threads. (As many
/// as leave a process that may open 64 files enough to serve with.)
pub(super) const MAX_READERS: u32 = 12;
/// How long a request waits for a reader before it is told to come back.
const WAIT: Duration = Duration::from_secs(2);

/// The pool of readers. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers {
    pool: Pool<SqliteConnectionManager>,
    condition: Arc<Condition>,
}

impl Readers {
    pub(super) fn new(path: &Path, condition: Arc<Condition>) -> Result<Self, OpenError> {
        let manager = SqliteConnectionManager::file(path)
            .with_flags(db::flags(OpenFlags::SQLITE_OPEN_READ_ONLY))
            .with_init(|connection| {
                db::prepare_reader(connection)?;
                // SQLite opens the log with the first statement that reads.
                connection.query_one("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
            });
        let failed = |error: r2d2::Error| OpenError::Failed {
            path: path.to_owned(),
            cause: StoreError::Broken(error.to_string()),
        };
        let pool = Pool::builder()
            .max_size(MAX_READERS)
            .min_idle(Some(1))
            .connection_timeout(WAIT)
            // One is always open, and with it the log: SQLite removes that when nobody has the database open, and it would not be
            // the one that the writer knows.
            .max_lifetime(None)
            // A local file does not hang up: asking before each use would double the cost of a look-up.
            .test_on_check_out(false)
            .thread_pool(Arc::new(
                scheduled_thread_pool::ScheduledThreadPool::builder()
                    .num_threads(1)
                    .thread_name_pattern("hub-readers-{}")
                    .build(),
            ))
            .build(manager)
            .map_err(failed)?;
        Ok(Self { pool, condition })
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&Db<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.condition.check()?;
        let connection = self
            .pool
            .get()
            .map_err(|error| StoreError::Busy(format!("no reader is free: {error}")))?;
        read(&Db::new(&connection, &self.condition))
    }
}
