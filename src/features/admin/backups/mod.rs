//! Copies of the database: made when it is time or when somebody asks, listed, taken out; and what becomes of one that is put back.

pub mod download;
pub mod make_backup;
pub mod model;
pub mod restored;
pub mod scheduled;

use rocket::fairing::AdHoc;
use rocket::routes;

use crate::features::admin::backups::scheduled::LastFailure;

/// Plugs it in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("backups", |rocket| async {
        rocket
            .manage(LastFailure::default())
            .mount("/", routes![make_backup::make, download::download])
            .attach(scheduled::in_the_background())
    })
}
