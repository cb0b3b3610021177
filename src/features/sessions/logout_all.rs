//! `POST /api/auth/logout-all`: every session of the caller ends, this one too.

use rocket::{State, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::features::sessions::access::authenticate;
use crate::features::sessions::end::{self, EndSessions};
use crate::features::sessions::error::AccessError;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::Filter;
use crate::http::answer::Answer;
use crate::http::authorization::Authorization;
use crate::http::client::Client;
use crate::http::problem::ApiError;
use crate::hub::Hub;

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
struct LoggedOut {
    /// What was done, in words.
    message: &'static str,
    /// How many sessions were still good until now, this one included.
    revoked: u64,
}

/// Ends every session of the caller; `revoked` counts those that were still good.
///
/// # Errors
/// See [`AccessError`].
#[utoipa::path(
    post,
    path = "/api/auth/logout-all",
    operation_id = "logoutAll",
    tag = "Sessions",
    summary = "Sign out everywhere",
    description = "Ends every session of the caller, the one of the token too.",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All sessions have ended.", body = LoggedOut, example = json!(LoggedOut { message: "Logged out everywhere", revoked: 2 })),
        AccessError,
    ),
)]
#[post("/api/auth/logout-all")]
pub async fn logout_all(
    hub: &State<Hub>,
    client: Client,
    authorization: Authorization,
) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization)?;
    let cause = client.cause(hub).by_user(caller.user.id);
    let change = EndSessions {
        filter: Filter {
            user: Some(caller.user.id),
            ..Filter::default()
        },
        reason: EndReason::SignedOutEverywhere,
        now: end::now(hub, cause.at.wall),
        cause,
    };
    let count = hub.store.write(change).await.map_err(AccessError::from)?;
    Ok(Answer::ok(&LoggedOut {
        message: "Logged out everywhere",
        revoked: count.in_time,
    }))
}
