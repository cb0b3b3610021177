//! `GET /admin/audit`: who did what, newest first, with every filter in the address.

use rocket::State;
use rocket::get;
use rocket::tokio::task::spawn_blocking;
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::features::admin::audit::row::{self, Row};
use crate::features::admin::audit::search::{Mistake, Place, SIZES, Search, Typed};
use crate::features::admin::audit::turns::Turns;
use crate::features::browser::who::Administrator;
use crate::http::figures::grouped;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::audit::{self, Action, Entry, Extent};
use crate::store::{Db, StoreError};
use crate::types::time::Timestamp;

/// A page of the list.
#[derive(Serialize)]
struct Listed {
    rows: Vec<Row>,
    /// How many rows pass the filters.
    total: String,
    /// Which of them stand here: `51–100 of 1,234`.
    summary: String,
    first: String,
    previous: String,
    next: String,
}

/// Shows the list.
///
/// # Errors
/// Filters that cannot be bring the form back, with what was typed.
#[get("/admin/audit?<typed..>")]
pub async fn list(
    hub: &State<Hub>,
    turns: &State<Turns>,
    administrator: Administrator,
    typed: Typed,
) -> Result<Page, Refusal> {
    let now = hub.clock.now().wall;
    let (store, asked) = (hub.store.clone(), typed.clone());
    let _turn = turns.take().await?;
    let found = spawn_blocking(move || store.read(|db| look(db, &asked, now)));
    let found = found.await.map_err(|_| ApiError::of_status(500))??;
    let page = |listed: Option<&Listed>, errors: &[Mistake]| {
        administrator.page(
            "admin/audit/list.html",
            context! {
                listed: listed,
                errors: errors,
                typed: typed.shown(),
                // What cannot be found cannot be exported either.
                query: listed.map(|_| typed.query(Place::Newest)),
                filtered: !typed.set().is_empty(),
                groups: groups(),
                sizes: SIZES,
            },
        )
    };
    match found {
        Ok(listed) => Ok(page(Some(&listed), &[])),
        Err(mistakes) => Err(page(None, &mistakes).with_status(422).into()),
    }
}

fn look(
    db: &Db<'_>,
    typed: &Typed,
    now: Timestamp,
) -> Result<Result<Listed, Vec<Mistake>>, StoreError> {
    let search = match typed.read(db)? {
        Ok(search) => search,
        Err(mistakes) => return Ok(Err(mistakes)),
    };
    let extent = audit::extent(db, &search.filter)?;
    let entries = page(db, &search, &extent)?;
    let before = match (search.place, entries.first()) {
        (Place::Newest, _) | (_, None) => 0,
        (_, Some(first)) => audit::newer(db, &search.filter, &extent, first.id)?,
    };
    let through = before + i64::try_from(entries.len()).unwrap_or(0);
    let only_if = |condition, place: Option<Place>| match place {
        Some(place) if condition => format!("/admin/audit{}", typed.query(place)),
        _ => String::new(),
    };
    let first = entries.first().map(|first| Place::After(first.id));
    let last = entries.last().map(|last| Place::Before(last.id));
    Ok(Ok(Listed {
        rows: row::rows(db, &entries, now)?,
        total: count(extent.total),
        summary: format!(
            "{}–{} of {}",
            count(before + 1),
            count(through),
            count(extent.total)
        ),
        // Also from a page behind the last row.
        first: only_if(
            search.place != Place::Newest && extent.total > 0,
            Some(Place::Newest),
        ),
        previous: only_if(before > 0, first),
        next: only_if(through < extent.total, last),
    }))
}

/// The rows of a page.
fn page(db: &Db<'_>, search: &Search, extent: &Extent) -> Result<Vec<Entry>, StoreError> {
    let (filter, rows) = (&search.filter, search.rows);
    match search.place {
        _ if extent.total == 0 => Ok(Vec::new()),
        Place::After(id) => audit::after(db, filter, extent, id, rows),
        Place::Before(id) => audit::before(db, filter, extent, id, rows),
        Place::Newest => audit::before(db, filter, extent, i64::MAX, rows),
    }
}

fn count(number: i64) -> String {
    grouped(number.unsigned_abs())
}

/// Actions that belong together, as the list of filters offers them.
#[derive(Serialize)]
struct Group {
    name: &'static str,
    actions: Vec<&'static str>,
}

fn groups() -> Vec<Group> {
    let chunks = Action::ALL.chunk_by(|one, next| one.group() == next.group());
    chunks
        .map(|actions| Group {
            name: actions[0].group(),
            actions: actions.iter().map(|action| action.as_str()).collect(),
        })
        .collect()
}
