//! Which sessions an act is about: the ticked, or all that pass the list's filter; and whose they are.

use std::collections::HashMap;

use serde::Serialize;

use crate::features::admin::sessions::asked::{Asked, Mistake};
use crate::features::sessions::store::many::{self, Filter, Now, Status, page};
use crate::features::users::store as users;
use crate::http::shown_text::shown;
use crate::store::{Db, StoreError};
use crate::types::ids::{SessionId, UserId};
use crate::types::time::Timestamp;

/// Users that a confirm page names one by one.
const NAMED_USERS: usize = 20;

/// What was chosen.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// These, ticked one by one; the own one too if it is among them.
    Ticked(Vec<SessionId>),
    /// All that pass, except the session of whoever asks.
    Matching(Asked, SessionId),
}

/// The sessions that are meant, settled at one moment.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Their keys and users: those that were not ended yet.
    pub sessions: Vec<(SessionId, UserId)>,
    /// Whether the session of whoever asks would have been among them, and was left out.
    pub spared_own: bool,
    /// Whether it is everything there is.
    pub is_everything: bool,
}

/// How many sessions one user has among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    user: i64,
    /// `None` when the user is gone.
    username: Option<String>,
    count: u64,
}

impl Chosen {
    /// What was ticked, as forms and addresses name it; ids that are none are left out.
    pub fn ticked<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let mut ids: Vec<SessionId> = ids.filter_map(|id| id.parse().ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        Self::Ticked(ids)
    }

    /// How it was chosen, for the audit: `name="value"` words.
    #[must_use]
    pub fn about(&self) -> String {
        let Self::Matching(asked, _) = self else {
            return "ticked=yes".to_owned();
        };
        let words: Vec<String> = asked
            .choosing()
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={:?}", shown(value)))
            .collect();
        if words.is_empty() {
            "everything=yes".to_owned()
        } else {
            words.join(" ")
        }
    }

    /// Settles the set: of all that match, those that had begun by `until`, when the page that counted them was made.
    ///
    /// # Errors
    /// Mistakes in what was asked; or what SQLite says.
    pub fn settle(
        &self,
        db: &Db<'_>,
        now: Now,
        until: Timestamp,
    ) -> Result<Result<Settled, Vec<Mistake>>, StoreError> {
        let (asked, own) = match self {
            Self::Ticked(ids) => {
                let mut sessions = Vec::new();
                for id in ids {
                    let ending = many::ending(db, *id, now)?;
                    sessions.extend(ending.map(|ending| (ending.id, ending.user)));
                }
                return Ok(Ok(Settled {
                    sessions,
                    spared_own: false,
                    is_everything: false,
                }));
            }
            Self::Matching(asked, own) => (asked, own),
        };
        let mut filter = match asked.filter(now) {
            Ok(filter) => filter,
            Err(mistakes) => return Ok(Err(mistakes)),
        };
        // What is past its time is signed out already; whoever wants to end it asks for it.
        filter.status = filter.status.or(Some(Status::Active));
        let mut sessions = many::settle(db, &filter, now, until)?;
        let before = sessions.len();
        // However the filter is worded: `status=active` or a network of all addresses lets everything pass as well.
        let active = Filter {
            status: Some(Status::Active),
            ..Filter::default()
        };
        let narrows =
            filter.status != active.status || (before as u64) < page::total(db, &active, now)?;
        sessions.retain(|(session, _)| session != own);
        Ok(Ok(Settled {
            spared_own: sessions.len() < before,
            is_everything: asked.is_everything() || !narrows,
            sessions,
        }))
    }
}

/// Whose the sessions are: those with the most first, and how many users and sessions the rest is.
///
/// # Errors
/// What SQLite says.
pub fn shares(
    db: &Db<'_>,
    sessions: &[(SessionId, UserId)],
) -> Result<(Vec<Share>, usize), StoreError> {
    let mut counts: HashMap<UserId, u64> = HashMap::new();
    for (_, user) in sessions {
        *counts.entry(*user).or_default() += 1;
    }
    let mut counts: Vec<(UserId, u64)> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|(user, count)| (std::cmp::Reverse(*count), *user));
    let others = counts.len().saturating_sub(NAMED_USERS);
    counts.truncate(NAMED_USERS);
    let mut shares = Vec::with_capacity(counts.len());
    for (user, count) in counts {
        let known = users::by_id(db, user)?;
        shares.push(Share {
            user: user.0,
            username: known.map(|user| shown(&user.username)),
            count,
        });
    }
    Ok((shares, others))
}
