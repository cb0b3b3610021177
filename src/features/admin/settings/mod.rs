//! What is configured and which keys there are: only to be seen, but for the key, which can be rotated.

pub mod rotate_key;
pub mod show;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs it in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("settings", |rocket| async {
        rocket.mount(
            "/",
            routes![show::show, rotate_key::ask, rotate_key::rotate],
        )
    })
}
