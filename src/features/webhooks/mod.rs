//! Webhooks: receivers that administrators name are told by HTTP what happens, signed, in order for each user, and again until they have it.
//!
//! **What is told.** Triggers on the tables write a row for each event and each webhook that wants it, in the transaction of the event; so no way of ending a
//! session or deleting a user can forget to. The row has all that the body says. A Hub without webhooks writes nothing, a rotation never does.
//!
//! **How it is delivered.** One task looks for what is due ([`courier`]); each try is signed anew ([`message`], [`attempt`]) and sent over a connection of its
//! own to an address that was judged after the name was resolved ([`address`], [`resolve`], [`client`]). What became of it is written after the answer
//! ([`note`]): a crash in between delivers once more, under the same id.
//!
//! **In which order.** An event of a user waits behind the one before it (`behind`), for each webhook by itself; others go on. When that is delivered or
//! given up, the next one goes. What is of no user waits for nobody.
//!
//! **When it fails.** It is tried again after the waits of [`model`], for about three days; then it is a dead letter, which pages and commands show and send
//! anew. A receiver at which everything fails rests between tries.

pub mod address;
mod attempt;
mod body;
pub mod client;
pub mod courier;
pub mod described;
pub mod event;
pub mod message;
pub mod model;
pub mod note;
pub mod places;
pub mod problem;
pub mod resolve;
pub mod store;
mod tls;

use rocket::fairing::AdHoc;

use crate::hub::Hub;
use courier::Courier;

/// Starts delivering with the server, and stops with it.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("webhooks", |rocket| async {
        let Some(courier) = rocket.state::<Hub>().map(Courier::of) else {
            return rocket;
        };
        courier.begin();
        let stopped = courier.clone();
        rocket
            .manage(courier)
            .attach(AdHoc::on_shutdown("webhooks stop", |_| {
                Box::pin(async move { stopped.stop().await })
            }))
    })
}
