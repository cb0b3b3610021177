//! `GET /admin/sessions`: everybody's sessions, searched, filtered, sorted, page by page.

use rocket::{State, get};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::features::admin::sessions::asked::{Asked, LAST_USED, Mistake, ROWS};
use crate::features::admin::sessions::lists::Lists;
use crate::features::admin::sessions::row::{Ending, Row};
use crate::features::browser::who::Administrator;
use crate::features::revocations::model::Place;
use crate::features::revocations::store as revocations;
use crate::features::sessions::end;
use crate::features::sessions::store::many::order::Sort;
use crate::features::sessions::store::many::page::{self, Page as Found};
use crate::features::sessions::store::many::{Now, Status};
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::http::shown_text;
use crate::hub::Hub;

/// A choice of a field.
#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
}

/// A column that sorts.
#[derive(Serialize)]
struct Column {
    label: &'static str,
    href: String,
    direction: &'static str,
}

/// Shows a page of the list; mistakes in the search stand at its field, and nothing is listed then.
///
/// # Errors
/// When the database cannot be read.
#[get("/admin/sessions")]
pub async fn list(
    hub: &State<Hub>,
    lists: &State<Lists>,
    administrator: Administrator,
    asked: Asked,
) -> Result<Page, Refusal> {
    let now = end::now(hub, hub.clock.now().wall);
    let filter = match asked.filter(now) {
        Ok(filter) => filter,
        Err(mistakes) => {
            let page = shown(hub, &administrator, &asked, None, &mistakes, now);
            return Err(page.with_status(422).into());
        }
    };
    let wanted = asked.wanted();
    let found = lists
        .read(hub, move |db| {
            // The place first: what ends before the rows are read stands in them, and is told once more.
            let place = revocations::last(db)?;
            Ok((place, page::page(db, &filter, now, &wanted)?))
        })
        .await?;
    Ok(shown(hub, &administrator, &asked, Some(&found), &[], now))
}

fn shown(
    hub: &Hub,
    administrator: &Administrator,
    asked: &Asked,
    found: Option<&(Place, Found)>,
    mistakes: &[Mistake],
    now: Now,
) -> Page {
    let place = found.map(|(place, _)| place.to_string());
    let found = found.map(|(_, found)| found);
    let rows: Vec<Row> = found.map_or_else(Vec::new, |found| {
        let rows = found.rows.iter();
        rows.map(|session| Row::new(hub, session, now, administrator.session))
            .collect()
    });
    let turned = |name, place: Option<_>| place.map(|place| asked.turned(name, place));
    administrator.page(
        "admin/sessions/list.html",
        context! {
            errors: mistakes,
            typed: shown_text::shown(&asked.typed),
            status: &asked.status,
            used: &asked.used,
            sort: asked.sort().as_str(),
            order: direction(asked.is_descending()),
            rows_a_page: asked.rows().to_string(),
            statuses: statuses(),
            last_uses: last_uses(),
            sizes: sizes(),
            columns: columns(asked),
            summary: found.map(|found| summary(found.total, rows.len())),
            any: found.is_some_and(|found| found.total > 0),
            everything: asked.is_everything(),
            previous: turned("before", found.and_then(|found| found.previous.as_ref())),
            next: turned("after", found.and_then(|found| found.next.as_ref())),
            first: found.and_then(|found| found.previous.as_ref()).map(|_| asked.at("/admin/sessions")),
            csv: asked.at("/admin/sessions/export.csv"),
            json: asked.at("/admin/sessions/export.json"),
            rows: rows,
            place: place,
            endings: Ending::all(),
        },
    )
}

fn summary(total: u64, shown: usize) -> String {
    let total = counted(total);
    match shown {
        0 => format!("{total} in all"),
        shown => format!("{shown} of {total}"),
    }
}

/// `1,234,567 sessions`.
#[must_use]
pub fn counted(count: u64) -> String {
    let noun = if count == 1 { "session" } else { "sessions" };
    format!("{} {noun}", grouped(count))
}

/// A number with its thousands apart.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A status as filters name it.
#[must_use]
pub fn status_label(status: Status) -> &'static str {
    match status {
        Status::Active => "Active, expiring ones too",
        Status::Expiring => "Expiring within 3 days",
        Status::Expired => "Expired",
        Status::Ended => "Revoked",
        Status::Reused => "Reuse detected",
    }
}

fn statuses() -> Vec<Choice> {
    let named = Status::ALL.map(|status| (status.as_str(), status_label(status)));
    choices("Any status", &named)
}

fn last_uses() -> Vec<Choice> {
    choices(
        "Any time",
        &LAST_USED.map(|(value, _, label)| (value, label)),
    )
}

fn choices(any: &str, named: &[(&str, &str)]) -> Vec<Choice> {
    let all = std::iter::once(("", any)).chain(named.iter().copied());
    all.map(|(value, label)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
    })
    .collect()
}

fn sizes() -> Vec<Choice> {
    ROWS.map(|rows| Choice {
        value: rows.to_string(),
        label: rows.to_string(),
    })
    .into()
}

fn columns(asked: &Asked) -> Vec<Column> {
    let label = |sort| match sort {
        Sort::User => "User",
        Sort::Device => "Device",
        Sort::Address => "Address",
        Sort::Started => "Started",
        Sort::Used => "Last used",
    };
    Sort::ALL
        .map(|sort| Column {
            label: label(sort),
            href: asked.sorted_by(sort),
            direction: if sort == asked.sort() {
                direction(asked.is_descending())
            } else {
                ""
            },
        })
        .into()
}

fn direction(descending: bool) -> &'static str {
    if descending {
        "descending"
    } else {
        "ascending"
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, grouped};

    #[test]
    fn thousands_stand_apart() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
        assert_eq!(counted(1), "1 session");
        assert_eq!(counted(2), "2 sessions");
    }
}
