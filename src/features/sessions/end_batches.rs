//! Ending a great many sessions: a set that was settled before, in batches, so that others' changes are applied in between.
//!
//! Each batch is a change of its own with an audit row of its own, which says which batch of how many it is: after a restart in the middle,
//! the last of them tells how far it came.

use crate::features::sessions::end::{Count, mark_many};
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::{self, Ending, Now};
use crate::features::users::store as users;
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::{Actor, Cause};
use crate::types::ids::SessionId;
use crate::types::role::Role;

/// Sessions a batch. Each costs a row and three entries of indexes in as many places of the file, so this many hold the writer for some milliseconds.
pub const BATCH_SESSIONS: usize = 50;
/// The breath between two batches: whoever came while one was written is answered before the next one is.
pub const BREATH_MS: u64 = 2;

/// A settled set of sessions on its way to be ended. Sign-ins after it was settled are not in it.
#[derive(Clone, Debug)]
pub struct Batches {
    /// In the order of the table, so that a batch touches few pages of it.
    left: Vec<SessionId>,
    total: usize,
    count: usize,
    given: usize,
    reason: EndReason,
    /// Which sessions they are, in the words of whoever chose them, for the audit.
    about: String,
}

impl Batches {
    /// The set of these sessions. `about` tells how they were chosen, as `name=value` words.
    #[must_use]
    pub fn new(mut sessions: Vec<SessionId>, reason: EndReason, about: String) -> Self {
        sessions.sort_unstable();
        sessions.dedup();
        // Taken from the end.
        sessions.reverse();
        Self {
            total: sessions.len(),
            count: sessions.len().div_ceil(BATCH_SESSIONS),
            given: 0,
            left: sessions,
            reason,
            about,
        }
    }

    /// How many sessions are in the set.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// The next batch as a change; `None` when all were given.
    pub fn next(&mut self, now: Now, cause: Cause) -> Option<EndBatch> {
        if self.left.is_empty() {
            return None;
        }
        let rest = self.left.len().saturating_sub(BATCH_SESSIONS);
        let mut sessions = self.left.split_off(rest);
        sessions.reverse();
        self.given += 1;
        Some(EndBatch {
            sessions,
            reason: self.reason,
            place: format!("batch={}/{} of={}", self.given, self.count, self.total),
            about: self.about.clone(),
            now,
            cause,
        })
    }
}

/// Ends the sessions of one batch that were not ended yet.
#[derive(Clone, Debug)]
pub struct EndBatch {
    sessions: Vec<SessionId>,
    reason: EndReason,
    place: String,
    about: String,
    /// What "past its time" means now.
    now: Now,
    /// By whom, when, from where.
    cause: Cause,
}

impl EndBatch {
    /// How many sessions it looks at.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }
}

impl Change for EndBatch {
    type Outcome = Count;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Count, StoreError> {
        if !may_go_on(tx, &self.cause)? {
            return Err(StoreError::Broken(
                "whoever began to end these sessions is no administrator any more".to_owned(),
            ));
        }
        let mut endings: Vec<Ending> = Vec::with_capacity(self.sessions.len());
        for session in self.sessions {
            endings.extend(many::ending(tx, session, self.now)?);
        }
        let count = mark_many(tx, &endings, self.reason, &self.cause)?;
        // No change, no trace.
        if count.ended > 0 {
            let (reason, ended) = (self.reason.as_str(), count.ended);
            let detail = format!(
                "reason={reason} ended={ended} {} {}",
                self.place, self.about
            );
            tx.audit(
                &self.cause,
                Action::SessionEndMany,
                None,
                Some(detail.trim_end().to_owned()),
            )?;
        }
        Ok(count)
    }
}

/// Whether whoever began is an administrator still: a run takes minutes, in which they may be locked out or lowered.
fn may_go_on(tx: &Tx<'_>, cause: &Cause) -> Result<bool, StoreError> {
    let Actor::User(actor) = cause.actor else {
        return Ok(true);
    };
    let actor = users::by_id(tx, actor)?;
    Ok(actor.is_some_and(|actor| actor.is_active && actor.role >= Role::Admin))
}

#[cfg(test)]
mod tests {
    use super::{BATCH_SESSIONS, Batches};
    use crate::features::sessions::model::EndReason;
    use crate::features::sessions::store::many::Now;
    use crate::types::cause::{Actor, Cause};
    use crate::types::ids::SessionId;
    use crate::types::time::{Clock, HandClock, Timestamp};

    #[test]
    fn every_session_is_in_one_batch_and_no_batch_is_large() {
        for sessions in [
            0,
            1,
            BATCH_SESSIONS,
            BATCH_SESSIONS + 1,
            3 * BATCH_SESSIONS - 1,
        ] {
            let ids = (1..=i64::try_from(sessions).expect("few"))
                .flat_map(|key| [SessionId::from_row(key); 2])
                .flatten()
                .collect();
            let mut batches = Batches::new(ids, EndReason::Administrator, String::new());
            assert_eq!(batches.total(), sessions);
            let clock = HandClock::at(Timestamp::from_seconds(0));
            let now = Now {
                at: Timestamp::from_seconds(0),
                refresh_expired: Timestamp::from_seconds(0),
            };
            let cause = Cause::here(Actor::System, clock.now());
            let mut seen = Vec::new();
            while let Some(batch) = batches.next(now, cause.clone()) {
                assert!((1..=BATCH_SESSIONS).contains(&batch.len()) && !batch.is_empty());
                seen.extend(batch.sessions);
            }
            assert_eq!(seen.len(), sessions);
            assert!(seen.is_sorted());
        }
    }
}
