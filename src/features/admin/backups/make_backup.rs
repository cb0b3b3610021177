//! `POST /admin/settings/backups`: a copy of the database, made while whoever asked for it waits.

use std::path::PathBuf;
use std::sync::Arc;

use rocket::tokio::task::spawn_blocking;
use rocket::{State, post};

use crate::features::browser::who::SuperAdministrator;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::{Hub, Place};
use crate::store::audit::Action;
use crate::store::backup::{self, BackupError, Kind, Made, Name, Pace};
use crate::store::{Change, Store, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::time::Clock;

/// Where whoever has to give the password first goes on, and where the new copy is seen.
const SETTINGS: &str = "/admin/settings";

/// Makes it.
///
/// # Errors
/// When the password has to be given first, or the audit cannot be written; then there is no copy.
#[post("/admin/settings/backups", data = "<_form>")]
pub async fn make(
    hub: &State<Hub>,
    administrator: SuperAdministrator,
    _form: Form,
) -> Result<Away, Refusal> {
    administrator.proven(SETTINGS)?;
    let (making, cause) = (Making::of(hub), administrator.cause(hub));
    let made = spawn_blocking(move || making.make(Kind::Asked, Pace::Quick, cause)).await;
    let code = match made.map_err(|_| ApiError::of_status(500))? {
        Ok(made) => {
            tracing::info!(file = %made.path.display(), bytes = made.bytes, "a backup is made");
            "backup_made"
        }
        Err(MakingError::Store(error)) => return Err(error.into()),
        Err(MakingError::Backup(error)) => {
            tracing::error!(%error, "the backup that was asked for was not made");
            match error {
                BackupError::UnderWay(_) => "backup_under_way",
                BackupError::NoSpace { .. } => "backup_no_space",
                _ => "backup_failed",
            }
        }
    };
    Ok(Away::to(SETTINGS).noting(Note::new(code)))
}

/// What a copy needs, apart from the Hub, so that it can be made on a thread that may wait.
pub struct Making {
    database: PathBuf,
    /// The folder of the copies.
    pub folder: PathBuf,
    /// Where the audit is written.
    pub store: Store,
    /// When it is.
    pub clock: Arc<dyn Clock>,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum MakingError {
    /// The copy.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// Its row in the audit.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Making {
    /// Of this Hub.
    #[must_use]
    pub fn of(hub: &Hub) -> Self {
        let place = Place::new(&hub.config.data_dir);
        Self {
            database: place.database(),
            folder: place.backups(),
            store: hub.store.clone(),
            clock: Arc::clone(&hub.clock),
        }
    }

    /// Makes a copy: it gets its name once its row is in the audit. Not for an asynchronous thread.
    ///
    /// # Errors
    /// Why there is none.
    pub fn make(&self, kind: Kind, pace: Pace, cause: Cause) -> Result<Made, MakingError> {
        let folder = &self.folder;
        backup::make(folder)?;
        let prepared = backup::prepare(&self.database, folder, pace, &mut |_| {})?;
        let name = prepared.free(&Name::new(kind, cause.at.wall));
        self.store.write_blocking(BackedUp {
            name: name.clone(),
            bytes: prepared.bytes,
            cause,
        })?;
        Ok(prepared.publish(&name.to_string())?)
    }
}

/// Notes that the database was copied.
struct BackedUp {
    name: Name,
    bytes: u64,
    cause: Cause,
}

impl Change for BackedUp {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let target = format!("backup:{}", self.name);
        let detail = format!("bytes={}", self.bytes);
        tx.audit(&self.cause, Action::BackupMake, Some(target), Some(detail))
    }
}
