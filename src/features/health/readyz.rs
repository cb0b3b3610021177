//! `GET /readyz`: the store takes writes, proven by one that went to disk.

use rocket::{State, get};
use rusqlite::params;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Answer;
use crate::http::openapi::NothingOfItsOwn;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::store::{Change, StoreError, Tx};
use crate::types::time::Timestamp;

/// The answer.
#[derive(Serialize, ToSchema)]
struct Ready {
    /// Always `ready`.
    status: &'static str,
}

/// Writes, and says whether that worked.
///
/// # Errors
/// 503 when the store takes no writes, whatever the reason.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "The server",
    summary = "Ask whether the database takes writes",
    description = "Proven by a write that went to disk: for whoever sends people to this server or another.",
    responses(
        (status = 200, description = "It takes writes.", body = Ready, example = json!(Ready { status: "ready" })),
        NothingOfItsOwn,
    ),
)]
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
