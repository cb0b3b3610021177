//! `GET /api/status`: which version answers.

use rocket::get;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Answer;
use crate::http::openapi::NothingOfItsOwn;

/// The answer.
#[derive(Serialize, ToSchema)]
struct Status {
    /// Always `ok`.
    status: &'static str,
    /// The version of the Hub.
    version: &'static str,
}

/// Tells the version.
#[utoipa::path(
    get,
    path = "/api/status",
    operation_id = "status",
    tag = "The server",
    summary = "Ask for the version",
    description = "Which version of the Hub answers.",
    responses(
        (status = 200, description = "The version.", body = Status, example = json!(Status { status: "ok", version: env!("CARGO_PKG_VERSION") })),
        NothingOfItsOwn,
    ),
)]
#[get("/api/status")]
#[must_use]
pub fn status() -> Answer {
    Answer::ok(&Status {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}
