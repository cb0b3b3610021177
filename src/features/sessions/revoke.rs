//! `DELETE /api/auth/sessions/{id}`: the caller ends one of their own sessions.

use rocket::{State, delete};

use crate::features::sessions::access::authenticate;
use crate::features::sessions::end::{EndSession, Ended};
use crate::features::sessions::error::AccessError;
use crate::features::sessions::example;
use crate::features::sessions::model::EndReason;
use crate::http::answer::{Answer, Message};
use crate::http::authorization::Authorization;
use crate::http::client::Client;
use crate::http::openapi::refusals;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::types::ids::SessionId;
use std::collections::BTreeMap;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

fn not_found() -> ApiError {
    ApiError::new(404, "Session not found", "session_not_found")
}

/// The refusals of this action: whoever asks is not let in, or the session is not theirs.
struct NotOnesOwn;

impl IntoResponses for NotOnesOwn {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let access = AccessError::every().map(ApiError::from);
        refusals(access.chain([not_found()]))
    }
}

/// Ends a session of the caller. Somebody else's is not found; one that was ended before is answered alike, so that a lost answer can be asked for again.
///
/// # Errors
/// See [`AccessError`]; 404 `Session not found`.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions/{id}",
    operation_id = "revokeSession",
    tag = "Sessions",
    summary = "End one of one's own sessions",
    description = "Its tokens are refused from now on. One that had ended before is answered alike, so that a lost answer can be asked for again.",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The session's id, as the list has it.", pattern = "^[0-9a-f]{16}$", example = json!(example::SESSION))),
    responses(
        (status = 200, description = "It has ended.", body = Message, example = json!(Message::new("Session revoked"))),
        NotOnesOwn,
    ),
)]
#[delete("/api/auth/sessions/<id>")]
pub async fn revoke(
    hub: &State<Hub>,
    client: Client,
    authorization: Authorization,
    id: &str,
) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization)?;
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
