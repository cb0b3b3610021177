//! One's own account: making it, looking at it, changing it.

pub mod answers;
pub mod error;
pub mod me;
mod pages;
pub mod password;
pub mod register;

use rocket::fairing::AdHoc;
use rocket::routes;
use utoipa::OpenApi;

/// Its routes in the document of the API.
#[derive(OpenApi)]
#[openapi(paths(register::register, me::show, me::update, password::change))]
pub struct Api;

/// Plugs the feature in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("account", |rocket| async {
        rocket
            .mount(
                "/",
                routes![register::register, me::show, me::update, password::change],
            )
            .mount("/", pages::routes())
    })
}
