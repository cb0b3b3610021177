//! A row of the audit as pages show it: names beside numbers, links to who and what it is about.

use std::collections::BTreeMap;

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
    address: Option<String>,
    request: Option<String>,
    detail: Option<String>,
}

/// Who acted, or what was acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Party {
    /// As it stands in the audit, and as the filters take it.
    written: String,
    /// A user's name.
    name: Option<String>,
    /// The user whose page tells more, if they still exist.
    user: Option<i64>,
    /// The session whose page does.
    session: Option<String>,
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
    let text = |text: &Option<String>| text.as_deref().map(shown);
    Row {
        id: entry.id,
        at: Shown::new(entry.at, now),
        actor: party(&entry.actor, names),
        alarm: entry.action == Action::SessionReuse.as_str(),
        action: shown(&entry.action),
        target: entry.target.as_deref().map(|target| party(target, names)),
        address: text(&entry.address),
        request: text(&entry.request_id),
        detail: text(&entry.detail),
    }
}

fn party(written: &str, names: &Names) -> Party {
    let user = user(written).map(|user| user.0);
    let name = user.and_then(|user| names.get(&user));
    Party {
        written: shown(written),
        name: name.map(|name| shown(name)),
        user: user.filter(|_| name.is_some()),
        session: session(written).map(|session| session.to_string()),
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
        for (written, name, user, session) in [
            ("user:5", Some("alice"), Some(5), None),
            ("user:6", None, None, None),
            ("user:x", None, None, None),
            (
                "session:0123456789abcdef",
                None,
                None,
                Some("0123456789abcdef"),
            ),
            ("session:../../login", None, None, None),
            ("cli:1000", None, None, None),
            ("system", None, None, None),
        ] {
            let expected = Party {
                written: written.to_owned(),
                name: name.map(str::to_owned),
                user,
                session: session.map(str::to_owned),
            };
            assert_eq!(party(written, &names), expected);
        }
    }
}
