//! Signing in at the Hub's own pages, and who asks for a page.
//!
//! A sign-in at a browser is a session like any other, so that whatever ends sessions ends it too; in place of tokens its browser holds cookies.

pub mod begin;
pub mod current;
pub mod half;
pub mod judge;
pub mod model;
pub mod onlooker;
pub mod proof;
pub mod renew;
pub mod sign_in;
pub mod sign_out;
pub mod store;
pub mod theme;
pub mod touch;
pub mod who;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs the feature in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("browser", |rocket| async {
        rocket.mount(
            "/",
            routes![
                sign_in::ask,
                sign_in::sign_in,
                half::ask,
                half::give,
                sign_out::sign_out,
                proof::ask,
                proof::prove,
                theme::choose,
            ],
        )
    })
}
