//! `GET /admin/users`: users, searched, filtered, sorted, page by page.

use rocket::tokio::task::spawn_blocking;
use rocket::{FromForm, State, get};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::features::admin::users::store::{self, Key, Listed, Mark, Search, Sort, Way};
use crate::features::browser::who::Administrator;
use crate::features::sessions::end;
use crate::features::sessions::store::many::Now;
use crate::http::figures::grouped;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::http::shown_text::shown;
use crate::http::times::Shown;
use crate::hub::Hub;
use crate::store::{Db, StoreError};
use crate::types::role::Role;
use crate::types::time::Timestamp;

/// Rows on a page; the first is usual.
const PAGE_ROWS: [u32; 3] = [25, 50, 100];

/// What the address asks for, as it was typed: whatever is no choice of ours counts as not asked.
#[derive(Clone, Debug, Default, FromForm)]
pub struct Typed<'r> {
    q: Option<&'r str>,
    role: Option<&'r str>,
    state: Option<&'r str>,
    second_factor: Option<&'r str>,
    sort: Option<&'r str>,
    order: Option<&'r str>,
    rows: Option<&'r str>,
    after: Option<&'r str>,
    before: Option<&'r str>,
}

/// Shows the users.
///
/// # Errors
/// When the database cannot be read.
#[get("/admin/users?<typed..>")]
pub async fn list(
    hub: &State<Hub>,
    administrator: Administrator,
    typed: Typed<'_>,
) -> Result<Page, Refusal> {
    let asked = Asked::of(&typed);
    let now = end::now(hub, hub.clock.now().wall);
    let (store, wanted) = (hub.store.clone(), asked.clone());
    // A search reads every user: not on a thread that others wait for.
    let read = spawn_blocking(move || store.read(|db| Found::read(db, &wanted, now)));
    let found = read.await.map_err(|_| ApiError::of_status(500))??;
    let rows: Vec<ListedRow> = found
        .rows
        .iter()
        .map(|listed| ListedRow::new(listed, now.at))
        .collect();
    Ok(administrator.page(
        "admin/users/list.html",
        context! {
            asked: &asked,
            choices: Choices::all(),
            columns: asked.columns(),
            summary: found.summary(),
            total: found.total,
            first: (found.preceding > 0).then(|| asked.address(None)),
            previous: found.previous().map(|mark| asked.address(Some(("before", mark)))),
            next: found.next().map(|mark| asked.address(Some(("after", mark)))),
            is_filtered: asked.is_filtered(),
            rows: rows,
        },
    ))
}

/// What the address asks for, understood.
#[derive(Clone, Debug, Serialize)]
struct Asked {
    q: String,
    role: String,
    state: String,
    second_factor: String,
    sort: &'static str,
    order: &'static str,
    rows: u32,
    #[serde(skip)]
    search: Search,
    #[serde(skip)]
    by: (Sort, Way),
    /// The page begins behind this mark, or ends before it.
    #[serde(skip)]
    turn: Option<(Turn, Mark)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    After,
    Before,
}

impl Asked {
    fn of(typed: &Typed<'_>) -> Self {
        let q = shown(typed.q.unwrap_or_default().trim());
        let role = typed.role.and_then(|role| role.parse::<Role>().ok());
        let active = chosen(typed.state, "active", "disabled");
        let second_factor = chosen(typed.second_factor, "on", "off");
        let sort = typed
            .sort
            .and_then(|sort| Sort::ALL.into_iter().find(|known| known.as_str() == sort));
        let sort = sort.unwrap_or(Sort::Name);
        let way = if typed.order == Some("desc") {
            Way::Down
        } else {
            Way::Up
        };
        let rows = typed.rows.and_then(|rows| rows.parse().ok());
        let mark = |text: Option<&str>, turn| Some((turn, read_mark(sort, text?)?));
        Self {
            role: role.map_or("", Role::as_str).to_owned(),
            state: word(active, "active", "disabled").to_owned(),
            second_factor: word(second_factor, "on", "off").to_owned(),
            sort: sort.as_str(),
            order: if way == Way::Up { "asc" } else { "desc" },
            rows: rows
                .filter(|rows| PAGE_ROWS.contains(rows))
                .unwrap_or(PAGE_ROWS[0]),
            search: Search {
                words: q.to_ascii_lowercase(),
                role,
                active,
                second_factor,
            },
            by: (sort, way),
            turn: mark(typed.after, Turn::After).or_else(|| mark(typed.before, Turn::Before)),
            q,
        }
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.role, &self.state, &self.second_factor]
            .iter()
            .any(|part| !part.is_empty())
    }

    /// The address of this list, from a mark on.
    fn address(&self, turn: Option<(&'static str, Mark)>) -> String {
        self.sorted(self.sort, self.order, turn)
    }

    fn sorted(&self, sort: &str, order: &str, turn: Option<(&'static str, Mark)>) -> String {
        let rows = self.rows.to_string();
        let (name, mark) = turn.map_or(("", String::new()), |(name, mark)| {
            (name, write_mark(&mark))
        });
        let parts = [
            ("q", &*self.q),
            ("role", &self.role),
            ("state", &self.state),
            ("second_factor", &self.second_factor),
            ("sort", sort),
            ("order", order),
            ("rows", &rows),
            (name, &mark),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(name, value)| !name.is_empty() && !value.is_empty())
            .map(|(name, value)| {
                let value = rocket::http::RawStr::new(value).percent_encode();
                format!("{name}={value}")
            })
            .collect();
        format!("/admin/users?{}", parts.join("&"))
    }

    /// The columns that sort: each link turns the present order round, or begins with the usual one.
    fn columns(&self) -> Vec<Column> {
        [
            (Sort::Name, "User", "asc"),
            (Sort::SignedIn, "Last sign-in", "desc"),
            (Sort::Created, "Made", "desc"),
        ]
        .map(|(sort, label, usual)| {
            let is_present = sort.as_str() == self.sort;
            let order = match (is_present, self.order) {
                (false, _) => usual,
                (true, "asc") => "desc",
                (true, _) => "asc",
            };
            Column {
                label,
                href: self.sorted(sort.as_str(), order, None),
                direction: match (is_present, self.order) {
                    (false, _) => "",
                    (true, "asc") => "ascending",
                    (true, _) => "descending",
                },
            }
        })
        .into()
    }
}

fn chosen(typed: Option<&str>, yes: &str, no: &str) -> Option<bool> {
    match typed {
        Some(typed) if typed == yes => Some(true),
        Some(typed) if typed == no => Some(false),
        _ => None,
    }
}

const fn word(chosen: Option<bool>, yes: &'static str, no: &'static str) -> &'static str {
    match chosen {
        Some(true) => yes,
        Some(false) => no,
        None => "",
    }
}

/// A mark as addresses have it: what the list is sorted by, a dot, the number.
fn write_mark(mark: &Mark) -> String {
    match &mark.key {
        Key::Name(name) => format!("{name}.{}", mark.id),
        Key::Number(number) => format!("{number}.{}", mark.id),
    }
}

fn read_mark(sort: Sort, text: &str) -> Option<Mark> {
    let (key, id) = text.rsplit_once('.')?;
    Some(Mark {
        key: match sort {
            Sort::Name => Key::Name(shown(key)),
            Sort::Created | Sort::SignedIn => Key::Number(key.parse().ok()?),
        },
        id: id.parse().ok()?,
    })
}

/// A page of the list, and where it stands.
struct Found {
    sort: Sort,
    rows: Vec<Listed>,
    preceding: u64,
    total: u64,
}

impl Found {
    fn read(db: &Db<'_>, asked: &Asked, now: Now) -> Result<Self, StoreError> {
        let (sort, way) = asked.by;
        let search = &asked.search;
        let rows = match &asked.turn {
            Some((Turn::Before, mark)) => {
                let by = (sort, way.back());
                let mut rows = store::beyond(db, search, by, Some(mark), asked.rows, now)?;
                rows.reverse();
                rows
            }
            Some((Turn::After, mark)) => {
                store::beyond(db, search, asked.by, Some(mark), asked.rows, now)?
            }
            None => store::beyond(db, search, asked.by, None, asked.rows, now)?,
        };
        let preceding = match rows.first() {
            Some(first) => {
                let mark = first.mark(sort);
                store::count_beyond(db, search, (sort, way.back()), Some(&mark))?
            }
            None => 0,
        };
        Ok(Self {
            sort,
            preceding,
            total: store::count_beyond(db, search, asked.by, None)?,
            rows,
        })
    }

    fn last(&self) -> u64 {
        self.preceding + self.rows.len() as u64
    }

    fn previous(&self) -> Option<Mark> {
        let first = self.rows.first()?;
        (self.preceding > 0).then(|| first.mark(self.sort))
    }

    fn next(&self) -> Option<Mark> {
        let last = self.rows.last()?;
        (self.last() < self.total).then(|| last.mark(self.sort))
    }

    /// `51–100 of 1,234`.
    fn summary(&self) -> String {
        let total = grouped(self.total);
        if self.rows.is_empty() {
            return format!("0 of {total}");
        }
        let (first, last) = (grouped(self.preceding + 1), grouped(self.last()));
        format!("{first}\u{2013}{last} of {total}")
    }
}

/// A row of the table.
#[derive(Serialize)]
struct ListedRow {
    id: i64,
    username: String,
    email: String,
    role: &'static str,
    tier: String,
    is_active: bool,
    second_factor: bool,
    live_sessions: u64,
    created: Shown,
    signed_in: Option<Shown>,
}

impl ListedRow {
    fn new(listed: &Listed, now: Timestamp) -> Self {
        let user = &listed.user;
        Self {
            id: user.id.0,
            username: shown(&user.username),
            email: shown(&user.email),
            role: user.role.as_str(),
            tier: shown(&user.premium_tier),
            is_active: user.is_active,
            second_factor: listed.second_factor,
            live_sessions: listed.live_sessions,
            created: Shown::new(user.created_at, now),
            signed_in: listed.signed_in_at.map(|at| Shown::new(at, now)),
        }
    }
}

/// A column that sorts.
#[derive(Serialize)]
struct Column {
    label: &'static str,
    href: String,
    direction: &'static str,
}

/// A choice of a filter.
#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
}

/// What the filters offer.
#[derive(Serialize)]
struct Choices {
    roles: Vec<Choice>,
    states: Vec<Choice>,
    second_factors: Vec<Choice>,
    rows: Vec<Choice>,
}

impl Choices {
    fn all() -> Self {
        let choices = |pairs: &[(&str, &str)]| {
            let choice = |(value, label): &(&str, &str)| Choice {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
            };
            pairs.iter().map(choice).collect()
        };
        Self {
            roles: choices(&[
                ("", "Any"),
                ("USER", "USER"),
                ("ADMIN", "ADMIN"),
                ("SUPERADMIN", "SUPERADMIN"),
            ]),
            states: choices(&[("", "Any"), ("active", "Active"), ("disabled", "Disabled")]),
            second_factors: choices(&[("", "Any"), ("on", "On"), ("off", "Off")]),
            rows: PAGE_ROWS
                .map(|rows| Choice {
                    value: rows.to_string(),
                    label: rows.to_string(),
                })
                .into(),
        }
    }
}
