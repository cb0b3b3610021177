//! The feed of revocations: what ended and what changed, told in order and within a second to whoever remembers answers of `/api/auth/validate`.
//!
//! **What is told.** Triggers on the tables write a row for every session that ends and every user whose shown facts change, in the transaction of the
//! cause; so no way of ending one can forget to, be it a request, a command beside the server, or a way that does not exist yet. A session that merely
//! expires has no row: tokens carry their end. A rotation touches none of it.
//!
//! **How it is noticed.** One task asks the database for the number of the last row, five times a second and only while somebody listens
//! ([`hearing`]); so what another process wrote is seen like everything else. It wakes the streams, and each reads on from its own place.
//!
//! **Where a stream begins.** An event's id is its row's number and mark, which is random: whoever shows both has read this very history that far. Anything
//! else (removed meanwhile, another database, a backup put back) begins with `reset`: forget what you remember. After what was missed comes
//! `ready`: from then on, and for as long as the stream is open, what is remembered is true.
//!
//! **Who is told.** Services, everything; a page of the administrators, only which of the sessions that it shows ended ([`audience`]).
//!
//! **How long a stream lasts.** An hour at most, and never longer than its reader may read: that is judged anew before each piece.

pub mod account;
pub mod audience;
pub mod error;
pub mod feed;
pub mod hearing;
pub mod model;
pub mod store;
pub mod stream;
pub mod touch;

use rocket::fairing::AdHoc;
use rocket::routes;
use utoipa::OpenApi;

use crate::hub::Hub;

/// Its route in the document of the API.
#[derive(OpenApi)]
#[openapi(paths(feed::feed))]
pub struct Api;

/// Plugs the feature in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("revocations", |rocket| async {
        let hearing = rocket.state::<Hub>().map(hearing::Hearing::of);
        let rocket = match hearing {
            Some(hearing) => rocket.manage(hearing),
            None => rocket,
        };
        rocket.mount("/", routes![feed::feed])
    })
}
