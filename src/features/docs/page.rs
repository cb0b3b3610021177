//! `GET /docs`: the API for people: every call with samples, answers and errors, and a search.

use rocket::{State, get};
use rocket_dyn_templates::context;

use crate::features::docs::made::Made;
use crate::features::docs::paragraphs::paragraphs;
use crate::features::docs::search::Search;
use crate::http::pages::Page;
use crate::http::shown_text::shown;
use crate::http::view::View;
use crate::hub::Hub;

/// Shows the reference, or what of it the search finds.
#[get("/docs?<q>")]
#[must_use]
pub fn page(hub: &State<Hub>, made: &State<Made>, view: View, q: Option<&str>) -> Page {
    let search = Search::parse(q.unwrap_or_default());
    let reference = made.reference(hub.config.public_url.as_str());
    let found = search.of(reference);
    let (count, events) = (found.calls.len(), found.told.events.len());
    view.without_forms().page(
        "docs/reference.html",
        context! {
            about: paragraphs(&reference.about),
            found,
            count,
            events,
            searched: !search.is_empty(),
            q: shown(&search.typed),
        },
    )
}
