//! `GET` or `POST /api/auth/validate`: whether an access token is good right now, asked of the database each time.

use rocket::{State, get, post};
use serde::Serialize;

use crate::features::sessions::access::authenticate;
use crate::features::sessions::error::AccessError;
use crate::features::users::model::FullUser;
use crate::http::answer::Answer;
use crate::http::authorization::Authorization;
use crate::http::problem::ApiError;
use crate::hub::Hub;

#[derive(Serialize)]
struct Validated<'user> {
    valid: bool,
    user: FullUser<'user>,
    token_type: &'static str,
    expires_at: i64,
}

/// Tells whose token it is, or why it is not good.
///
/// # Errors
/// See [`AccessError::at_validate`].
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
#[post("/api/auth/validate")]
pub async fn validate_by_post(
    hub: &State<Hub>,
    authorization: Authorization,
) -> Result<Answer, ApiError> {
    validate(hub, authorization).await
}
