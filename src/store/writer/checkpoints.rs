//! When the log is folded into the database.
//!
//! SQLite's own way (after each commit with more than a thousand pages in the log, as far as no reader stands in the way) never begins the log anew
//! as long as requests keep reading: under constant load the log grew by 15 MB a second, and every commit paid for a fold. So the writer folds, and
//! waits a moment for the readers that are just looking at the log; whoever comes then reads the database itself. Most of it is done by a thread
//! [beside](super::folder), in small pieces: on a busy disk a fold takes a tenth of a second, and every change would wait for it.

use std::cell::Cell;
use std::ffi::c_int;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::store::db::BUSY_TIMEOUT;
use crate::store::writer::folder::{FoldError, Folder, State, open_for_good};

/// Each time so many pages have come to the log, they are folded beside: a sync of one megabyte delays the commits beside it by little.
const FOLD_BESIDE_AT_PAGES: i64 = 250;
/// Pages in the log at which it is begun anew: 4 MiB.
const FOLD_AT_PAGES: i64 = 1_000;
/// Pages in the log from which on the writer waits for the folder, so that a slow disk does not let it grow without end: 8 MiB.
const MOST_PAGES_BESIDE: i64 = 2_000;
/// How long a fold waits for readers when the log has just that length. A look-up takes microseconds, a list milliseconds.
const WAIT: Duration = Duration::from_millis(50);
/// The longer the log, the longer the wait, up to this: every change waits with it.
const MAX_WAIT: Duration = Duration::from_millis(500);

thread_local! {
    /// Pages in the log after the last commit on this thread.
    static LOG_PAGES: Cell<i64> = const { Cell::new(0) };
}

/// Lets SQLite tell with each commit how long the log is: to ask costs a statement, which it prepares anew each time.
pub(super) fn watch_log(connection: &Connection) {
    LOG_PAGES.set(0);
    connection.wal_hook(Some(note_pages));
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is the library's")]
fn note_pages(_: &Wal, pages: c_int) -> rusqlite::Result<()> {
    LOG_PAGES.set(pages.into());
    Ok(())
}

/// When the writer has the log folded, and folds it.
pub(super) struct Folding {
    /// Pages in the log at which it is begun anew.
    at_pages: i64,
    /// Pages in the log when it was last folded beside.
    folded_pages: i64,
    /// Once there was something to fold.
    folder: Option<Folder>,
    /// The database, for the folder to sync.
    file: Option<&'static File>,
}

impl Folding {
    pub(super) fn new() -> Self {
        Self {
            at_pages: FOLD_AT_PAGES,
            folded_pages: 0,
            folder: None,
            file: None,
        }
    }

    /// After a commit: folds as much of the log as is due.
    ///
    /// # Errors
    /// [`FoldError::Sync`] alone: then the database must not be used any more, nor the log ended. Whatever else fails, the next commits try again.
    pub(super) fn fold_if_due(
        &mut self,
        connection: &Connection,
        database: &Path,
    ) -> Result<(), FoldError> {
        let pages = LOG_PAGES.get();
        if pages < FOLD_BESIDE_AT_PAGES {
            return Ok(());
        }
        let folded = match self.is_writers_turn(pages, database) {
            Ok(false) => return Ok(()),
            Ok(true) => self.begin_anew(connection, pages).map_err(FoldError::from),
            Err(error) => Err(error),
        };
        let Err(error) = folded else {
            return Ok(());
        };
        if matches!(error, FoldError::Sync(_)) {
            return Err(error);
        }
        // Nothing is lost: what is not folded stands in the log.
        tracing::warn!(%error, "the log was not folded into the database; the next commits try again");
        self.folder = None;
        self.folded_pages = pages;
        self.at_pages = self.at_pages.saturating_add(FOLD_AT_PAGES);
        Ok(())
    }

    /// Nothing is being folded when this returns.
    pub(super) fn stop(&mut self) {
        self.folder = None;
    }

    /// Has the log folded beside, as far as that is due. Whether the log is long enough to begin anew, with little left to fold.
    fn is_writers_turn(&mut self, pages: i64, database: &Path) -> Result<bool, FoldError> {
        if pages < self.folded_pages {
            // SQLite itself has begun it, as it does after a moment without readers in which all was folded.
            self.is_begun_anew();
        }
        self.ensure_folder(database);
        let Some(folder) = &mut self.folder else {
            // Without a descriptor or a thread to be had, the writer does all of it.
            return Ok(pages >= self.at_pages);
        };
        let state = match folder.state() {
            State::Folding if pages >= MOST_PAGES_BESIDE => folder.wait(),
            state => state,
        };
        match state {
            State::Folding => Ok(false),
            State::Failed(error) => Err(error),
            State::Idle if self.folded_pages >= self.at_pages => Ok(true),
            State::Idle => {
                let due = self.folded_pages.saturating_add(FOLD_BESIDE_AT_PAGES);
                if pages >= due.min(self.at_pages) {
                    self.folded_pages = pages;
                    folder.begin();
                }
                Ok(false)
            }
        }
    }

    fn ensure_folder(&mut self, database: &Path) {
        if self.folder.is_some() {
            return;
        }
        if self.file.is_none() {
            self.file = open_for_good(database).ok();
        }
        self.folder = self.file.and_then(|file| Folder::start(database, file));
    }

    /// Folds what is left, and begins the log anew.
    fn begin_anew(&mut self, connection: &Connection, pages: i64) -> rusqlite::Result<()> {
        connection.busy_timeout(wait(pages))?;
        let folded = restart_log(connection);
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let (is_held_up, pages) = folded?;
        // An export or a backup stays for longer, and is waited for ever more rarely.
        if is_held_up {
            self.at_pages = pages.saturating_add(pages / 2);
        } else {
            LOG_PAGES.set(0);
            self.is_begun_anew();
        }
        Ok(())
    }

    fn is_begun_anew(&mut self) {
        self.folded_pages = 0;
        self.at_pages = FOLD_AT_PAGES;
    }
}

fn wait(pages: i64) -> Duration {
    let folds = u32::try_from(pages / FOLD_AT_PAGES).unwrap_or(u32::MAX);
    WAIT.saturating_mul(folds).min(MAX_WAIT)
}

/// Folds the log and begins it anew. Whether a reader or another writer was in the way, and the pages in the log.
fn restart_log(connection: &Connection) -> rusqlite::Result<(bool, i64)> {
    connection
        .prepare_cached("PRAGMA wal_checkpoint(RESTART)")?
        .query_row([], |row| Ok((row.get::<_, i64>(0)? != 0, row.get(1)?)))
}
