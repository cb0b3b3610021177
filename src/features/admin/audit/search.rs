//! What was asked of the audit in the address of its page, read into a filter; each mistake is named at its field, and nothing typed is lost.

use std::net::IpAddr;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use rocket::FromForm;
use rocket::http::RawStr;
use serde::Serialize;

use crate::features::users::store as users;
use crate::http::shown_text::shown;
use crate::store::audit::{Action, Filter};
use crate::store::{Db, StoreError};
use crate::types::ids::SessionId;
use crate::types::time::Timestamp;
use crate::types::username::Username;

/// Rows of a page that one may choose from; the first is the default.
pub const SIZES: [u32; 3] = [25, 50, 100];
/// Most characters of one field: longer than the longest that can be right.
const MAX_CHARS: usize = 256;

/// The query as it was sent. Absent and empty are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromForm, Serialize)]
pub struct Typed {
    /// By whom: a name, `user:5`, `cli:1000`, `system`, `anonymous`.
    #[field(default = "")]
    pub actor: String,
    /// What: an action or a group of them.
    #[field(default = "")]
    pub action: String,
    /// To what: a name, `user:5`, a session's id.
    #[field(default = "")]
    pub target: String,
    /// From which address.
    #[field(default = "")]
    pub address: String,
    /// In which request.
    #[field(default = "")]
    pub request: String,
    /// From this time on.
    #[field(default = "")]
    pub from: String,
    /// Up to this time, a day wholly.
    #[field(default = "")]
    pub to: String,
    /// How many rows a page has.
    #[field(default = "")]
    pub rows: String,
    /// Rows older than this one.
    #[field(default = "")]
    pub before: String,
    /// Rows newer than this one.
    #[field(default = "")]
    pub after: String,
}

/// What is wrong with a field; `""` for none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    field: &'static str,
    text: String,
}

/// Where in the list a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At its newest end.
    Newest,
    /// Behind this row.
    Before(i64),
    /// In front of this row.
    After(i64),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Which rows.
    pub filter: Filter,
    /// Which of them.
    pub place: Place,
    /// How many.
    pub rows: u32,
}

impl Typed {
    /// The fields that choose rows, with their names.
    fn filters(&self) -> [(&'static str, &str); 7] {
        [
            ("actor", &self.actor),
            ("action", &self.action),
            ("target", &self.target),
            ("address", &self.address),
            ("request", &self.request),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    /// The names of the filters that are set.
    #[must_use]
    pub fn set(&self) -> Vec<&'static str> {
        let filters = self.filters().into_iter();
        let set = filters.filter(|(_, value)| !value.trim().is_empty());
        set.map(|(name, _)| name).collect()
    }

    /// The query of the same rows, with a place in their list if it is another than the newest end: `?actor=system&before=7`, or nothing.
    #[must_use]
    pub fn query(&self, place: Place) -> String {
        let (cursor, id) = match place {
            Place::Newest => ("before", String::new()),
            Place::Before(id) => ("before", id.to_string()),
            Place::After(id) => ("after", id.to_string()),
        };
        let pairs: Vec<String> = self
            .filters()
            .into_iter()
            .chain([("rows", &*self.rows), (cursor, &*id)])
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", RawStr::new(value).percent_encode()))
            .collect();
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }

    /// The same, fit to be shown again.
    #[must_use]
    pub fn shown(&self) -> Self {
        Self {
            actor: shown(&self.actor),
            action: shown(&self.action),
            target: shown(&self.target),
            address: shown(&self.address),
            request: shown(&self.request),
            from: shown(&self.from),
            to: shown(&self.to),
            rows: shown(&self.rows),
            before: String::new(),
            after: String::new(),
        }
    }

    /// Reads the fields.
    ///
    /// # Errors
    /// What SQLite says. Mistakes are no error but the inner one, all of them at once.
    pub fn read(&self, db: &Db<'_>) -> Result<Result<Search, Vec<Mistake>>, StoreError> {
        let mut mistakes = Vec::new();
        for (field, value) in self.filters() {
            if value.chars().count() > MAX_CHARS {
                mistakes.push(Mistake {
                    field,
                    text: format!("At most {MAX_CHARS} characters."),
                });
            }
        }
        if !mistakes.is_empty() {
            return Ok(Err(mistakes));
        }
        let mut taken = Taken { mistakes };
        let filter = Filter {
            actor: taken.take("actor", &self.actor, |text| actor(db, text))?,
            action: taken.take("action", &self.action, |text| Ok(action(text)))?,
            target: taken.take("target", &self.target, |text| target(db, text))?,
            address: taken.take("address", &self.address, |text| Ok(address(text)))?,
            request_id: taken.take("request", &self.request, |text| Ok(request(text)))?,
            since: taken.take("from", &self.from, |text| Ok(time(text, Days::new(0))))?,
            until: taken.take("to", &self.to, |text| Ok(time(text, Days::new(1))))?,
            limit: 0,
        };
        let rows = taken.take("rows", &self.rows, |text| Ok(size(text)))?;
        let before = taken.take("", &self.before, |text| Ok(number(text)))?;
        let after = taken.take("", &self.after, |text| Ok(number(text)))?;
        let place = match (before, after) {
            (None, None) => Place::Newest,
            (Some(id), None) => Place::Before(id),
            (None, Some(id)) => Place::After(id),
            (Some(_), Some(_)) => {
                taken.mistake("", "A page is before a row or after one, not both.");
                Place::Newest
            }
        };
        if let (Some(since), Some(until)) = (filter.since, filter.until)
            && since >= until
        {
            taken.mistake("to", "This lies before the beginning.");
        }
        if !taken.mistakes.is_empty() {
            return Ok(Err(taken.mistakes));
        }
        Ok(Ok(Search {
            filter,
            place,
            rows: rows.unwrap_or(SIZES[0]),
        }))
    }
}

/// Collects what is wrong.
struct Taken {
    mistakes: Vec<Mistake>,
}

impl Taken {
    /// The value of a field that is not empty.
    fn take<T>(
        &mut self,
        field: &'static str,
        text: &str,
        read: impl FnOnce(&str) -> Result<Result<T, &'static str>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match read(text)? {
            Ok(value) => Ok(Some(value)),
            Err(mistake) => {
                self.mistake(field, mistake);
                Ok(None)
            }
        }
    }

    fn mistake(&mut self, field: &'static str, text: &str) {
        self.mistakes.push(Mistake {
            field,
            text: text.to_owned(),
        });
    }
}

fn actor(db: &Db<'_>, text: &str) -> Result<Result<String, &'static str>, StoreError> {
    const WRONG: &str =
        "Nobody is called that. Write a user's name, user:5, cli:1000, system or anonymous.";
    let lower = text.to_ascii_lowercase();
    let numbered = |prefix| {
        let number = lower.strip_prefix(prefix).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    if lower == "system" || lower == "anonymous" || numbered("user:") || numbered("cli:") {
        return Ok(Ok(lower));
    }
    Ok(named(db, text)?.ok_or(WRONG))
}

fn target(db: &Db<'_>, text: &str) -> Result<Result<String, &'static str>, StoreError> {
    const WRONG: &str =
        "Nobody is called that. Write a user's name, user:5, session: and its id, or the id alone.";
    if let Ok(session) = text.parse::<SessionId>() {
        return Ok(Ok(format!("session:{session}")));
    }
    // Whatever kinds of targets there are, they are written as a word and a name of that kind.
    let kind = text.split_once(':').filter(|(kind, name)| {
        !name.is_empty()
            && !kind.is_empty()
            && kind
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    });
    if kind.is_some() {
        return Ok(Ok(text.to_owned()));
    }
    Ok(named(db, text)?.ok_or(WRONG))
}

/// The user of this name, as the audit writes them.
fn named(db: &Db<'_>, text: &str) -> Result<Option<String>, StoreError> {
    let Ok(name) = Username::parse(text) else {
        return Ok(None);
    };
    let user = users::by_name(db, &name)?;
    Ok(user.map(|user| format!("user:{}", user.id)))
}

fn action(text: &str) -> Result<String, &'static str> {
    let known = |action: &Action| action.as_str() == text || action.group() == text;
    if Action::ALL.iter().any(known) {
        Ok(text.to_owned())
    } else {
        Err("There is no such action; choose one of the list.")
    }
}

fn address(text: &str) -> Result<String, &'static str> {
    text.parse()
        .map(|address: IpAddr| address.to_canonical().to_string())
        .map_err(|_| "Write one whole address, such as 203.0.113.7 or 2001:db8::1.")
}

fn request(text: &str) -> Result<String, &'static str> {
    let lower = text.to_ascii_lowercase();
    let is_hex = lower.bytes().all(|byte| byte.is_ascii_hexdigit());
    (lower.len() == 24 && is_hex)
        .then_some(lower)
        .ok_or("A request's id is 24 hex digits, as the X-Request-Id header has it.")
}

/// A time in UTC; of a day alone its midnight, `whole` days later.
fn time(text: &str, whole: Days) -> Result<Timestamp, &'static str> {
    const WRONG: &str = "Write it in UTC like 2026-11-22 or 2026-11-22 14:30.";
    let plain = text.trim_end_matches('Z').replacen('T', " ", 1);
    let day = NaiveDate::parse_from_str(&plain, "%Y-%m-%d").ok();
    let time = match day {
        Some(day) => day
            .checked_add_days(whole)
            .map(|day| day.and_time(NaiveTime::MIN)),
        None => ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S%.f"]
            .into_iter()
            .find_map(|shape| NaiveDateTime::parse_from_str(&plain, shape).ok()),
    };
    time.map(|time| Timestamp::from_micros(time.and_utc().timestamp_micros()))
        .ok_or(WRONG)
}

fn size(text: &str) -> Result<u32, &'static str> {
    let rows = text.parse().ok().filter(|rows| SIZES.contains(rows));
    rows.ok_or("A page has 25, 50 or 100 rows.")
}

fn number(text: &str) -> Result<i64, &'static str> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or("The place in the list is not a row's number.")
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::{Place, Typed, action, address, number, request, size, time};
    use crate::types::time::Timestamp;

    #[test]
    fn a_time_is_read_in_utc_and_a_day_to_its_end() {
        let midnight = 1_757_116_800;
        let at = |seconds| Ok(Timestamp::from_seconds(seconds));
        assert_eq!(time("2025-09-06", Days::new(0)), at(midnight));
        assert_eq!(time("2025-09-06", Days::new(1)), at(midnight + 86_400));
        for minute in [
            "2025-09-06 14:30",
            "2025-09-06T14:30",
            "2025-09-06 14:30:00Z",
        ] {
            assert_eq!(
                time(minute, Days::new(1)),
                at(midnight + 52_200),
                "{minute}"
            );
        }
        for wrong in [
            "",
            "yesterday",
            "2025-13-01",
            "06.09.2025",
            "2025-09-06 25:00",
            "262143-12-31",
        ] {
            assert!(time(wrong, Days::new(1)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_what_can_be_in_the_audit_is_asked_for() {
        assert_eq!(action("session"), Ok("session".to_owned()));
        assert_eq!(action("session.end"), Ok("session.end".to_owned()));
        for wrong in ["sess", "session.", "SESSION", "' OR 1=1"] {
            assert!(action(wrong).is_err(), "{wrong}");
        }
        assert_eq!(address("::FFFF:203.0.113.7"), Ok("203.0.113.7".to_owned()));
        assert!(address("203.0.113").is_err());
        assert!(request("0123456789abcdef01234567").is_ok());
        assert!(request("0123").is_err());
        assert_eq!((size("25"), number("7")), (Ok(25), Ok(7)));
        for wrong in ["0", "-1", "x", "", "9223372036854775808"] {
            assert!(size(wrong).is_err() && number(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_state_of_a_list_is_kept_in_its_address() {
        let typed = Typed {
            actor: "a b&c=d".to_owned(),
            action: "session".to_owned(),
            rows: "25".to_owned(),
            before: "3".to_owned(),
            ..Typed::default()
        };
        let filters = "?actor=a%20b%26c%3Dd&action=session&rows=25";
        assert_eq!(typed.query(Place::Newest), filters);
        assert_eq!(typed.query(Place::After(9)), format!("{filters}&after=9"));
        assert_eq!(Typed::default().query(Place::Newest), "");
        assert_eq!(typed.set(), ["actor", "action"]);
    }
}
