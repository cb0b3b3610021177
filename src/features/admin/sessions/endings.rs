//! `GET /admin/sessions/endings`: which of the sessions that a page shows ended since it was made, for its script (`static/live.js`).
//!
//! The page names the place in the feed where it was made, and its sessions. How one looks when it has ended it holds itself, in a template: so what its
//! script shows is what a reload would show.

use std::collections::BTreeSet;

use rocket::response::status::NoContent;
use rocket::{Either, Shutdown, State, get};

use crate::features::admin::sessions::asked::{ROWS, Ticked};
use crate::features::browser::onlooker::Onlooker;
use crate::features::revocations::audience::Audience;
use crate::features::revocations::feed::LastEventId;
use crate::features::revocations::hearing::{Hearing, Seat};
use crate::features::revocations::stream::{Begin, Told};
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::types::ids::SessionId;

/// Sessions that a page can ask about: the rows of the longest.
const MAX_SHOWN: usize = ROWS[ROWS.len() - 1] as usize;

/// Tells it, for as long as the page's administrator may look at it. Where no place is free, 204 tells the browser not to come back by itself: the page
/// stays as it is.
///
/// # Errors
/// 400 for a page that names no place or no session.
#[get("/admin/sessions/endings?<after>")]
pub fn endings(
    hub: &State<Hub>,
    hearing: &State<Hearing>,
    onlooker: Onlooker,
    shown: Ticked,
    after: Option<&str>,
    last: LastEventId<'_>,
    shutdown: Shutdown,
) -> Result<Either<Told, NoContent>, Refusal> {
    let shown: BTreeSet<SessionId> = shown
        .0
        .iter()
        .take(MAX_SHOWN)
        .filter_map(|id| id.parse().ok())
        .collect();
    let place = last.or(after).filter(|place| !place.is_empty());
    if place.is_none() || shown.is_empty() {
        return Err(ApiError::of_status(400).into());
    }
    let Some(listener) = hearing.listen(Seat::Page(onlooker.session)) else {
        return Ok(Either::Right(NoContent));
    };
    let begin = hub.store.read(|db| Begin::behind(db, place))?;
    Ok(Either::Left(Told {
        listener,
        audience: Audience::Page(shown),
        begin,
        may: Box::new(onlooker.judge(hub)),
        shutdown,
    }))
}
