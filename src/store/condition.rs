//! Whether the database of a running Hub can still be trusted. What was found wrong stays wrong until the next start.
//!
//! Two things may be found. *Damage*: SQLite met a page that cannot be. From then on nothing is read or written, for a token must not be
//! called good on the word of such a file; the process lives on and says so, because a restart would find the same. *Lost ground*: the
//! files were removed or replaced under the Hub, or the disk failed to sync several times in a row. No promise can be kept then, and the server stops.

use std::sync::OnceLock;

use tokio::sync::Notify;

use crate::store::error::StoreError;

/// What is known against a database.
#[derive(Debug, Default)]
pub(super) struct Condition {
    /// The first that was found: why nothing is read or written any more.
    distrusted: OnceLock<String>,
    /// Why the server must stop.
    lost: OnceLock<String>,
    stop: Notify,
}

impl Condition {
    /// Whether there is nothing against it.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.distrusted.get() {
            None => Ok(()),
            Some(why) => Err(StoreError::Untrusted(why.clone())),
        }
    }

    /// Takes note of an error that tells of damage, and passes it on.
    pub(super) fn note(&self, error: impl Into<StoreError>) -> StoreError {
        let error = error.into();
        if let StoreError::Untrusted(why) = &error
            && self.distrusted.set(why.clone()).is_ok()
        {
            tracing::error!(
                problem = why,
                "the database is damaged: nothing is read or written any more; stop the server, keep a copy of hub.db, restore a backup"
            );
        }
        error
    }

    /// The database cannot be relied on, and the server has to stop.
    pub(super) fn lose(&self, why: String) -> StoreError {
        if self.lost.set(why.clone()).is_ok() {
            tracing::error!(problem = why, "the database is lost to this server");
        }
        // Damage may have been found before: then that stays the answer.
        let _known = self.distrusted.set(why.clone());
        self.stop.notify_waiters();
        StoreError::Untrusted(why)
    }

    /// Why the server has to stop, if it has to.
    pub(super) fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// Resolves when the server has to stop, and says why.
    pub(super) async fn when_lost(&self) -> String {
        loop {
            let stopped = self.stop.notified();
            if let Some(why) = self.lost() {
                return why.to_owned();
            }
            stopped.await;
        }
    }
}
