//! Everybody's sessions.

mod asked;
mod chosen;
mod endings;
mod export;
mod list;
mod lists;
mod progress;
mod revoke;
pub mod row;
mod runs;
pub mod show;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs the pages in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("admin sessions", |rocket| async {
        rocket
            .manage(lists::Lists::new())
            .manage(runs::Runs::default())
            .mount(
                "/",
                routes![
                    list::list,
                    endings::endings,
                    revoke::ask,
                    revoke::revoke,
                    progress::progress,
                    export::as_csv,
                    export::as_json,
                    show::show,
                    show::revoke::ask,
                    show::revoke::revoke,
                ],
            )
    })
}
