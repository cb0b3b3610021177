//! What the Hub tells Prometheus.
//!
//! `told` holds the families, a file a concern: what they are called, what they mean, and where each number comes from. Most were counted where something
//! happened ([`crate::hub::counts`]); sizes, sessions and users are looked up when somebody asks, by readers of the database and never by its writer.
//! Labels have values from fixed lists and the routes' patterns: never a name, a session or an address.

pub mod family;
pub mod scrape;
pub mod store;
mod told;
pub mod watched;

use std::sync::Arc;

use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::request::Request;
use rocket::{catch, catchers, routes};

use crate::features::metrics::watched::Watched;
use crate::http::problem::ApiError;
use crate::hub::Hub;

/// Plugs the feature in, where a token guards it. Without one the path is unknown here, as any other.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("metrics", |rocket| async {
        let watched = rocket.state::<Hub>().map(Watched::of);
        match watched.filter(Watched::is_guarded) {
            Some(watched) => rocket
                .manage(Arc::new(watched))
                .mount("/", routes![scrape::scrape]),
            None => rocket,
        }
    })
}

/// The same on a port of its own, where nothing else is.
#[must_use]
pub fn alone(watched: Watched) -> AdHoc {
    AdHoc::on_ignite("metrics, alone", |rocket| async {
        rocket
            .manage(Arc::new(watched))
            .mount("/", routes![scrape::scrape])
            .register("/", catchers![nothing_else])
    })
}

/// There are no pages there, so whatever fails has the form that programs read.
#[catch(default)]
fn nothing_else(status: Status, _: &Request<'_>) -> ApiError {
    ApiError::of_status(status.code)
}
