//! `GET` or `POST /api/auth/validate`: whether an access token is good right now, asked of the database each time.

use rocket::{State, get, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::features::sessions::access::authenticate;
use crate::features::sessions::answers::AtValidate;
use crate::features::sessions::error::AccessError;
use crate::features::sessions::example;
use crate::features::users::model::FullUser;
use crate::http::answer::Answer;
use crate::http::authorization::Authorization;
use crate::http::problem::ApiError;
use crate::hub::Hub;

/// A token that is good right now.
#[derive(Serialize, ToSchema)]
#[schema(as = Validated)]
struct Validated<'user> {
    /// Always `true`.
    valid: bool,
    /// Whose it is.
    user: FullUser<'user>,
    /// Always `access`.
    token_type: &'static str,
    /// Until when it is good if its session is not ended before: Unix seconds.
    expires_at: i64,
}

/// Tells whose token it is, or why it is not good.
///
/// # Errors
/// See [`AccessError::at_validate`].
#[utoipa::path(
    get,
    path = "/api/auth/validate",
    operation_id = "validate",
    tag = "Signing in and out",
    summary = "Ask whether a token is good",
    description = "Asks the database each time, so that a token of an ended session is refused at once. For services that are given tokens by others.",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It is good.", body = Validated<'_>, example = json!(Validated { valid: true, user: example::user().full(), token_type: "access", expires_at: example::ACCESS_EXPIRES })),
        AtValidate,
    ),
)]
#[get("/api/auth/validate")]
pub async fn validate(hub: &State<Hub>, authorization: Authorization) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization).map_err(AccessError::at_validate)?;
    Ok(Answer::ok(&Validated {
        valid: true,
        user: caller.user.full(),
        token_type: "access",
        expires_at: caller.expires,
    }))
}

/// The same by `POST`, for clients that have always asked so. A body is ignored.
///
/// # Errors
/// See [`AccessError::at_validate`].
#[utoipa::path(
    post,
    path = "/api/auth/validate",
    operation_id = "validateByPost",
    tag = "Signing in and out",
    summary = "The same by POST",
    description = "For clients that have always asked so. A body is ignored.",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It is good.", body = Validated<'_>, example = json!(Validated { valid: true, user: example::user().full(), token_type: "access", expires_at: example::ACCESS_EXPIRES })),
        AtValidate,
    ),
)]
#[post("/api/auth/validate")]
pub async fn validate_by_post(
    hub: &State<Hub>,
    authorization: Authorization,
) -> Result<Answer, ApiError> {
    validate(hub, authorization).await
}
