//! `GET /api/status`: which version answers.

use rocket::get;
use serde::Serialize;

use crate::http::answer::Answer;

#[derive(Serialize)]
struct Status {
    status: &'static str,
    version: &'static str,
}

/// Tells the version.
#[get("/api/status")]
#[must_use]
pub fn status() -> Answer {
    Answer::ok(&Status {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}
