//! The routes in the log: what this very binary answers, as Rocket itself lists it (`HUB_LOG=hub::http::routes=debug`).

use rocket::fairing::{AdHoc, Fairing};

/// Writes a line for each route when the site is ready.
#[must_use]
pub fn into_log() -> impl Fairing {
    AdHoc::on_liftoff("routes into the log", |rocket| {
        Box::pin(async move {
            for route in rocket.routes() {
                tracing::debug!(method = %route.method, pattern = %route.uri.path(), "route");
            }
        })
    })
}
