//! When the log is folded into the database.
//!
//! SQLite's own way (after each commit with more than a thousand pages in the log, as far as no reader stands in the way) never begins the log anew
//! as long as requests keep reading: under constant load the log grew by 15 MB a second, and every commit paid for a fold. So the writer folds, and
//! waits a moment for the readers that are just looking at the log; whoever comes then reads the database itself.

use std::cell::Cell;
use std::ffi::c_int;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::store::db::BUSY_TIMEOUT;
use crate::types::checkpoints::Checkpoints;

/// Pages in the log at which it is folded: 4 MiB, which a disk takes in a blink.
const FOLD_AT_PAGES: i64 = 1_000;
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

/// The writer's turn to fold.
pub(super) struct Folding {
    checkpoints: Checkpoints,
    /// Pages in the log at which it is tried next.
    at_pages: i64,
}

impl Folding {
    pub(super) fn new(checkpoints: Checkpoints) -> Self {
        Self {
            checkpoints,
            at_pages: FOLD_AT_PAGES,
        }
    }

    /// After a commit: folds the log if it is long enough.
    pub(super) fn fold_if_due(&mut self, connection: &Connection) {
        if self.checkpoints == Checkpoints::External {
            return;
        }
        if let Err(error) = self.try_to_fold(connection) {
            // Nothing is lost: what is not folded stands in the log.
            tracing::warn!(%error, "the log was not folded into the database; the next commits try again");
            self.at_pages = self.at_pages.saturating_add(FOLD_AT_PAGES);
        }
    }

    fn try_to_fold(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let pages = LOG_PAGES.get();
        if pages < self.at_pages {
            return Ok(());
        }
        connection.busy_timeout(wait(pages))?;
        let folded = restart_log(connection);
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let (is_held_up, pages) = folded?;
        // An export or a backup stays for longer, and is waited for ever more rarely.
        self.at_pages = if is_held_up {
            pages.saturating_add(pages / 2)
        } else {
            LOG_PAGES.set(0);
            FOLD_AT_PAGES
        };
        Ok(())
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
