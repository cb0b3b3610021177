//! How the store fails, in the words its callers need.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why something could not be read or written. Clonable, since one failed commit fails every change in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too much waits, or another process holds the database: worth another try in a moment.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// The disk takes no writes (full, read-only, failing). Nothing was changed; reads may still work.
    #[error("the store takes no writes: {0}")]
    Unwritable(String),
    /// The database is damaged, or no longer the one that was opened: nothing it says is believed until the next start.
    #[error("the database is not to be trusted: {0}")]
    Untrusted(String),
    /// Anything else: an impossible row, a bug.
    #[error("the store failed: {0}")]
    Broken(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(text),
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen,
            ) => Self::Unwritable(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Untrusted(text),
            _ => Self::Broken(text),
        }
    }
}

/// Why the database could not be opened. Each says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A command was pointed at a place where no Hub has run.
    #[error(
        "no database at {}: run `hub serve` there once, or name the right directory with --data-dir",
        .0.display()
    )]
    Missing(PathBuf),
    /// There was a database, and it is gone.
    #[error(
        "{} is missing or empty, but there was one here: put it back, or a backup in its place with `hub restore`; to begin anew without its users, empty the directory",
        .0.display()
    )]
    Lost(PathBuf),
    /// The file cannot be made.
    #[error("cannot make {}: {cause}; check the directory's owner and free space", path.display())]
    CannotMake {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The data directory cannot be made.
    #[error("cannot make {}: {cause}; check its owner, or name another with --data-dir", path.display())]
    CannotMakeDirectory {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is a file, but not ours.
    #[error(
        "{} is not a database of the Hub ({cause}); move it away, or name the right directory with --data-dir",
        path.display()
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// How it was told.
        cause: String,
    },
    /// It can be read but not written.
    #[error("{} cannot be written; let the user that runs the Hub own it, and write to it", .0.display())]
    ReadOnly(PathBuf),
    /// It was written by a newer Hub.
    #[error(
        "{} has schema version {found}, this binary knows up to {known}; run the newer hub that wrote it, or restore an older backup",
        path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// It was written by an older Hub, and the command line does not migrate.
    #[error(
        "{} has schema version {found}, this binary needs {known}; start `hub serve` once to migrate it",
        path.display()
    )]
    Older {
        /// Which file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// It fails SQLite's own check.
    #[error(
        "{} is damaged ({cause}); it was left as it is: keep a copy and put a backup in its place",
        path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The check's first finding.
        cause: String,
    },
    /// The SQLite in this binary has a known bug.
    #[error(
        "this binary carries SQLite {0}; 3.51.3 or later is needed, build with the bundled one"
    )]
    OldSqlite(String),
    /// Anything else, in SQLite's words.
    #[error("cannot open {}: {cause}", path.display())]
    Failed {
        /// Which file.
        path: PathBuf,
        /// How it failed.
        cause: StoreError,
    },
}
