//! Who did what: the pages on the audit, its export, and the walk along its chain.

pub mod export;
pub mod file;
pub mod list;
pub mod row;
pub mod search;
pub mod told;
pub mod turns;
pub mod verify;

use std::sync::Arc;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs the pages in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("audit pages", |rocket| async {
        rocket
            .manage(turns::Turns::new())
            .manage(Arc::new(verify::Walks::default()))
            .mount(
                "/",
                routes![
                    list::list,
                    export::table,
                    export::array,
                    verify::show,
                    verify::verify,
                ],
            )
    })
}
