//! `GET /api/auth/sessions`: the caller's own live sessions, newest first.

use rocket::{State, get};
use serde::Serialize;

use crate::features::sessions::access::authenticate;
use crate::features::sessions::end;
use crate::features::sessions::error::AccessError;
use crate::features::sessions::store::many::{self, Listed};
use crate::http::answer::Answer;
use crate::http::authorization::Authorization;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::types::ids::SessionId;

/// Sessions in one answer: more than anybody has devices; a script that signs in without end does not make the answer grow without end.
const MAX_LISTED: u32 = 500;

#[derive(Serialize)]
struct Sessions {
    sessions: Vec<SessionBody>,
}

#[derive(Serialize)]
struct SessionBody {
    id: String,
    created_at: String,
    last_used_at: String,
    expires_at: i64,
    ip: Option<String>,
    user_agent: String,
    device: String,
    rotations: i64,
    current: bool,
}

/// Lists the caller's live sessions.
///
/// # Errors
/// See [`AccessError`].
#[get("/api/auth/sessions")]
pub async fn list(hub: &State<Hub>, authorization: Authorization) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization)?;
    let now = end::now(hub, hub.clock.now().wall);
    let listed = hub
        .store
        .read(|db| many::live_of_user(db, caller.user.id, now, MAX_LISTED))
        .map_err(AccessError::Store)?;
    let sessions = listed
        .iter()
        .map(|session| body(hub, session, caller.session))
        .collect();
    Ok(Answer::ok(&Sessions { sessions }))
}

fn body(hub: &Hub, session: &Listed, current: SessionId) -> SessionBody {
    let expires = session
        .last_used_at
        .plus(hub.config.refresh_ttl)
        .min(session.ends_at);
    SessionBody {
        id: session.id.to_string(),
        created_at: session.created_at.to_string(),
        last_used_at: session.last_used_at.to_string(),
        expires_at: expires.seconds(),
        ip: session.address.map(|address| address.to_string()),
        user_agent: session.user_agent.as_str().to_owned(),
        device: session.user_agent.device().into_owned(),
        rotations: session.rotations,
        current: session.id == current,
    }
}
