//! `GET /`: what runs here, for whoever opens the address in a browser.

use rocket::{State, get};
use rocket_dyn_templates::context;

use crate::http::pages::Page;
use crate::http::view::View;
use crate::hub::Hub;

/// The front page.
#[get("/")]
#[must_use]
pub fn landing(hub: &State<Hub>, view: View) -> Page {
    view.without_forms().page(
        "landing.html",
        context! {
            public_url: hub.config.public_url.as_str(),
        },
    )
}
