//! One try at a password: counted as failed before it is compared, and taken back when it was right or was never compared.
//!
//! So a thousand guesses at once are compared no more often than a thousand one after another. What has failed stands in the database, in the transaction
//! of the refusal; what is under way is counted beside it, in memory ([`crate::hub::throttle`]).

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::crypto::attempt_keys::Subject;
use crate::features::attempts::model::{FORGOTTEN_AFTER, Failures, KNOWN_FOR, Wait};
use crate::features::attempts::store;
use crate::hub::Hub;
use crate::hub::throttle::model::{Refused, TooMany, Tries};
use crate::hub::throttle::{Caller, Counted, Reserved, UnderWay};
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;
use crate::types::time::Moment;

/// How long a try waits for those ahead of it: as long as it would wait for a thread that hashes, unless configured.
const LONGEST_FOR_OTHERS: Duration = Duration::from_secs(2);
/// How soon it looks again when it hears nothing: far less than that, and longer than a hash takes.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// What is said to a try that has waited for others for too long: they are over soon.
const AGAIN_SOON: TooMany = TooMany {
    after: Duration::from_secs(1),
};

/// A try that may be compared. Dropped before it is told how it ended, it never was.
pub struct Attempt {
    trace: Trace,
    /// What had failed before it.
    before: Failures,
    reserved: Reserved,
    _under_way: Option<UnderWay>,
}

/// Why a try is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Too many failed before.
    TooMany(TooMany),
    /// The database could not be asked.
    Store(StoreError),
}

impl From<TooMany> for Held {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(too_many)
    }
}

impl From<StoreError> for Held {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// With whose failures a sign-in is counted: those from this network, where the user is known there; those of all strangers otherwise. Whether there
/// is such a user makes no difference to what is looked up.
///
/// # Errors
/// What SQLite says.
pub fn counted_with(
    db: &Db<'_>,
    subject: Subject,
    user: Option<UserId>,
    caller: Caller,
    now: Moment,
) -> Result<Counted, StoreError> {
    let network = match caller {
        Caller::Exempt => None,
        Caller::From(network) => {
            let since = now.wall.minus(KNOWN_FOR);
            store::is_known(db, user, network, since)?.then_some(network)
        }
    };
    Ok(Counted { subject, network })
}

impl Attempt {
    /// Begins a try, if its time has come. A try that is refused here costs nothing and leaves nothing.
    ///
    /// # Errors
    /// See [`Held`].
    pub async fn begin(
        hub: &Hub,
        kind: Tries,
        caller: Caller,
        counted: Counted,
        now: Moment,
    ) -> Result<Self, Held> {
        let reserved = hub.throttle.reserve(kind, caller)?;
        if caller == Caller::Exempt {
            return Ok(Self {
                trace: Trace {
                    counted: None,
                    tell_at: hub.config.webhooks.sign_in_failures,
                },
                before: Failures::NONE,
                reserved,
                _under_way: None,
            });
        }
        let Ok(judged) = timeout(LONGEST_FOR_OTHERS, judge(hub, counted, now)).await else {
            hub.throttle.refused(Refused::Account);
            return Err(AGAIN_SOON.into());
        };
        let (before, under_way) = judged?;
        let wait = before.wait(now);
        if wait != Wait::Over {
            hub.throttle.refused(Refused::Account);
        }
        match wait {
            Wait::Over => Ok(Self {
                trace: Trace {
                    counted: Some(counted),
                    tell_at: hub.config.webhooks.sign_in_failures,
                },
                before,
                reserved,
                _under_way: Some(under_way),
            }),
            Wait::For(after) => Err(TooMany { after }.into()),
            Wait::Anew(after) => {
                let count = before.count;
                hub.store
                    .write(WaitAnew {
                        counted,
                        count,
                        now,
                    })
                    .await?;
                Err(TooMany { after }.into())
            }
        }
    }

    /// What a change has to know of it.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// It failed, and that is written.
    pub fn failed(mut self) {
        self.reserved.spend();
    }

    /// It was right, and no change follows that would forget what failed before.
    ///
    /// # Errors
    /// What the store says.
    pub async fn passed(self, hub: &Hub) -> Result<(), StoreError> {
        if self.before == Failures::NONE {
            return Ok(());
        }
        hub.store.write(Forget(self.trace)).await
    }
}

/// What had failed before a try, and that it is under way: once it is not only for those ahead of it, which may yet be right, that it would have to wait.
/// So somebody who signs in at ten places at once is let in at all of them.
async fn judge(
    hub: &Hub,
    counted: Counted,
    now: Moment,
) -> Result<(Failures, UnderWay), StoreError> {
    loop {
        let mut one_is_over = pin!(hub.throttle.one_is_over());
        // Before it is looked at who is ahead: nobody's end is missed.
        one_is_over.as_mut().enable();
        // Before the row is read: a failure that is committed in between is counted twice rather than not at all.
        let under_way = hub.throttle.begin(counted);
        let before = hub.store.read(|db| store::failures(db, &counted))?;
        let before = before.not_forgotten(now);
        let with_those_ahead = before.and(under_way.ahead, now);
        if before.wait(now) != Wait::Over || with_those_ahead.wait(now) == Wait::Over {
            return Ok((before, under_way));
        }
        under_way.withdraw();
        // Others that were withdrawn in the same moment tell nobody.
        let _told = timeout(LOOK_AGAIN, one_is_over).await;
    }
}

/// Where a try is counted; nowhere for those from networks that nothing counts.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    counted: Option<Counted>,
    /// The failures in a row that webhooks are told of.
    tell_at: u32,
}

impl Trace {
    /// It failed: what failures have come to with it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn failed(&self, tx: &Tx<'_>, now: Moment) -> Result<Failures, StoreError> {
        let Some(counted) = &self.counted else {
            return Ok(Failures::NONE);
        };
        let before = store::failures(tx, counted)?.not_forgotten(now);
        let after = before.and(1, now);
        store::note(tx, counted, after.count, now)?;
        store::sweep(tx, now, FORGOTTEN_AFTER)?;
        Ok(after)
    }

    /// The same for a try to sign in, which webhooks are told of when it is one too many: once, and not for each that follows.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn failed_at_sign_in(
        &self,
        tx: &Tx<'_>,
        user: Option<UserId>,
        cause: &Cause,
    ) -> Result<Failures, StoreError> {
        let failures = self.failed(tx, cause.at)?;
        if failures.count == self.tell_at {
            let (address, at) = (cause.address, cause.at.wall);
            store::tell(tx, user, "password", failures.count, address, at)?;
        }
        Ok(failures)
    }

    /// It was right: what failed before it is forgotten.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn passed(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        match &self.counted {
            Some(counted) => store::forget(tx, counted),
            None => Ok(()),
        }
    }
}

/// Begins a wait anew whose length cannot be known: the clocks were put back.
struct WaitAnew {
    counted: Counted,
    count: u32,
    now: Moment,
}

impl Change for WaitAnew {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        store::note(tx, &self.counted, self.count, self.now)
    }
}

/// Forgets what failed. It is told by the act that the right password was given for.
struct Forget(Trace);

impl Change for Forget {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        self.0.passed(tx)
    }
}
