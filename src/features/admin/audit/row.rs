//! A row of the audit as pages show it: names beside numbers, links to who and what it is about.

use std::collections::BTreeMap;

use rocket::http::RawStr;
use serde::Serialize;

use crate::features::users::store as users;
use crate::http::shown_text::shown;
use crate::http::times::Shown;
use crate::store::audit::{Action, Entry};
use crate::store::{Db, StoreError};
use crate::types::ids::{SessionId, UserId};
use crate::types::time::Timestamp;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    id: i64,
    at: Shown,
    actor: Party,
    action: String,
    /// Whether it tells of an attack, as far as the Hub can know.
    alarm: bool,
    target: Option<Party>,
    address: Option<Narrowing>,
    request: Option<Narrowing>,
    detail: Option<String>,
}

/// A text that leads to the rows that have it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Narrowing {
    text: String,
    href: String,
}

/// Who acted, or what was acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Party {
    /// As it stands in the audit, and as the filters take it.
    written: String,
    /// A user's name.
    name: Option<String>,
    /// The page on it, if there is one.
    href: Option<String>,
}

/// The names of the users that rows are about.
type Names = BTreeMap<i64, String>;

/// The rows with the names of whom they are about.
///
/// # Errors
/// What SQLite says.
pub fn rows(db: &Db<'_>, entries: &[Entry], now: Timestamp) -> Result<Vec<Row>, StoreError> {
    let mut names = Names::new();
    let parties = entries
        .iter()
        .flat_map(|entry| [Some(&entry.actor), entry.target.as_ref()]);
    // At most two look-ups by key for each row of a page.
    for user in parties.flatten().filter_map(|written| user(written)) {
        if !names.contains_key(&user.0)
            && let Some(found) = users::by_id(db, user)?
        {
            names.insert(user.0, found.username);
        }
    }
    let row = |entry| row(entry, &names, now);
    Ok(entries.iter().map(row).collect())
}

fn row(entry: &Entry, names: &Names, now: Timestamp) -> Row {
    Row {
        id: entry.id,
        at: Shown::new(entry.at, now),
        actor: party(&entry.actor, names),
        alarm: entry.action == Action::SessionReuse.as_str(),
        action: shown(&entry.action),
        target: entry.target.as_deref().map(|target| party(target, names)),
        address: narrowing("address", entry.address.as_deref()),
        request: narrowing("request", entry.request_id.as_deref()),
        detail: entry.detail.as_deref().map(shown),
    }
}

fn narrowing(field: &str, text: Option<&str>) -> Option<Narrowing> {
    let text = text?;
    let value = RawStr::new(text).percent_encode();
    Some(Narrowing {
        text: shown(text),
        href: format!("/admin/audit?{field}={value}"),
    })
}

fn party(written: &str, names: &Names) -> Party {
    let name = user(written).and_then(|user| names.get(&user.0));
    let href = match (user(written), session(written)) {
        // Of a deleted user there is no page.
        (Some(user), _) => name.map(|_| format!("/admin/users/{user}")),
        (_, Some(session)) => Some(format!("/admin/sessions/{session}")),
        _ => None,
    };
    Party {
        written: shown(written),
        name: name.map(|name| shown(name)),
        href,
    }
}

fn user(written: &str) -> Option<UserId> {
    let number = written.strip_prefix("user:")?;
    number.parse().ok().map(UserId)
}

fn session(written: &str) -> Option<SessionId> {
    written.strip_prefix("session:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Names, Party, party};

    #[test]
    fn whoever_has_a_page_is_linked_by_name() {
        let names = Names::from([(5, "alice".to_owned())]);
        for (written, name, href) in [
            ("user:5", Some("alice"), Some("/admin/users/5")),
            ("user:6", None, None),
            ("user:x", None, None),
            (
                "session:0123456789abcdef",
                None,
                Some("/admin/sessions/0123456789abcdef"),
            ),
            ("session:../../login", None, None),
            ("cli:1000", None, None),
            ("system", None, None),
        ] {
            let expected = Party {
                written: written.to_owned(),
                name: name.map(str::to_owned),
                href: href.map(str::to_owned),
            };
            assert_eq!(party(written, &names), expected);
        }
    }
}
