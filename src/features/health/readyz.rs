//! `GET /readyz`: the store takes writes, proven by one that went to disk.

use rocket::{State, get};
use rusqlite::params;
use serde::Serialize;

use crate::http::answer::Answer;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::store::{Change, StoreError, Tx};
use crate::types::time::Timestamp;

#[derive(Serialize)]
struct Ready {
    status: &'static str,
}

/// Writes, and says whether that worked.
///
/// # Errors
/// 503 when the store takes no writes, whatever the reason.
#[get("/readyz")]
pub async fn readyz(hub: &State<Hub>) -> Result<Answer, ApiError> {
    let probe = Probe {
        at: hub.clock.now().wall,
    };
    match hub.store.write(probe).await {
        Ok(()) => Ok(Answer::ok(&Ready { status: "ready" })),
        Err(StoreError::Broken(cause)) => {
            Err(ApiError::store(StoreError::Unwritable(cause), "", ""))
        }
        Err(error) => Err(ApiError::store(error, "", "")),
    }
}

/// A write that changes nothing anybody reads, so it has no audit row.
struct Probe {
    at: Timestamp,
}

impl Change for Probe {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        tx.execute_on_one(
            "UPDATE hub
             SET probed_at = $1
             WHERE id = 1",
            params![self.at.micros()],
        )
    }
}
