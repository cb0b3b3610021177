//! One run of the housekeeping, and when there is one.

use std::sync::Arc;
use std::time::Duration;

use rocket::fairing::AdHoc;
use rocket::tokio;
use rocket::tokio::time::Instant;

use crate::features::housekeeping::model::Policy;
use crate::features::housekeeping::remove_deliveries::{BATCH_DELIVERIES, RemoveDeliveries};
use crate::features::housekeeping::remove_rest::{BATCH_ROWS, RemoveNetworks, RemoveRest};
use crate::features::housekeeping::remove_revocations::{BATCH_REVOCATIONS, RemoveRevocations};
use crate::features::housekeeping::remove_sessions::{BATCH_SESSIONS, RemoveSessions};
use crate::features::housekeeping::store::Place;
use crate::features::housekeeping::tell::Tell;
use crate::hub::Hub;
use crate::hub::counts::Counts;
use crate::store::lived::Advance;
use crate::store::{Change, Store, StoreError};
use crate::types::cause::{Actor, Cause};
use crate::types::time::Clock;

/// From the start of the server to its first run: who restarts it has other worries first, and whoever waits for it is let in first.
const FIRST_PAUSE: Duration = Duration::from_mins(5);
/// Between two runs. What is kept for days may stay for another hour, and what piles up in an hour is removed in a moment. It is also what
/// the lived time lacks at most when a machine is switched off.
const PAUSE: Duration = Duration::from_hours(1);
/// After a batch the writer is left to others for so many times as long as that took, waiting in its queue included: under load the
/// housekeeping takes a tenth of it at most, and the busier it is, the less.
const BREATHS_PER_BATCH: u32 = 9;
/// And never longer than this, or a run of many batches would not end before the next.
const LONGEST_BREATH: Duration = Duration::from_secs(5);

/// What a run needs.
pub struct Housekeeping {
    store: Store,
    clock: Arc<dyn Clock>,
    policy: Policy,
    counts: Arc<Counts>,
    access_ttl: Duration,
}

impl Housekeeping {
    /// That of a Hub.
    #[must_use]
    pub fn of(hub: &Hub) -> Self {
        Self {
            store: hub.store.clone(),
            clock: Arc::clone(&hub.clock),
            policy: Policy {
                refresh_ttl: hub.config.refresh_ttl,
                keep: hub.config.keep_ended_sessions,
            },
            counts: Arc::clone(&hub.counts),
            access_ttl: hub.config.access_ttl,
        }
    }

    /// Removes all that is over by now; tells what went, as `name=value` words. A writer that is too busy ends the run: the next goes on.
    ///
    /// # Errors
    /// What the store says.
    pub async fn run(&self) -> Result<Option<String>, StoreError> {
        let removed = self.remove().await;
        match &removed {
            Ok(_) => self.counts.housekept(self.clock.now().wall),
            Err(_) => self.counts.housekeeping_failed(),
        }
        removed
    }

    async fn remove(&self) -> Result<Option<String>, StoreError> {
        let now = self.clock.now();
        self.store.write(Advance { now }).await?;
        self.remove_sessions().await?;
        self.remove_networks().await?;
        self.remove_rest().await?;
        self.remove_revocations().await?;
        self.remove_deliveries().await?;
        let cause = Cause::here(Actor::System, self.clock.now());
        self.store.write(Tell { cause }).await
    }

    async fn remove_sessions(&self) -> Result<(), StoreError> {
        let mut place = Some(Place::FIRST);
        while let Some(after) = place {
            let change = RemoveSessions {
                now: self.clock.now(),
                policy: self.policy,
                after,
                most: BATCH_SESSIONS,
            };
            let (is_worth_it, next) = self.store.read(|db| change.peek(db))?;
            place = if is_worth_it {
                self.batch(change).await?.next
            } else {
                // Others who run on this thread come in between.
                tokio::task::yield_now().await;
                next
            };
        }
        Ok(())
    }

    async fn remove_networks(&self) -> Result<(), StoreError> {
        let mut place = Some(RemoveNetworks::FIRST);
        while let Some(after) = place {
            let change = RemoveNetworks {
                now: self.clock.now(),
                after,
                most: BATCH_ROWS,
            };
            let (is_worth_it, next) = self.store.read(|db| change.peek(db))?;
            place = if is_worth_it {
                self.batch(change).await?.1
            } else {
                tokio::task::yield_now().await;
                next
            };
        }
        Ok(())
    }

    async fn remove_rest(&self) -> Result<(), StoreError> {
        loop {
            let change = RemoveRest {
                now: self.clock.now(),
                most: BATCH_ROWS,
            };
            if !self.store.read(|db| change.peek(db))? || self.batch(change).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn remove_revocations(&self) -> Result<(), StoreError> {
        loop {
            let change = RemoveRevocations {
                now: self.clock.now(),
                access_ttl: self.access_ttl,
                most: BATCH_REVOCATIONS,
            };
            if !self.store.read(|db| change.peek(db))? || self.batch(change).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn remove_deliveries(&self) -> Result<(), StoreError> {
        loop {
            let change = RemoveDeliveries {
                now: self.clock.now(),
                most: BATCH_DELIVERIES,
            };
            if !self.store.read(|db| change.peek(db))? || self.batch(change).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Applies a change, then leaves the writer to others.
    async fn batch<C: Change>(&self, change: C) -> Result<C::Outcome, C::Error> {
        let begun = Instant::now();
        let outcome = self.store.write(change).await;
        tokio::time::sleep((begun.elapsed() * BREATHS_PER_BATCH).min(LONGEST_BREATH)).await;
        outcome
    }
}

/// Runs for as long as the server is there.
#[must_use]
pub fn hourly() -> AdHoc {
    AdHoc::on_ignite("housekeeping", |rocket| async {
        let Some(housekeeping) = rocket.state::<Hub>().map(Housekeeping::of) else {
            return rocket;
        };
        let housekeeping = Arc::new(housekeeping);
        // Weak, so that the task does not keep the database open when the server is gone.
        let watched = Arc::downgrade(&housekeeping);
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                tokio::time::sleep(pause).await;
                pause = PAUSE;
                let Some(housekeeping) = watched.upgrade() else {
                    break;
                };
                match housekeeping.run().await {
                    Ok(Some(removed)) => {
                        tracing::info!(removed, "housekeeping removed what was over");
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(
                        %error,
                        "the housekeeping was cut off; it goes on in an hour"
                    ),
                }
            }
        });
        rocket.manage(housekeeping)
    })
}
