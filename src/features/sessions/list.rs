//! `GET /api/auth/sessions`: the caller's own live sessions, newest first.

use rocket::{State, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::features::sessions::access::authenticate;
use crate::features::sessions::end;
use crate::features::sessions::error::AccessError;
use crate::features::sessions::example;
use crate::features::sessions::model;
use crate::features::sessions::store::many::{self, Listed};
use crate::http::answer::Answer;
use crate::http::authorization::Authorization;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::types::ids::SessionId;

/// Sessions in one answer: more than anybody has devices; a script that signs in without end does not make the answer grow without end.
const MAX_LISTED: u32 = 500;

/// The caller's live sessions.
#[derive(Serialize, ToSchema)]
struct Sessions {
    /// The newest first.
    #[schema(max_items = 500)]
    sessions: Vec<SessionBody>,
}

/// A session: one sign-in.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionBody {
    /// What ends it: `DELETE /api/auth/sessions/{id}`.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    id: String,
    /// When the sign-in was: UTC, always six digits, without a zone.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}$")]
    created_at: String,
    /// When its tokens were last renewed, in the same form.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}$")]
    last_used_at: String,
    /// When it ends by itself if it is not used any more: Unix seconds.
    expires_at: i64,
    /// The address that used it last; `null` where none is known.
    #[schema(required)]
    ip: Option<String>,
    /// What the client that used it last calls itself.
    user_agent: String,
    /// The same in a few words, for people.
    device: String,
    /// How often its tokens were renewed.
    #[schema(minimum = 0)]
    rotations: i64,
    /// Whether it is the session of the token that asks.
    current: bool,
}

/// Lists the caller's live sessions.
///
/// # Errors
/// See [`AccessError`].
#[utoipa::path(
    get,
    path = "/api/auth/sessions",
    operation_id = "listSessions",
    tag = "Sessions",
    summary = "List one's own sessions",
    description = "The sessions that are still good, the newest first, at most 500.",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The sessions.", body = Sessions, example = json!(Sessions { sessions: vec![in_example()] })),
        AccessError,
    ),
)]
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

/// The session in the document of the API.
fn in_example() -> SessionBody {
    SessionBody {
        id: example::SESSION.to_owned(),
        created_at: example::TIME.to_string(),
        last_used_at: example::TIME.to_string(),
        expires_at: example::REFRESH_EXPIRES,
        ip: Some("203.0.113.7".to_owned()),
        user_agent: "curl/8.5.0".to_owned(),
        device: "curl".to_owned(),
        rotations: 0,
        current: true,
    }
}

fn body(hub: &Hub, session: &Listed, current: SessionId) -> SessionBody {
    let ttl = hub.config.refresh_ttl;
    let expires = model::refresh_expires(session.last_used_at, ttl, session.ends_at);
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
