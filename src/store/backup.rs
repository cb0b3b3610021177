//! A copy of the database as of one moment, made beside whoever writes to it.
//!
//! SQLite copies page by page from a connection that holds one read transaction: what is committed meanwhile is not in the copy, and the writer
//! waits for nothing. (`VACUUM INTO` would be smaller by the free pages, but it builds every index anew, which costs a busy machine several
//! times the work, and it cannot say how far it is.) As long as a copy is made the log cannot begin anew, so it grows by what is written.
//!
//! A copy is one file with nothing beside it. It gets its name when it is whole, checked and on disk; until then it has a name that the next copy
//! clears away. Whoever makes one holds the folder's lock.

mod folder;
mod name;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::store::error::{OpenError, StoreError};
use crate::store::{db, schema};

pub use folder::{Listed, latest_number, list, make, surplus};
pub use name::{Kind, Name};

/// What a copy is called until it is whole.
const UNFINISHED: &str = ".hub-backup.partial";
/// Pages of one step: a megabyte, some milliseconds.
const STEP_PAGES: i32 = 256;
/// Space that a copy leaves on the disk: room for the log of a busy day, or the copy would stop the Hub that it is to save.
const SPARE_BYTES: u64 = 32 * 1024 * 1024;

/// How a copy is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the disk: somebody waits for it.
    Quick,
    /// With a breath after each step, for nobody waits.
    Unhurried,
}

impl Pace {
    const fn breath(self) -> Duration {
        match self {
            Self::Quick => Duration::ZERO,
            Self::Unhurried => Duration::from_millis(10),
        }
    }
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Pages copied.
    pub done: u64,
    /// Pages in all.
    pub total: u64,
}

/// Why there is no copy. Nothing is left behind, and each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The name is taken.
    #[error("{} is there already, and a backup never replaces a file; name another", .0.display())]
    Exists(PathBuf),
    /// Somebody else writes one there.
    #[error("another backup is being written into {}; try again when it is done", .0.display())]
    UnderWay(PathBuf),
    /// It would fill the disk.
    #[error(
        "the copy needs {needed} bytes and {} has {free} free; make room there, or write the copy to another disk",
        folder.display()
    )]
    NoSpace {
        /// Where.
        folder: PathBuf,
        /// Bytes of the copy, and what has to stay free.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The file cannot be made.
    #[error("cannot write {}: {cause}; check the folder's owner and free space", path.display())]
    CannotWrite {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Reading the one database or writing the other failed.
    #[error("cannot copy {} to {}: {cause}; check both disks and their free space", from.display(), to.display())]
    Failed {
        /// From where.
        from: PathBuf,
        /// To where.
        to: PathBuf,
        /// How it failed.
        cause: StoreError,
    },
    /// The database is not there, not the Hub's, or damaged.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// A whole and checked copy that has no name yet. Dropped without one, it is gone.
pub struct Prepared {
    folder: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The schema version of the database in it.
    pub schema: i64,
    /// Held until the copy has its name.
    _lock: File,
}

/// A copy that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Where.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The schema version of the database in it.
    pub schema: i64,
}

/// Copies `database` into `folder`; the copy still lacks its name.
///
/// # Errors
/// Why there is none.
pub fn prepare(
    database: &Path,
    folder: &Path,
    pace: Pace,
    told: &mut dyn FnMut(Progress),
) -> Result<Prepared, BackupError> {
    let source = open_source(database)?;
    let lock = lock(folder)?;
    let unfinished = folder.join(UNFINISHED);
    let failed = |cause: StoreError| BackupError::Failed {
        from: database.to_owned(),
        to: unfinished.clone(),
        cause,
    };
    clear(&unfinished).map_err(|cause| cannot_write(&unfinished, cause))?;
    has_space(size(&source).map_err(failed)?, folder)?;
    db::make_private(&unfinished).map_err(|cause| cannot_write(&unfinished, cause))?;
    // From here on it is removed again unless it gets its name.
    let mut prepared = Prepared {
        folder: folder.to_owned(),
        bytes: 0,
        schema: 0,
        _lock: lock,
    };
    let mut target = db::open_copy(&unfinished).map_err(failed)?;
    copy(&source, &mut target, pace, told).map_err(|error| failed(error.into()))?;
    drop(source);
    db::make_single(&target).map_err(failed)?;
    prepared.schema = schema::identify(&unfinished, &target)?;
    schema::check_pages(database, &target)?;
    target.close().map_err(|(_, error)| failed(error.into()))?;
    let file = File::open(&unfinished).map_err(|cause| cannot_write(&unfinished, cause))?;
    file.sync_all()
        .map_err(|cause| cannot_write(&unfinished, cause))?;
    prepared.bytes = file
        .metadata()
        .map_err(|cause| cannot_write(&unfinished, cause))?
        .len();
    Ok(prepared)
}

impl Prepared {
    /// Gives it this name in its folder, which must be free.
    ///
    /// # Errors
    /// When the name is taken, or the folder takes none.
    pub fn publish(self, name: &str) -> Result<Made, BackupError> {
        let path = self.folder.join(name);
        let unfinished = self.folder.join(UNFINISHED);
        let named = give_name(&unfinished, &path).and_then(|()| {
            // Its name is on disk once the folder is.
            File::open(&self.folder)?.sync_all()
        });
        named.map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(path.clone()),
            _ => cannot_write(&path, cause),
        })?;
        Ok(Made {
            path,
            bytes: self.bytes,
            schema: self.schema,
        })
    }

    /// Gives it the Hub's own name, or the next one of the same second.
    ///
    /// # Errors
    /// As [`Prepared::publish`].
    pub fn publish_as(self, name: &Name) -> Result<Made, BackupError> {
        let free = self.free(name);
        self.publish(&free.to_string())
    }

    /// This name, or its next turn that no file in the folder has.
    #[must_use]
    pub fn free(&self, name: &Name) -> Name {
        free_name(&self.folder, name)
    }

    /// Where it lies until then.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(UNFINISHED)
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // Nothing is left under this name once it has another. What cannot be removed now the next copy removes.
        let _left_behind = clear(&self.folder.join(UNFINISHED));
    }
}

/// The name, or the first of its turns that no file has.
pub(super) fn free_name(folder: &Path, name: &Name) -> Name {
    let mut free = name.clone();
    while folder.join(free.to_string()).exists() {
        match free.next_turn() {
            Some(next) => free = next,
            None => break,
        }
    }
    free
}

/// A second name by a link never replaces a file, whoever made it meanwhile. Where there are no links (FAT) a look has to do.
fn give_name(unfinished: &Path, path: &Path) -> io::Result<()> {
    match std::fs::hard_link(unfinished, path) {
        Ok(()) => std::fs::remove_file(unfinished),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if path.try_exists()? => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(unfinished, path),
    }
}

fn open_source(database: &Path) -> Result<Connection, BackupError> {
    if !database.exists() {
        return Err(OpenError::Missing(database.to_owned()).into());
    }
    let failed = |cause| OpenError::Failed {
        path: database.to_owned(),
        cause,
    };
    let source = db::open_read_only(database).map_err(failed)?;
    schema::identify(database, &source)?;
    Ok(source)
}

fn copy(
    source: &Connection,
    target: &mut Connection,
    pace: Pace,
    told: &mut dyn FnMut(Progress),
) -> rusqlite::Result<()> {
    // One moment: without a transaction of its own the copy would begin anew with each commit.
    source.execute_batch("BEGIN")?;
    let () = source.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let copying = Backup::new(source, target)?;
    loop {
        let step = copying.step(STEP_PAGES)?;
        let count = |pages: i32| u64::from(pages.unsigned_abs());
        let progress = copying.progress();
        let total = count(progress.pagecount);
        told(Progress {
            done: total.saturating_sub(count(progress.remaining)),
            total,
        });
        match step {
            StepResult::Done => return Ok(()),
            // Nobody else knows the copy, and a reader is locked out by nobody for long.
            _ => std::thread::sleep(pace.breath()),
        }
    }
}

/// Bytes of the database, its free pages included.
fn size(source: &Connection) -> Result<u64, StoreError> {
    let number = |sql| source.query_row(sql, [], |row| row.get::<_, i64>(0));
    let pages = number("PRAGMA page_count")?.unsigned_abs();
    Ok(pages.saturating_mul(number("PRAGMA page_size")?.unsigned_abs()))
}

/// Refuses a copy that would fill the disk. Where the disk does not tell how full it is, the copy is tried.
fn has_space(bytes: u64, folder: &Path) -> Result<(), BackupError> {
    let needed = bytes.saturating_add(SPARE_BYTES);
    match folder::free_bytes(folder) {
        Some(free) if free < needed => Err(BackupError::NoSpace {
            folder: folder.to_owned(),
            needed,
            free,
        }),
        _ => Ok(()),
    }
}

/// A file or folder that cannot be written.
#[must_use]
pub fn cannot_write(path: &Path, cause: io::Error) -> BackupError {
    BackupError::CannotWrite {
        path: path.to_owned(),
        cause,
    }
}

/// The folder is this process's to write copies into until the file is dropped, or the process ends.
fn lock(folder: &Path) -> Result<File, BackupError> {
    let held = File::open(folder).map_err(|cause| cannot_write(folder, cause))?;
    match held.try_lock() {
        Ok(()) => Ok(held),
        Err(TryLockError::WouldBlock) => Err(BackupError::UnderWay(folder.to_owned())),
        Err(TryLockError::Error(cause)) => Err(cannot_write(folder, cause)),
    }
}

/// Removes a database file and what SQLite puts beside one, as far as they are there.
pub(super) fn clear(path: &Path) -> io::Result<()> {
    for beside in ["", "-journal", "-wal", "-shm"] {
        match std::fs::remove_file(db::beside(path, beside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
