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
use crate::store::audit::{self, Action, Entry};
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
                query: typed.query(Place::Newest),
                filtered: typed.set().next().is_some(),
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
    let (entries, newer, older) = page(db, &search, &extent)?;
    let Some((first, last)) = entries.first().zip(entries.last()) else {
        return Ok(Ok(Listed {
            rows: Vec::new(),
            total: count(extent.total),
            summary: format!("None of {} here", count(extent.total)),
            first: link(typed, Place::Newest),
            previous: String::new(),
            next: String::new(),
        }));
    };
    let before = audit::newer(db, &search.filter, &extent, first.id)?;
    let through = before + i64::try_from(entries.len()).unwrap_or(0);
    let only_if = |condition, place| {
        if condition {
            link(typed, place)
        } else {
            String::new()
        }
    };
    Ok(Ok(Listed {
        total: count(extent.total),
        summary: format!(
            "{}–{} of {}",
            count(before + 1),
            count(through),
            count(extent.total)
        ),
        first: only_if(newer, Place::Newest),
        previous: only_if(newer, Place::After(first.id)),
        next: only_if(older, Place::Before(last.id)),
        rows: row::rows(db, &entries, now)?,
    }))
}

/// The rows of a page; whether there are newer ones, and older ones.
fn page(
    db: &Db<'_>,
    search: &Search,
    extent: &audit::Extent,
) -> Result<(Vec<Entry>, bool, bool), StoreError> {
    let filter = &search.filter;
    let rows = usize::try_from(search.rows).unwrap_or(usize::MAX);
    // One more than is shown, to know whether there is one.
    let asked = search.rows + 1;
    Ok(match search.place {
        Place::After(id) => {
            let mut entries = audit::after(db, filter, extent, id, asked)?;
            let newer = entries.len() > rows;
            if newer {
                entries.remove(0);
            }
            let oldest = entries.last().map_or(id, |last| last.id);
            let older = !audit::before(db, filter, extent, oldest, 1)?.is_empty();
            (entries, newer, older)
        }
        Place::Newest | Place::Before(_) => {
            let id = match search.place {
                Place::Before(id) => id,
                _ => i64::MAX,
            };
            let mut entries = audit::before(db, filter, extent, id, asked)?;
            let older = entries.len() > rows;
            entries.truncate(rows);
            let newest = entries.first().map_or(id, |first| first.id);
            let newer = !audit::after(db, filter, extent, newest, 1)?.is_empty();
            (entries, newer, older)
        }
    })
}

fn link(typed: &Typed, place: Place) -> String {
    format!("/admin/audit{}", typed.query(place))
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
