//! The first page of administrators: what goes on, and what needs them.

pub mod attention;
pub mod chart;
pub mod counting;
pub mod hours;
pub mod place;
pub mod show;
pub mod store;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs the page in, and the counting that it shows.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("dashboard", |rocket| async {
        rocket
            .attach(counting::each_minute())
            .attach(counting::at_the_end())
            .mount("/", routes![show::show])
    })
}
