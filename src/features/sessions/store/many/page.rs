//! One page of a list of sessions, and how many there are in all.

use std::cmp::Ordering;

use crate::features::sessions::store::many::along::{self, Path};
use crate::features::sessions::store::many::choice::Choice;
use crate::features::sessions::store::many::order::{Keys, Place, Sort};
use crate::features::sessions::store::many::passing::Bound;
use crate::features::sessions::store::many::walk::{self, Found, Walk};
use crate::features::sessions::store::many::{Filter, Listed, Now, tally};
use crate::store::{Db, StoreError};

/// Up to so many rows that pass are sorted for a page; with more of them, a walk along the index of the order finds a page's rows soon. (A few megabytes.)
pub const SORTED_ROWS: u32 = 20_000;

/// Which page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What the list is sorted by.
    pub sort: Sort,
    /// The last first.
    pub descending: bool,
    /// Rows a page.
    pub rows: u32,
    /// Where it begins or ends.
    pub turn: Turn,
    /// Up to how many rows are sorted for it: [`SORTED_ROWS`], unless a test wants the walk.
    pub sorted_rows: u32,
}

/// Where a page lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// At the beginning.
    First,
    /// Behind this place.
    Behind(Place),
    /// Before this place.
    Before(Place),
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its rows, in order.
    pub rows: Vec<Listed>,
    /// How many rows all pages have.
    pub total: u64,
    /// The place of its first row, if there are rows before it.
    pub previous: Option<Place>,
    /// The place of its last row, if there are rows behind it.
    pub next: Option<Place>,
}

/// A page of the sessions that pass the filter.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn page(db: &Db<'_>, filter: &Filter, now: Now, wanted: &Wanted) -> Result<Page, StoreError> {
    let choice = Choice::of(db, filter)?;
    let bound = Bound::new(filter, now, choice.word);
    // Where counting is cheap it comes first, and tells which is less work: to sort all that pass, or to walk until a page is full.
    let counted = if choice.path == Path::Used || is_alone(filter, choice) {
        Some(count(db, filter, now, choice, &bound)?)
    } else {
        None
    };
    let all = tally::tally(db)?.all();
    let sorts = counted.is_none_or(|total| {
        let walked = all.saturating_mul(wanted.rows.into()) / total.max(1);
        total <= walked && total <= u64::from(wanted.sorted_rows)
    });
    if sorts && let Some(places) = places(db, wanted, choice, &bound)? {
        return sorted(db, places, wanted);
    }
    let total = match counted {
        Some(total) => total,
        None => count(db, filter, now, choice, &bound)?,
    };
    walked(db, filter, &bound, wanted, total)
}

/// Whether the filter is the one condition that was chosen, and how many pass it is known.
fn is_alone(filter: &Filter, choice: Choice) -> bool {
    let conditions = [
        filter.user.is_some() || filter.names.is_some(),
        filter.except.is_some(),
        filter.network.is_some(),
        filter.device.is_some(),
        filter.keys.is_some(),
        filter.status.is_some(),
        filter.used_since.is_some(),
        filter.used_before.is_some(),
    ];
    let conditions = conditions.into_iter().filter(|is_there| *is_there).count();
    choice.exact && conditions + filter.words.len() == 1
}

/// How many sessions pass the filter.
///
/// # Errors
/// What SQLite says.
pub fn total(db: &Db<'_>, filter: &Filter, now: Now) -> Result<u64, StoreError> {
    let choice = Choice::of(db, filter)?;
    let bound = Bound::new(filter, now, choice.word);
    count(db, filter, now, choice, &bound)
}

/// The last rows first, at most `rows` behind a place, and the place of the last of them if there are more: for those who read them all.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn following(
    db: &Db<'_>,
    filter: &Filter,
    now: Now,
    sort: Sort,
    place: Option<&Place>,
    rows: u32,
) -> Result<(Vec<Listed>, Option<Place>), StoreError> {
    let bound = Bound::new(filter, now, 0);
    let walk = Walk {
        sort,
        descending: true,
        filter,
        bound: &bound,
    };
    let found = walk.behind(db, place, rows)?;
    let last = found.last().map(|found| found.place.clone());
    let last = last.filter(|_| found.len() == rows as usize);
    let listed = found.into_iter().map(|found| found.listed).collect();
    Ok((listed, last))
}

fn count(
    db: &Db<'_>,
    filter: &Filter,
    now: Now,
    choice: Choice,
    bound: &Bound,
) -> Result<u64, StoreError> {
    let by_status = Filter {
        status: filter.status,
        ..Filter::default()
    };
    if *filter == by_status {
        return tally::with_status(db, filter.status, now);
    }
    if is_alone(filter, choice) {
        return Ok(choice.candidates);
    }
    db.one(along::count(choice.path), &bound.values(), |row| {
        tally::number(row, 0)
    })
}

/// Every place that passes; `None` if they are too many to sort.
fn places(
    db: &Db<'_>,
    wanted: &Wanted,
    choice: Choice,
    bound: &Bound,
) -> Result<Option<Vec<Place>>, StoreError> {
    let limit = wanted.sorted_rows.saturating_add(1);
    let places = db.all(along::places(choice.path), &bound.with(&[&limit]), |row| {
        let keys = Keys {
            id: row.get(0)?,
            user: row.get(1)?,
            name: row.get(2)?,
            created_at: row.get(3)?,
            used_at: row.get(4)?,
            address: row.get(5)?,
            agent: row.get(6)?,
            device: row.get(7)?,
        };
        Ok(Place::of(wanted.sort, keys))
    })?;
    Ok((places.len() < limit as usize).then_some(places))
}

/// The page out of all places that pass.
fn sorted(db: &Db<'_>, mut places: Vec<Place>, wanted: &Wanted) -> Result<Page, StoreError> {
    let order = |one: &Place, other: &Place| {
        if wanted.descending {
            other.cmp(one)
        } else {
            one.cmp(other)
        }
    };
    places.sort_unstable_by(order);
    let rows = wanted.rows as usize;
    let (from, until) = match &wanted.turn {
        Turn::First => (0, rows),
        Turn::Behind(place) => {
            let from = places.partition_point(|other| order(other, place) != Ordering::Greater);
            (from, from.saturating_add(rows))
        }
        Turn::Before(place) => {
            let until = places.partition_point(|other| order(other, place) == Ordering::Less);
            (until.saturating_sub(rows), until)
        }
    };
    let until = until.min(places.len());
    let mut listed = Vec::with_capacity(until - from);
    for place in &places[from..until] {
        // Gone since it was counted: the page is a row shorter.
        if let Some(found) = walk::by_id(db, wanted.sort, place.id)? {
            listed.push(found.listed);
        }
    }
    let total = places.len();
    Ok(Page {
        rows: listed,
        total: total as u64,
        previous: (from > 0).then(|| places.get(from).cloned()).flatten(),
        next: until
            .checked_sub(1)
            .filter(|_| until < total)
            .and_then(|last| places.get(last).cloned()),
    })
}

/// The page by a walk along its order.
fn walked(
    db: &Db<'_>,
    filter: &Filter,
    bound: &Bound,
    wanted: &Wanted,
    total: u64,
) -> Result<Page, StoreError> {
    let walk = |backwards: bool| Walk {
        sort: wanted.sort,
        descending: wanted.descending != backwards,
        filter,
        bound,
    };
    let (backwards, place) = match &wanted.turn {
        Turn::First => (false, None),
        Turn::Behind(place) => (false, Some(place)),
        Turn::Before(place) => (true, Some(place)),
    };
    // One more than wanted tells whether there are more.
    let mut found = walk(backwards).behind(db, place, wanted.rows.saturating_add(1))?;
    let more = found.len() > wanted.rows as usize;
    found.truncate(wanted.rows as usize);
    // On the other side, one row is enough to know.
    let other = match (found.first(), place) {
        (Some(first), Some(_)) => !walk(!backwards)
            .behind(db, Some(&first.place), 1)?
            .is_empty(),
        _ => false,
    };
    if backwards {
        found.reverse();
    }
    let (before, behind) = if backwards {
        (more, other)
    } else {
        (other, more)
    };
    let place_of = |found: Option<&Found>| found.map(|found| found.place.clone());
    Ok(Page {
        previous: place_of(found.first()).filter(|_| before),
        next: place_of(found.last()).filter(|_| behind),
        rows: found.into_iter().map(|found| found.listed).collect(),
        total,
    })
}
