//! Whether the Hub lives, takes writes, and which version it is; and the page at its front.

pub mod healthz;
pub mod landing;
pub mod readyz;
pub mod status;

use rocket::fairing::AdHoc;
use rocket::routes;
use utoipa::OpenApi;

/// Its routes in the document of the API.
#[derive(OpenApi)]
#[openapi(paths(status::status, healthz::healthz, readyz::readyz))]
pub struct Api;

/// Plugs the feature in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("health", |rocket| async {
        rocket.mount(
            "/",
            routes![
                healthz::healthz,
                landing::landing,
                readyz::readyz,
                status::status,
            ],
        )
    })
}
