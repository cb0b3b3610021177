//! Ending sessions: one, or all that a filter shows, always in the transaction of the cause.

use std::time::Duration;

use crate::features::sessions::lineage::{self, Kind, NewEvent};
use crate::features::sessions::model::{EndReason, Session};
use crate::features::sessions::store;
use crate::features::sessions::store::many::{self, Ending, Filter, Now};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::{SessionId, UserId};
use crate::types::time::Timestamp;

/// What "past its time" means now.
#[must_use]
pub fn now(hub: &Hub, at: Timestamp) -> Now {
    now_with(hub.config.refresh_ttl, at)
}

/// The same where there is no Hub at hand.
#[must_use]
pub fn now_with(refresh_ttl: Duration, at: Timestamp) -> Now {
    Now {
        at,
        refresh_expired: at.minus(refresh_ttl),
    }
}

/// Ends one session, if it was not ended yet, with its lineage event and its audit row.
///
/// # Errors
/// What SQLite says.
pub fn end_one(
    tx: &Tx<'_>,
    session: &Session,
    reason: EndReason,
    cause: &Cause,
) -> Result<bool, StoreError> {
    if !mark(tx, session, reason, cause)? {
        return Ok(false);
    }
    let action = match reason {
        EndReason::Reuse => Action::SessionReuse,
        _ => Action::SessionEnd,
    };
    tx.audit(
        cause,
        action,
        Some(format!("session:{}", session.id)),
        Some(format!("reason={} user={}", reason.as_str(), session.user)),
    )?;
    Ok(true)
}

fn mark(
    tx: &Tx<'_>,
    session: &Session,
    reason: EndReason,
    cause: &Cause,
) -> Result<bool, StoreError> {
    if !store::end(tx, session.id, cause.at.wall, reason)? {
        return Ok(false);
    }
    let event = NewEvent {
        session: session.id,
        position: session.lineage_length + 1,
        kind: Kind::End,
        generation: session.generation,
        agent: store::agent(tx, cause)?.id,
    };
    lineage::write(tx, &event, cause)?;
    Ok(true)
}

/// How many sessions were ended at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub ended: u64,
    /// Those that were still good by the clock: what a person would have seen in a list.
    pub in_time: u64,
}

/// Ends every session that passes the filter and was not ended yet.
///
/// Those past their time are ended too: the clock that says so may be wrong, and nobody may come back who was signed out.
/// The audit row is the caller's, for only it knows what this was part of.
///
/// # Errors
/// What SQLite says.
pub fn end_many(
    tx: &Tx<'_>,
    filter: &Filter,
    reason: EndReason,
    now: Now,
    cause: &Cause,
) -> Result<Count, StoreError> {
    mark_many(tx, &many::endings(tx, filter, now)?, reason, cause)
}

/// Ends these sessions, each with its lineage event; the audit row is the caller's.
///
/// # Errors
/// What SQLite says.
pub fn mark_many(
    tx: &Tx<'_>,
    endings: &[Ending],
    reason: EndReason,
    cause: &Cause,
) -> Result<Count, StoreError> {
    let agent = store::agent(tx, cause)?.id;
    let mut count = Count::default();
    for ending in endings {
        if !store::end(tx, ending.id, cause.at.wall, reason)? {
            continue;
        }
        let event = NewEvent {
            session: ending.id,
            position: ending.lineage_length + 1,
            kind: Kind::End,
            generation: ending.generation,
            agent,
        };
        lineage::write(tx, &event, cause)?;
        count.ended += 1;
        count.in_time += u64::from(ending.in_time);
    }
    Ok(count)
}

/// Ends every session of a user, as part of what happens to the user; tells how many were still good by the clock.
///
/// # Errors
/// What SQLite says.
pub fn end_all_of(
    tx: &Tx<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: EndReason,
    now: Now,
    cause: &Cause,
) -> Result<u64, StoreError> {
    let filter = Filter {
        user: Some(user),
        except,
        ..Filter::default()
    };
    Ok(end_many(tx, &filter, reason, now, cause)?.in_time)
}

/// Ends one session by its key.
pub struct EndSession {
    /// Which one.
    pub session: SessionId,
    /// Only if it is this user's.
    pub owner: Option<UserId>,
    /// Why.
    pub reason: EndReason,
    /// By whom, when, from where.
    pub cause: Cause,
}

/// What [`EndSession`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was live and is ended now.
    Now,
    /// It had been ended before; nothing was changed.
    Before,
    /// There is no such session, or it is not the owner's: the caller must not tell which.
    Unknown,
}

impl Change for EndSession {
    type Outcome = Ended;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Ended, StoreError> {
        let Some((session, _)) = store::load(tx, self.session)? else {
            return Ok(Ended::Unknown);
        };
        if self.owner.is_some_and(|owner| owner != session.user) {
            return Ok(Ended::Unknown);
        }
        if end_one(tx, &session, self.reason, &self.cause)? {
            Ok(Ended::Now)
        } else {
            Ok(Ended::Before)
        }
    }
}

/// Ends every session that a filter shows.
pub struct EndSessions {
    /// Which ones.
    pub filter: Filter,
    /// Why.
    pub reason: EndReason,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for EndSessions {
    type Outcome = Count;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Count, StoreError> {
        let count = end_many(tx, &self.filter, self.reason, self.now, &self.cause)?;
        let target = self.filter.user.map(|user| format!("user:{user}"));
        tx.audit(
            &self.cause,
            Action::SessionEndMany,
            target,
            Some(format!(
                "reason={} ended={}",
                self.reason.as_str(),
                count.ended
            )),
        )?;
        Ok(count)
    }
}
