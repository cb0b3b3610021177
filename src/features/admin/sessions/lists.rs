//! Reading many sessions beside everything else that the Hub does: on threads that may wait, and only a few at once.

use std::time::Duration;

use rocket::tokio::sync::Semaphore;
use rocket::tokio::task::spawn_blocking;
use rocket::tokio::time::timeout;

use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::{Db, StoreError};

/// Lists read at once. A search may keep a core busy for a quarter of a second; the others are for those who refresh and sign in.
const MAX_LISTS: usize = 2;
/// How long somebody waits for their turn before they are told to come back.
const WAIT: Duration = Duration::from_secs(5);

/// The turns.
pub struct Lists(Semaphore);

impl Lists {
    /// All free.
    #[must_use]
    pub fn new() -> Self {
        Self(Semaphore::new(MAX_LISTS))
    }

    /// Reads in turn.
    ///
    /// # Errors
    /// What `read` fails with, and 503 when too many are before.
    pub async fn read<T: Send + 'static>(
        &self,
        hub: &Hub,
        read: impl FnOnce(&Db<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = timeout(WAIT, self.0.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(StoreError::Busy("too many lists are read at once".to_owned()).into());
        };
        let store = hub.store.clone();
        let done = spawn_blocking(move || store.read(read)).await;
        Ok(done.map_err(|_| ApiError::of_status(500))??)
    }
}

impl Default for Lists {
    fn default() -> Self {
        Self::new()
    }
}
