//! The first administrator, by a link that only whoever runs the machine can see.

pub mod link;
pub mod page;
pub mod store;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs it in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("setup", |rocket| async {
        rocket.mount("/", routes![page::ask, page::make, page::done])
    })
}
