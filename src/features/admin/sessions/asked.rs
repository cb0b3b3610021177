//! What a list of sessions was asked for: the state that stands in its URL, and in the forms that act on what it shows.

use std::time::Duration;

use rocket::form::ValueField;
use rocket::http::RawStr;
use rocket::request::{FromRequest, Outcome, Request};
use serde::Serialize;

use crate::features::sessions::search;
use crate::features::sessions::store::many::order::{Place, Sort};
use crate::features::sessions::store::many::page::{SORTED_ROWS, Turn, Wanted};
use crate::features::sessions::store::many::{Filter, Now, Status};

/// Rows a page: what people choose from.
pub const ROWS: [u32; 3] = [25, 50, 100];
/// Rows a page unless somebody chose: a page of the longest names has less than 50 kB.
const DEFAULT_ROWS: u32 = 25;

/// When a session was last used, as people choose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastUsed {
    /// So many hours ago or later.
    Within(u64),
    /// More than so many hours ago.
    Before(u64),
}

/// The choices, as they stand in the URL and on the page.
pub const LAST_USED: [(&str, LastUsed, &str); 5] = [
    ("1h", LastUsed::Within(1), "Within 1 hour"),
    ("24h", LastUsed::Within(24), "Within 24 hours"),
    ("7d", LastUsed::Within(7 * 24), "Within 7 days"),
    (
        "before-7d",
        LastUsed::Before(7 * 24),
        "More than 7 days ago",
    ),
    (
        "before-30d",
        LastUsed::Before(30 * 24),
        "More than 30 days ago",
    ),
];

/// Something in the URL or the search field that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The field it stands in.
    pub field: &'static str,
    /// What is allowed there.
    pub text: String,
}

/// The state of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The search field as it was typed.
    pub typed: String,
    /// The status, as it stands in the URL; empty for any.
    pub status: String,
    /// The last use, as it stands in the URL; empty for any.
    pub used: String,
    sort: String,
    order: String,
    rows: String,
    after: String,
    before: String,
}

impl Asked {
    /// Takes each part from where it stands.
    pub fn read<'a>(part: impl Fn(&str) -> &'a str) -> Self {
        let part = |name| part(name).to_owned();
        Self {
            typed: part("q"),
            status: part("status"),
            used: part("used"),
            sort: part("sort"),
            order: part("order"),
            rows: part("rows"),
            after: part("after"),
            before: part("before"),
        }
    }

    /// The parts that choose sessions, for the forms that act on them.
    #[must_use]
    pub fn choosing(&self) -> [(&'static str, &str); 3] {
        [
            ("q", &self.typed),
            ("status", &self.status),
            ("used", &self.used),
        ]
    }

    /// Whether nothing narrows the list.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.typed.trim().is_empty() && self.status.is_empty() && self.used.is_empty()
    }

    /// What passes.
    ///
    /// # Errors
    /// Every mistake, each at its field.
    pub fn filter(&self, now: Now) -> Result<Filter, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut at = |field: &'static str| {
            mistakes.push(Mistake {
                field,
                text: "Choose one of the list.".to_owned(),
            });
        };
        let mut filter = Filter::default();
        if !self.status.is_empty() {
            let known = Status::ALL.into_iter();
            filter.status = known
                .into_iter()
                .find(|status| status.as_str() == self.status);
            if filter.status.is_none() {
                at("status");
            }
        }
        if !self.used.is_empty() {
            match LAST_USED.iter().find(|(text, ..)| *text == self.used) {
                Some((_, LastUsed::Within(hours), _)) => {
                    filter.used_since = Some(now.at.minus(Duration::from_hours(*hours)));
                }
                Some((_, LastUsed::Before(hours), _)) => {
                    filter.used_before = Some(now.at.minus(Duration::from_hours(*hours)));
                }
                None => at("used"),
            }
        }
        match search::read(&self.typed, filter) {
            Ok(filter) if mistakes.is_empty() => Ok(filter),
            Ok(_) => Err(mistakes),
            Err(wrong) => {
                mistakes.extend(wrong.into_iter().map(|text| Mistake { field: "q", text }));
                Err(mistakes)
            }
        }
    }

    /// What the list is sorted by; the usual order for what is no order.
    #[must_use]
    pub fn sort(&self) -> Sort {
        let named = Sort::ALL
            .into_iter()
            .find(|sort| sort.as_str() == self.sort);
        named.unwrap_or_default()
    }

    /// Whether the last come first.
    #[must_use]
    pub fn is_descending(&self) -> bool {
        match &*self.order {
            "ascending" => false,
            "descending" => true,
            _ => self.sort().begins_descending(),
        }
    }

    /// Rows a page.
    #[must_use]
    pub fn rows(&self) -> u32 {
        let chosen = ROWS.into_iter().find(|rows| rows.to_string() == self.rows);
        chosen.unwrap_or(DEFAULT_ROWS)
    }

    /// Which page; the first one for a place that never was.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let sort = self.sort();
        let turn = match (
            Place::from_text(sort, &self.after),
            Place::from_text(sort, &self.before),
        ) {
            (Some(place), _) => Turn::Behind(place),
            (None, Some(place)) => Turn::Before(place),
            (None, None) => Turn::First,
        };
        Wanted {
            sort,
            descending: self.is_descending(),
            rows: self.rows(),
            turn,
            sorted_rows: SORTED_ROWS,
        }
    }

    /// The address of the first page of this list below `path`.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        self.with(path, &[])
    }

    /// The same for what it would be sorted by `sort`: the other way round if it is already.
    #[must_use]
    pub fn sorted_by(&self, sort: Sort) -> String {
        let descending = if self.sort() == sort {
            !self.is_descending()
        } else {
            sort.begins_descending()
        };
        let order = if descending {
            "descending"
        } else {
            "ascending"
        };
        let other = Self {
            sort: sort.as_str().to_owned(),
            order: order.to_owned(),
            ..self.clone()
        };
        other.at("/admin/sessions")
    }

    /// The address of the page behind or before a place.
    #[must_use]
    pub fn turned(&self, name: &str, place: &Place) -> String {
        self.with("/admin/sessions", &[(name, &place.to_text(self.sort()))])
    }

    fn with(&self, path: &str, more: &[(&str, &str)]) -> String {
        let usual = Self::default();
        let (sort, order, rows) = (self.sort(), self.is_descending(), self.rows());
        let order_text = if order { "descending" } else { "ascending" };
        let rows_text = rows.to_string();
        let mut parts: Vec<(&str, &str)> = self.choosing().to_vec();
        if sort != usual.sort() || order != usual.is_descending() {
            parts.extend([("sort", sort.as_str()), ("order", order_text)]);
        }
        if rows != DEFAULT_ROWS {
            parts.push(("rows", &rows_text));
        }
        parts.extend_from_slice(more);
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", RawStr::new(value).percent_encode()))
            .collect();
        if parts.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", parts.join("&"))
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Asked {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let fields: Vec<ValueField<'_>> = request.query_fields().collect();
        Outcome::Success(Self::read(|name| {
            let field = fields.iter().find(|field| field.name == name);
            field.map_or("", |field| field.value)
        }))
    }
}

/// The sessions that an address names: those that are ticked, or those that a page shows.
pub struct Ticked(pub Vec<String>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Ticked {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let ids = request.query_fields().filter(|field| field.name == "id");
        Outcome::Success(Self(ids.map(|field| field.value.to_owned()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;
    use crate::features::sessions::store::many::order::Sort;

    fn asked(parts: &[(&str, &'static str)]) -> Asked {
        Asked::read(|name| {
            let part = parts.iter().find(|(part, _)| *part == name);
            part.map_or("", |(_, value)| value)
        })
    }

    #[test]
    fn the_usual_list_has_the_shortest_address() {
        for parts in [
            &[][..],
            &[("sort", "used"), ("order", "descending"), ("rows", "25")],
            &[("sort", "nonsense"), ("order", "sideways"), ("rows", "7")],
        ] {
            assert_eq!(asked(parts).at("/admin/sessions"), "/admin/sessions");
        }
    }

    #[test]
    fn an_address_reads_back_as_the_same_list() {
        let parts = [
            ("q", "user:ann \"a&b=c+\" #é"),
            ("status", "active"),
            ("used", "7d"),
            ("sort", "user"),
            ("order", "descending"),
            ("rows", "50"),
        ];
        let address = asked(&parts).at("/admin/sessions");
        assert_eq!(
            address,
            "/admin/sessions?q=user:ann%20%22a%26b%3Dc%2B%22%20%23%C3%A9&status=active&used=7d&sort=user&order=descending&rows=50"
        );
    }

    #[test]
    fn a_second_click_on_a_column_turns_the_order_round() {
        let list = asked(&[]);
        assert!(
            list.sorted_by(Sort::Used)
                .ends_with("sort=used&order=ascending")
        );
        assert!(
            list.sorted_by(Sort::User)
                .ends_with("sort=user&order=ascending")
        );
        assert!(
            list.sorted_by(Sort::Started)
                .ends_with("sort=started&order=descending")
        );
    }
}
