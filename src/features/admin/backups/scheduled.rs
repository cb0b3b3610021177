//! Copies the database in the background when it is time, and takes away the oldest of these copies.

use std::fs::remove_file;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rocket::fairing::AdHoc;
use rocket::tokio;

use crate::features::admin::backups::make_backup::{Making, MakingError};
use crate::features::admin::backups::model::Schedule;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::backup::{self, BackupError, Kind, Listed, Name, Pace};
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::{Actor, Cause};
use crate::types::time::{Moment, Timestamp};

/// Between two looks at the clock.
const TICK: Duration = Duration::from_mins(1);

/// The last scheduled copy, if it failed: when, and in which words.
#[derive(Clone, Default)]
pub struct LastFailure(Arc<Mutex<Option<(Timestamp, String)>>>);

impl LastFailure {
    /// What failed, if the last one did.
    #[must_use]
    pub fn told(&self) -> Option<(Timestamp, String)> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    fn set(&self, failure: Option<(Timestamp, String)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }
}

/// What the copies need, apart from the Hub, on a thread that may wait.
pub struct Scheduled {
    making: Making,
    keep: usize,
    schedule: Mutex<Schedule>,
    last_failure: LastFailure,
}

/// Makes them for as long as the server is there.
#[must_use]
pub fn in_the_background() -> AdHoc {
    AdHoc::on_ignite("scheduled backups", |rocket| async {
        let (Some(hub), Some(last_failure)) =
            (rocket.state::<Hub>(), rocket.state::<LastFailure>())
        else {
            return rocket;
        };
        let scheduled = Arc::new(Scheduled::of(hub, last_failure));
        // Weak, so that the task does not keep the database open when the server is gone.
        let watched = Arc::downgrade(&scheduled);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                let Some(scheduled) = watched.upgrade() else {
                    break;
                };
                // What one look found is in the log; the next one is a minute away.
                let _looked = tokio::task::spawn_blocking(move || scheduled.look()).await;
            }
        });
        rocket.manage(scheduled)
    })
}

impl Scheduled {
    /// Of this Hub, as its settings say.
    #[must_use]
    pub fn of(hub: &Hub, last_failure: &LastFailure) -> Self {
        Self {
            making: Making::of(hub),
            keep: hub.config.backup.keep,
            schedule: Mutex::new(Schedule::new(hub.config.backup.every)),
            last_failure: last_failure.clone(),
        }
    }

    /// Makes a copy if it is time. Not for an asynchronous thread.
    pub fn look(&self) {
        let now = self.making.clock.now();
        let mut schedule = self.schedule.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = || newest(&self.copies().unwrap_or_default());
        if !schedule.is_due(now, newest) {
            return;
        }
        let failure = match self.copy(now) {
            Ok(()) => {
                schedule.made(now);
                // A copy too many is no reason to make another one.
                self.thin_out(now).err()
            }
            Err(MakingError::Backup(BackupError::UnderWay(_))) => {
                tracing::debug!("another backup is being made; the scheduled one waits");
                return;
            }
            Err(error) => {
                schedule.failed(now);
                Some(error)
            }
        };
        if let Some(error) = &failure {
            tracing::error!(%error, "the scheduled backup failed; it is tried again");
        }
        self.last_failure
            .set(failure.map(|error| (now.wall, error.to_string())));
    }

    fn copy(&self, now: Moment) -> Result<(), MakingError> {
        let number = backup::latest_number(&self.copies()?).saturating_add(1);
        let kind = Kind::Scheduled { number };
        let made = self.making.make(kind, Pace::Unhurried, system(now))?;
        tracing::info!(file = %made.path.display(), bytes = made.bytes, "the scheduled backup is made");
        Ok(())
    }

    /// Takes the oldest scheduled copies away, as far as they are too many.
    fn thin_out(&self, now: Moment) -> Result<(), MakingError> {
        for name in backup::surplus(&self.copies()?, self.keep) {
            let removal = Removed {
                name: name.clone(),
                cause: system(now),
            };
            self.making.store.write_blocking(removal)?;
            let path = self.making.folder.join(name.to_string());
            match remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(backup::cannot_write(&path, error).into());
                }
                _ => tracing::info!(file = %path.display(), "an old scheduled backup is removed"),
            }
        }
        Ok(())
    }

    fn copies(&self) -> Result<Vec<Listed>, BackupError> {
        backup::list(&self.making.folder)
    }
}

/// When the last scheduled copy was written: the last by its number.
fn newest(copies: &[Listed]) -> Option<Timestamp> {
    let number = backup::latest_number(copies);
    let last = copies
        .iter()
        .find(|copy| copy.name.kind == Kind::Scheduled { number });
    last.map(|copy| copy.written_at)
}

fn system(now: Moment) -> Cause {
    Cause::here(Actor::System, now)
}

/// Notes that a copy gives way to newer ones, before it does.
struct Removed {
    name: Name,
    cause: Cause,
}

impl Change for Removed {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let target = format!("backup:{}", self.name);
        tx.audit(&self.cause, Action::BackupRemove, Some(target), None)
    }
}
