//! The store by itself: what the writer promises, what readers cannot do, which files are trusted.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod activity;
mod audit;
mod ground;
mod opening;
mod reading;
mod writing;

use hub::store::{Change, Mode, Store, StoreError, Tx};
use rusqlite::params;
use tempfile::TempDir;

/// A store in a directory of its own.
pub(crate) struct Stage {
    pub(crate) directory: TempDir,
    pub(crate) store: Store,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = Store::open(&directory.path().join("hub.db"), Mode::Server).expect("a store");
        Self { directory, store }
    }

    /// The user agents that were written, in order: the simplest table there is.
    pub(crate) fn written(&self) -> Vec<String> {
        self.store
            .read::<_, StoreError>(|db| {
                db.all(
                    "SELECT text FROM user_agents ORDER BY id",
                    params![],
                    |row| row.get(0),
                )
            })
            .expect("readable")
    }
}

/// Writes a text, then does what it is told.
pub(crate) struct Write {
    pub(crate) text: String,
    pub(crate) then: Then,
}

pub(crate) enum Then {
    Commit,
    Fail,
    Panic,
}

impl Write {
    pub(crate) fn new(text: impl Into<String>, then: Then) -> Self {
        Self {
            text: text.into(),
            then,
        }
    }
}

impl Change for Write {
    type Outcome = String;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<String, StoreError> {
        tx.execute(
            "INSERT INTO user_agents (text) VALUES ($1)",
            params![self.text],
        )?;
        match self.then {
            Then::Commit => Ok(self.text),
            Then::Fail => Err(StoreError::Broken("as told".to_owned())),
            Then::Panic => panic!("as told"),
        }
    }
}
