//! `GET /healthz`: the process lives. It asks nothing and costs nothing.

use rocket::get;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Answer;
use crate::http::openapi::NothingOfItsOwn;

/// The answer.
#[derive(Serialize, ToSchema)]
struct Alive {
    /// Always `ok`.
    status: &'static str,
}

/// Says that the process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "The server",
    summary = "Ask whether the process lives",
    description = "Asks nothing and costs nothing: for whoever starts the process anew when it does not answer.",
    responses(
        (status = 200, description = "It lives.", body = Alive, example = json!(Alive { status: "ok" })),
        NothingOfItsOwn,
    ),
)]
#[get("/healthz")]
#[must_use]
pub fn healthz() -> Answer {
    Answer::ok(&Alive { status: "ok" })
}
