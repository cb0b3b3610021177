//! `DELETE /api/auth/sessions/{id}`: the caller ends one of their own sessions.

use rocket::{State, delete};

use crate::features::sessions::access::authenticate;
use crate::features::sessions::end::{EndSession, Ended};
use crate::features::sessions::error::AccessError;
use crate::features::sessions::model::EndReason;
use crate::http::answer::{Answer, Message};
use crate::http::authorization::Authorization;
use crate::http::client::Client;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::types::ids::SessionId;

/// Ends a session of the caller. Somebody else's is not found; one that was ended before is answered alike, so that a lost answer can be asked for again.
///
/// # Errors
/// See [`AccessError`]; 404 `Session not found`.
#[delete("/api/auth/sessions/<id>")]
pub async fn revoke(
    hub: &State<Hub>,
    client: Client,
    authorization: Authorization,
    id: &str,
) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization)?;
    let not_found = || ApiError::new(404, "Session not found", "session_not_found");
    let change = EndSession {
        session: id.parse::<SessionId>().map_err(|_| not_found())?,
        owner: Some(caller.user.id),
        reason: EndReason::Revoked,
        cause: client.cause(hub).by_user(caller.user.id),
    };
    match hub.store.write(change).await.map_err(AccessError::from)? {
        Ended::Now | Ended::Before => Ok(Answer::ok(&Message::new("Session revoked"))),
        Ended::Unknown => Err(not_found()),
    }
}
