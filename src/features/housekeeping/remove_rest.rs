//! Removing what is over beside sessions: what waited, what failed, where somebody was known, links, and marks of users who are gone.

use std::time::Duration;

use crate::features::attempts::model::{FORGOTTEN_AFTER, KNOWN_FOR};
use crate::features::browser::model::HALF_SIGN_IN;
use crate::features::housekeeping::model::is_old;
use crate::features::housekeeping::store::removals::{self, Kind};
use crate::features::housekeeping::store::{self, Network};
use crate::store::lived::{self, Lived};
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::ids::UserId;
use crate::types::time::Moment;

/// Rows a batch, of each kind: small ones with few entries in indexes.
pub const BATCH_ROWS: u32 = 200;
/// A setup link is good for a day; after a week nobody wonders any more where it went.
const OLD_LINK: Duration = Duration::from_hours(7 * 24);

/// Removes the next rows of each kind that are over.
#[derive(Clone, Debug)]
pub struct RemoveRest {
    /// What time it is.
    pub now: Moment,
    /// How many of each kind at most.
    pub most: u32,
}

impl RemoveRest {
    /// Whether applying this would remove anything. Asked of a reader, it costs the writer nothing.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn peek(&self, db: &Db<'_>) -> Result<bool, StoreError> {
        Ok(store::has_old_half(db, self.oldest_half())?
            || store::link(db)?.is_some()
            || !store::former_users(db, 1)?.is_empty()
            || !store::failures(db, self.now.wall.minus(FORGOTTEN_AFTER), 1)?.is_empty())
    }

    /// A half begun sign-in from before is good for nothing.
    fn oldest_half(&self) -> Moment {
        let waited = i64::try_from(HALF_SIGN_IN.as_micros()).unwrap_or(i64::MAX);
        Moment {
            steady: self.now.steady.saturating_sub(waited),
            ..self.now
        }
    }

    fn failures(&self, tx: &Tx<'_>, lived: Lived) -> Result<u64, StoreError> {
        let mut removed = 0;
        let before = self.now.wall.minus(FORGOTTEN_AFTER);
        for (key, moment) in store::failures(tx, before, self.most)? {
            let age = age(tx, moment, lived)?;
            if is_old(moment.wall, Some(age), FORGOTTEN_AFTER, self.now.wall) {
                store::remove_failures(tx, &key)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn link(&self, tx: &Tx<'_>, lived: Lived) -> Result<u64, StoreError> {
        let Some(made) = store::link(tx)? else {
            return Ok(0);
        };
        let age = age(tx, made, lived)?;
        if !is_old(made.wall, Some(age), OLD_LINK, self.now.wall) {
            return Ok(0);
        }
        store::remove_link(tx)?;
        Ok(1)
    }

    fn former_users(&self, tx: &Tx<'_>) -> Result<u64, StoreError> {
        let mut removed = 0;
        for user in store::former_users(tx, self.most)? {
            removed += u64::from(store::remove_former_user(tx, user)?);
        }
        Ok(removed)
    }
}

impl Change for RemoveRest {
    /// How many rows went.
    type Outcome = u64;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, StoreError> {
        let lived = lived::advance(tx, self.now)?;
        let mut all = 0;
        for (kind, removed) in [
            (
                Kind::Halves,
                store::remove_halves(tx, self.oldest_half(), self.most)?,
            ),
            (Kind::Failures, self.failures(tx, lived)?),
            (Kind::Links, self.link(tx, lived)?),
            (Kind::FormerUsers, self.former_users(tx)?),
        ] {
            removals::count(tx, kind, removed)?;
            all += removed;
        }
        Ok(all)
    }
}

/// Forgets the networks that users were not seen in for long: looks at the next ones, in the order of their users.
#[derive(Clone, Debug)]
pub struct RemoveNetworks {
    /// What time it is.
    pub now: Moment,
    /// Only those behind this one; [`RemoveNetworks::FIRST`] to begin with.
    pub after: Network,
    /// How many are looked at, and removed, at most.
    pub most: u32,
}

impl RemoveNetworks {
    /// Before every network.
    pub const FIRST: Network = (UserId(0), Vec::new());

    /// Whether applying this would change anything, and where to go on if not.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn peek(&self, db: &Db<'_>) -> Result<(bool, Option<Network>), StoreError> {
        let found = store::networks(db, &self.after, self.most)?;
        let before = self.now.wall.minus(KNOWN_FOR);
        let is_any = found.iter().any(|(_, seen_at, _)| *seen_at <= before);
        Ok((is_any, self.behind(found.into_iter().map(|found| found.0))))
    }

    fn behind(&self, found: impl ExactSizeIterator<Item = Network>) -> Option<Network> {
        let is_full = u32::try_from(found.len()).is_ok_and(|looked| looked >= self.most);
        found.last().filter(|_| is_full)
    }
}

impl Change for RemoveNetworks {
    /// How many were forgotten, and where to go on.
    type Outcome = (u64, Option<Network>);
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Self::Outcome, StoreError> {
        let lived = lived::advance(tx, self.now)?;
        let found = store::networks(tx, &self.after, self.most)?;
        let mut removed = 0;
        for (network, seen_at, seen) in &found {
            // Seen before that was kept: at least as long ago as the counting began.
            let age = match seen {
                Some(moment) => age(tx, *moment, lived)?,
                None => lived.since(lived::BEGINNING),
            };
            if is_old(*seen_at, Some(age), KNOWN_FOR, self.now.wall) {
                store::remove_network(tx, network)?;
                removed += 1;
            }
        }
        removals::count(tx, Kind::Networks, removed)?;
        let next = self.behind(found.into_iter().map(|found| found.0));
        Ok((removed, next))
    }
}

/// How old a row is on the lived time. If its boot was never met, it counts from now on.
pub(super) fn age(tx: &Tx<'_>, moment: Moment, lived: Lived) -> Result<i64, StoreError> {
    if let Some(place) = lived::place(tx, moment)? {
        return Ok(lived.since(place));
    }
    lived::meet(tx, moment, lived)?;
    Ok(0)
}
