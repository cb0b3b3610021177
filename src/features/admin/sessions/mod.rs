//! Everybody's sessions.

pub mod show;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs the pages in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("admin sessions", |rocket| async {
        rocket.mount(
            "/",
            routes![show::show, show::revoke::ask, show::revoke::revoke],
        )
    })
}
