//! Removing the sessions that are over, with all that hangs on them.

use crate::features::housekeeping::model::{Ages, Policy};
use crate::features::housekeeping::store::removals::{self, Kind};
use crate::features::housekeeping::store::{self, Place, Resting};
use crate::store::lived::{self, Lived};
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::time::Moment;

/// Sessions a batch, looked at and removed at most. Each takes up to 100 rows of its lineage along and an entry of each index, so this many
/// hold the writer for some milliseconds.
pub const BATCH_SESSIONS: u32 = 50;

/// Looks at the next sessions that were not used for longest, and removes those that are over. It is told in the audit by [`super::tell::Tell`].
#[derive(Clone, Copy, Debug)]
pub struct RemoveSessions {
    /// What time it is.
    pub now: Moment,
    /// How long sessions are kept.
    pub policy: Policy,
    /// Only those behind this place; [`Place::FIRST`] to begin with.
    pub after: Place,
    /// How many are looked at, and removed, at most.
    pub most: u32,
}

/// What [`RemoveSessions`] found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many sessions it removed.
    pub sessions: u64,
    /// How many rows of their lineages.
    pub events: u64,
    /// Where to go on; `None` if there are no more.
    pub next: Option<Place>,
}

impl Change for RemoveSessions {
    type Outcome = Removed;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Removed, StoreError> {
        let lived = lived::advance(tx, self.now)?;
        let resting = self.look(tx)?;
        let mut removed = Removed {
            next: self.behind(&resting),
            ..Removed::default()
        };
        for session in resting {
            for moment in session.moments() {
                if lived::place(tx, moment)?.is_none() {
                    // From now on it can be told how old it is.
                    lived::meet(tx, moment, lived)?;
                }
            }
            if self.lets_go(tx, &session, lived)? {
                removed.events += store::remove_session(tx, session.id)?;
                removed.sessions += 1;
                if store::remove_former_user(tx, session.user)? {
                    removals::count(tx, Kind::FormerUsers, 1)?;
                }
            }
        }
        removals::count(tx, Kind::Sessions, removed.sessions)?;
        removals::count(tx, Kind::Events, removed.events)?;
        Ok(removed)
    }
}

impl RemoveSessions {
    /// Whether applying this would change anything, and where to go on if not. Asked of a reader, it costs the writer nothing.
    ///
    /// # Errors
    /// What SQLite says, or an impossible row.
    pub fn peek(self, db: &Db<'_>) -> Result<(bool, Option<Place>), StoreError> {
        let resting = self.look(db)?;
        let next = self.behind(&resting);
        let Some(lived) = lived::at(db, self.now)? else {
            return Ok((false, next));
        };
        for session in resting {
            for moment in session.moments() {
                if lived::place(db, moment)?.is_none() {
                    return Ok((true, next));
                }
            }
            if self.lets_go(db, &session, lived)? {
                return Ok((true, next));
            }
        }
        Ok((false, next))
    }

    fn look(self, db: &Db<'_>) -> Result<Vec<Resting>, StoreError> {
        let unused_since = self.policy.unused_since(self.now.wall);
        store::resting(db, unused_since, self.after, self.most)
    }

    fn behind(self, resting: &[Resting]) -> Option<Place> {
        let is_full = u32::try_from(resting.len()).is_ok_and(|looked| looked >= self.most);
        resting.last().filter(|_| is_full).map(Resting::place)
    }

    fn lets_go(self, db: &Db<'_>, session: &Resting, lived: Lived) -> Result<bool, StoreError> {
        let age = |moment: Option<Moment>| -> Result<Option<i64>, StoreError> {
            let place = match moment {
                Some(moment) => lived::place(db, moment)?,
                None => None,
            };
            Ok(place.map(|place| lived.since(place)))
        };
        let ages = Ages {
            made: age(Some(session.made))?,
            ended: age(session.ended)?,
        };
        Ok(self.policy.lets_go(session.times, ages, self.now.wall))
    }
}
