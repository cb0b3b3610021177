//! A database in preparation: a copy that nobody else has open, made ready beside the present one and put into its place in one step.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::Change;
use crate::store::backup::{self, BackupError, Kind, Name, Pace, Prepared, Progress};
use crate::store::condition::Condition;
use crate::store::db::{self, Db, Tx};
use crate::store::error::{OpenError, StoreError};
use crate::store::schema;
use crate::types::checkpoints::Checkpoints;
use crate::types::time::Timestamp;

/// What SQLite may have put beside a database, and what belongs to it alone: another database would be ruined by it.
const BELONGING: [&str; 2] = ["-wal", "-journal"];

/// A copy of a backup in the present schema, checked.
pub struct Staged {
    connection: Connection,
    condition: Condition,
    prepared: Prepared,
    /// The schema version that the backup had.
    pub found: i64,
}

/// Why the copy is not in the present database's place, which is as it was.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Something else has the present database open.
    #[error("another program has {} open; end it and try again", .0.display())]
    InUse(PathBuf),
    /// A file cannot be moved.
    #[error("cannot put the copy into the place of {}: {cause}; check the directory's owner", database.display())]
    CannotMove {
        /// Which database.
        database: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The copy.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Staged {
    /// Copies `file` beside the database that it is to replace, checks every page and every reference, and brings it to the present schema. `file`
    /// itself is only read.
    ///
    /// # Errors
    /// When it is not the Hub's, damaged or newer, or there is no space.
    pub fn copy(
        file: &Path,
        database: &Path,
        told: &mut dyn FnMut(Progress),
    ) -> Result<Self, BackupError> {
        let folder = db::folder_of(database);
        let prepared = backup::prepare(file, folder, Pace::Quick, told)?;
        let path = prepared.path();
        let failed = |cause| OpenError::Failed {
            path: file.to_owned(),
            cause,
        };
        let mut connection = db::open_writable(&path, Checkpoints::Own).map_err(failed)?;
        schema::check_whole(file, &connection)?;
        schema::check_migrates(file, prepared.schema)?;
        schema::migrate(file, &mut connection)?;
        Ok(Self {
            connection,
            condition: Condition::default(),
            found: prepared.schema,
            prepared,
        })
    }

    /// Reads it.
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn read<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&Db<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        read(&Db::new(&self.connection, &self.condition))
    }

    /// Applies a change to it.
    ///
    /// # Errors
    /// The change's own, or what SQLite says; then nothing was changed.
    pub fn apply<C: Change>(&self, change: C) -> Result<C::Outcome, C::Error> {
        let run = |sql| {
            let done = self.connection.execute_batch(sql);
            done.map_err(|error| C::Error::from(error.into()))
        };
        run("BEGIN IMMEDIATE")?;
        let applied = change.apply(&Tx::new(&self.connection, &self.condition));
        run(if applied.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        })?;
        applied
    }

    /// Puts it into the place of `database`, which is kept under a name of its own; returns that name, if there was something to keep.
    ///
    /// Wherever this is cut off, `database` is the old one, or the new one, or (only where the old one was damaged) missing; never is one of them
    /// beside the log of the other.
    ///
    /// # Errors
    /// Why the old one is still in its place.
    pub fn put_in_place(
        self,
        database: &Path,
        at: Timestamp,
    ) -> Result<Option<PathBuf>, PlaceError> {
        db::make_single(&self.connection)?;
        let closed = self.connection.close();
        closed.map_err(|(_, error)| StoreError::from(error))?;
        let staged = self.prepared.path();
        let folder = db::folder_of(database);
        let name = Name::new(Kind::Replaced, at);
        let aside = folder.join(backup::free_name(folder, &name).to_string());
        let is_folded = fold(database)?;
        let moved = || {
            File::open(&staged)?.sync_all()?;
            let kept = keep(database, &aside, is_folded)?;
            // What is kept is on disk before the new one takes its place.
            File::open(folder)?.sync_all()?;
            fs::rename(&staged, database)?;
            File::open(folder)?.sync_all()?;
            Ok(kept.then(|| aside.clone()))
        };
        moved().map_err(|cause| PlaceError::CannotMove {
            database: database.to_owned(),
            cause,
        })
    }
}

/// Folds the log of a sound database into it, so that it is one file. One that is damaged, or not ours, is left exactly as it is.
fn fold(database: &Path) -> Result<bool, PlaceError> {
    let folded = || -> Result<(), StoreError> {
        schema::version(database).map_err(|error| StoreError::Broken(error.to_string()))?;
        let connection = db::open_writable(database, Checkpoints::Own)?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        // The last one to close a database takes its log away.
        connection.close().map_err(|(_, error)| error.into())
    };
    if !database.exists() || folded().is_err() {
        return Ok(false);
    }
    let is_left = |ending: &str| db::beside(database, ending).exists();
    if BELONGING.iter().any(|ending| is_left(ending)) {
        return Err(PlaceError::InUse(database.to_owned()));
    }
    Ok(true)
}

/// Gives the database, and what belongs to it, another name; tells whether there was anything.
fn keep(database: &Path, aside: &Path, is_folded: bool) -> io::Result<bool> {
    // A second name: the database has its own until the new one takes it over. Where there are no links, it is missing for a moment.
    if is_folded && fs::hard_link(database, aside).is_ok() {
        return Ok(true);
    }
    let mut is_kept = false;
    // The database first: without it its log is nothing, but it without its log would seem whole.
    for ending in [""].iter().chain(&BELONGING) {
        let from = db::beside(database, ending);
        match fs::rename(from, db::beside(aside, ending)) {
            Ok(()) => is_kept = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    // The log's index, made anew whenever it is missing.
    match fs::remove_file(db::beside(database, "-shm")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(is_kept),
    }
}
