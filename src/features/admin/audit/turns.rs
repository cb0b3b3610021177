//! Whose turn it is to look through the audit.

use rocket::tokio::sync::{Semaphore, SemaphorePermit};

use crate::store::StoreError;

/// Looks at once. Each may hold a reader for half a second over a million rows, and sign-ins need readers too.
const MAX_LOOKS: usize = 2;

/// The turns of a running server.
pub struct Turns(Semaphore);

impl Turns {
    /// All turns are free.
    #[must_use]
    pub fn new() -> Self {
        Self(Semaphore::new(MAX_LOOKS))
    }

    /// Waits for a turn; it ends when the permit is dropped.
    ///
    /// # Errors
    /// Never, as long as nobody closes the turns.
    pub async fn take(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        let permit = self.0.acquire().await;
        permit.map_err(|_| StoreError::Busy("the audit is closed".to_owned()))
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self::new()
    }
}
