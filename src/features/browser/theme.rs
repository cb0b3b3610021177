//! `POST /theme`: light, dark, or as the system says.

use rocket::post;

use crate::http::cookies::Cookie;
use crate::http::form::Form;
use crate::http::refusal::Away;
use crate::http::view::THEMES;
use crate::types::local_path::LocalPath;

/// Seconds that a browser remembers the theme: the longest that browsers keep any cookie.
const THEME_SECONDS: u64 = 400 * 24 * 3_600;

/// Remembers the theme at the browser and goes back to the page.
#[post("/theme", data = "<form>")]
#[must_use]
pub fn choose(form: Form) -> Away {
    let next = form.text("next").parse().unwrap_or(LocalPath::known("/"));
    let chosen = THEMES
        .into_iter()
        .find(|theme| *theme == form.text("theme"));
    Away::to(next).giving(
        Cookie::Theme,
        chosen.unwrap_or(THEMES[0]),
        Some(THEME_SECONDS),
    )
}
