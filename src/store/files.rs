//! The database's files by their identity: what SQLite holds open must be what stands under the names.
//!
//! SQLite goes on in a file that was removed or replaced, and says nothing: every answer from then on would be gone after a restart. The log
//! and its index count too, for a commit stands in the log first, and another index would let two processes write at once.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::store::db;

/// The files of a database that somebody has open: itself, its log, the log's index.
#[must_use]
pub fn of_database(database: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| db::beside(database, ending))
}

/// The files as they stood when they were opened.
pub(super) struct Files(Vec<Known>);

struct Known {
    path: PathBuf,
    identity: Identity,
}

/// The file system and the file's number in it.
type Identity = (u64, u64);

impl Files {
    /// The files of a database that is open. The log is there from the first statement on.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        let known = of_database(database)
            .into_iter()
            .map(|path| identity(&path).map(|identity| Known { path, identity }));
        known.collect::<io::Result<_>>().map(Self)
    }

    /// Which of them is no longer what it was, in words.
    pub(super) fn changed(&self) -> Option<String> {
        self.0.iter().find_map(|known| {
            let path = known.path.display();
            match identity(&known.path) {
                Ok(found) if found == known.identity => None,
                Ok(_) => Some(format!("{path} was replaced while the server ran")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Some(format!("{path} was removed while the server ran"))
                }
                // It may be there: a directory that cannot be looked into for a moment (no descriptor, no memory) proves nothing.
                Err(_) => None,
            }
        })
    }

    /// Whether the database itself stands where it stood.
    pub(super) fn database_stands(&self) -> bool {
        self.0
            .first()
            .is_some_and(|known| identity(&known.path).is_ok_and(|found| found == known.identity))
    }
}

fn identity(path: &Path) -> io::Result<Identity> {
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
