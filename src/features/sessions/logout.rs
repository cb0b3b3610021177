//! `POST /api/auth/logout`: the whole session ends, its access tokens and its refresh token.

use rocket::{State, post};

use crate::features::sessions::access::authenticate;
use crate::features::sessions::answers::AtLogout;
use crate::features::sessions::end::EndSession;
use crate::features::sessions::error::AccessError;
use crate::features::sessions::model::EndReason;
use crate::http::answer::{Answer, Message};
use crate::http::authorization::Authorization;
use crate::http::client::Client;
use crate::http::problem::ApiError;
use crate::hub::Hub;

/// Ends the caller's session.
///
/// # Errors
/// See [`AccessError::at_logout`].
#[utoipa::path(
    post,
    path = "/api/auth/logout",
    operation_id = "logout",
    tag = "Signing in and out",
    summary = "Sign out",
    description = "Ends the session of the token: its access tokens and its refresh token are refused from now on.",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The session has ended.", body = Message, example = json!(Message::new("Logged out successfully"))),
        AtLogout,
    ),
)]
#[post("/api/auth/logout")]
pub async fn logout(
    hub: &State<Hub>,
    client: Client,
    authorization: Authorization,
) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization).map_err(AccessError::at_logout)?;
    let change = EndSession {
        session: caller.session,
        owner: Some(caller.user.id),
        reason: EndReason::SignedOut,
        cause: client.cause(hub).by_user(caller.user.id),
    };
    hub.store
        .write(change)
        .await
        .map_err(|error| AccessError::Store(error).at_logout())?;
    Ok(Answer::ok(&Message::new("Logged out successfully")))
}
