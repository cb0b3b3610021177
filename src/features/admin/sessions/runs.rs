//! Runs: endings of many sessions on their way, in batches between other work, watched by a page.
//!
//! They live in memory. After a restart in the middle the sessions of the batches that were done are ended, the others are not, and the audit
//! rows of the batches tell which; nothing goes on by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rocket::tokio::{spawn, time::sleep};

use crate::features::sessions::end;
use crate::features::sessions::end_batches::{BREATH_MS, Batches};
use crate::hub::Hub;
use crate::store::{Store, StoreError};
use crate::types::cause::Cause;
use crate::types::time::{Clock, Timestamp};

/// Runs that go on at once: one for each of two administrators in a hurry. More would only take turns at the one writer.
const MAX_GOING_ON: usize = 2;
/// Runs that can still be looked at.
const MAX_KEPT: usize = 20;
/// How often a batch that the store was too busy for is tried, and how long is waited in between.
const TRIES: u32 = 20;
const TRY_AGAIN_MS: u64 = 250;

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It goes on.
    GoingOn,
    /// Every session was looked at.
    Done,
    /// It was given up; what was done stays done.
    Stopped(StoreError),
}

/// A run as its page shows it.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name in the page's address.
    pub id: String,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// Sessions to look at.
    pub total: u64,
    /// Looked at so far.
    pub seen: u64,
    /// Ended by it; the others had been ended meanwhile.
    pub ended: u64,
    /// The list that it was begun from.
    pub back: String,
    /// How far it is.
    pub state: State,
}

/// The runs of this process.
#[derive(Default)]
pub struct Runs(Arc<Mutex<VecDeque<Run>>>);

/// Too many runs go on.
pub struct TooMany;

impl Runs {
    /// A run by its name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Run> {
        let runs = locked(&self.0);
        runs.iter().find(|run| run.id == id).cloned()
    }

    /// Begins a run; its name.
    ///
    /// # Errors
    /// When as many as may go on.
    pub fn begin(
        &self,
        hub: &Hub,
        batches: Batches,
        cause: Cause,
        back: String,
    ) -> Result<String, TooMany> {
        let mut bytes = [0; 8];
        hub.entropy.fill(&mut bytes);
        let id = data_encoding::HEXLOWER.encode(&bytes);
        {
            let mut runs = locked(&self.0);
            let going_on = runs.iter().filter(|run| run.state == State::GoingOn);
            if going_on.count() >= MAX_GOING_ON {
                return Err(TooMany);
            }
            runs.push_back(Run {
                id: id.clone(),
                begun_at: cause.at.wall,
                total: batches.total() as u64,
                seen: 0,
                ended: 0,
                back,
                state: State::GoingOn,
            });
            if runs.len() > MAX_KEPT
                && let Some(old) = runs.iter().position(|run| run.state != State::GoingOn)
            {
                runs.remove(old);
            }
        }
        let runner = Runner {
            runs: Arc::clone(&self.0),
            id: id.clone(),
            store: hub.store.clone(),
            clock: Arc::clone(&hub.clock),
            refresh_ttl: hub.config.refresh_ttl,
            cause,
        };
        spawn(runner.run(batches));
        Ok(id)
    }
}

struct Runner {
    runs: Arc<Mutex<VecDeque<Run>>>,
    id: String,
    store: Store,
    clock: Arc<dyn Clock>,
    refresh_ttl: Duration,
    cause: Cause,
}

impl Runner {
    async fn run(self, mut batches: Batches) {
        loop {
            let cause = Cause {
                at: self.clock.now(),
                ..self.cause.clone()
            };
            let now = end::now_with(self.refresh_ttl, cause.at.wall);
            let Some(batch) = batches.next(now, cause) else {
                return self.tell(|run| run.state = State::Done);
            };
            let seen = batch.len() as u64;
            let mut tries = 0;
            let count = loop {
                match self.store.write(batch.clone()).await {
                    Ok(count) => break count,
                    Err(StoreError::Busy(_)) if tries < TRIES => tries += 1,
                    Err(error) => {
                        tracing::error!(%error, run = self.id, "a run that ends sessions was given up");
                        return self.tell(|run| run.state = State::Stopped(error.clone()));
                    }
                }
                sleep(Duration::from_millis(TRY_AGAIN_MS)).await;
            };
            self.tell(|run| {
                run.seen += seen;
                run.ended += count.ended;
            });
            sleep(Duration::from_millis(BREATH_MS)).await;
        }
    }

    fn tell(&self, tell: impl FnOnce(&mut Run)) {
        let mut runs = locked(&self.runs);
        if let Some(run) = runs.iter_mut().find(|run| run.id == self.id) {
            tell(run);
        }
    }
}

fn locked(runs: &Mutex<VecDeque<Run>>) -> MutexGuard<'_, VecDeque<Run>> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}
