//! The walk along the chain of hashes, in pieces, so that nobody else waits for a reader meanwhile.

use rusqlite::params;

use crate::store::audit::{BEGINNING, Entry};
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::types::time::Timestamp;

/// Rows of one piece: some milliseconds, and less than half a megabyte in memory.
const PIECE_ROWS: u32 = 1_000;

/// What walking the chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every row fits the one before.
    Whole {
        /// How many rows.
        rows: i64,
        /// The last row's hash: kept elsewhere, it proves later that nothing up to here was rewritten.
        head: [u8; 32],
    },
    /// The row with this number is missing or does not fit.
    Broken {
        /// Its number.
        at: i64,
    },
}

/// How far a walk along the chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    last: i64,
    head: [u8; 32],
    /// When the first row was written; `None` before it was walked over.
    pub first_at: Option<Timestamp>,
    /// When the last row so far was written.
    pub last_at: Option<Timestamp>,
}

impl Walk {
    /// Before the first row.
    #[must_use]
    pub const fn begin() -> Self {
        Self {
            last: 0,
            head: BEGINNING,
            first_at: None,
            last_at: None,
        }
    }

    /// How many rows fit so far.
    #[must_use]
    pub const fn rows(&self) -> i64 {
        self.last
    }

    /// Walks over the next piece; what was found, once the walk is at its end.
    ///
    /// # Errors
    /// What SQLite says. A broken chain is no error but the answer.
    pub fn step(&mut self, db: &Db<'_>) -> Result<Option<Chain>, StoreError> {
        let piece = db.all(
            "SELECT id, at, actor, action, target, address, request_id, detail, hash
             FROM audit
             WHERE id > $1
             ORDER BY id
             LIMIT $2",
            params![self.last, PIECE_ROWS],
            Entry::read,
        )?;
        if piece.is_empty() {
            return Ok(Some(Chain::Whole {
                rows: self.last,
                head: self.head,
            }));
        }
        for entry in piece {
            if entry.id != self.last + 1 || entry.hash != entry.chained_to(&self.head) {
                return Ok(Some(Chain::Broken { at: self.last + 1 }));
            }
            (self.last, self.head) = (entry.id, entry.hash);
            self.first_at = self.first_at.or(Some(entry.at));
            self.last_at = Some(entry.at);
        }
        Ok(None)
    }
}

/// Walks the whole chain.
///
/// # Errors
/// As [`Walk::step`].
pub fn verify(db: &Db<'_>) -> Result<Chain, StoreError> {
    let mut walk = Walk::begin();
    loop {
        if let Some(chain) = walk.step(db)? {
            return Ok(chain);
        }
    }
}
