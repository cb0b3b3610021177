//! `GET /healthz`: the process lives. It asks nothing and costs nothing.

use rocket::get;
use serde::Serialize;

use crate::http::answer::Answer;

#[derive(Serialize)]
struct Alive {
    status: &'static str,
}

/// Says that the process answers.
#[get("/healthz")]
#[must_use]
pub fn healthz() -> Answer {
    Answer::ok(&Alive { status: "ok" })
}
