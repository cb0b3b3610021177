//! Service accounts: who may read the feed of revocations. Each act is a change, so that the command line and the pages do the same.

pub mod add;
pub mod error;
pub mod list;
pub mod revoke;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs the pages in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("service accounts", |rocket| async {
        rocket.mount(
            "/",
            routes![list::list, add::ask, add::add, revoke::ask, revoke::revoke],
        )
    })
}
