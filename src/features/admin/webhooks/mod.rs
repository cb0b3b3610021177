//! Webhooks: who is told what happens. Each act is a change, so that the command line and the pages do the same.

pub mod add;
pub mod delete;
pub mod error;
pub mod list;
pub mod new_secret;
mod number;
pub mod resend;
pub mod row;
pub mod send_test;
pub mod show;
pub mod switch;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs the pages in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("pages of webhooks", |rocket| async {
        rocket.mount(
            "/",
            routes![
                list::list,
                add::ask,
                add::add,
                show::show,
                switch::ask,
                switch::disable,
                switch::enable,
                send_test::send_test,
                new_secret::ask,
                new_secret::renew,
                resend::resend,
                delete::ask,
                delete::delete
            ],
        )
    })
}
