//! All SQL on `setup_link`.

use rusqlite::params;

use crate::store::{Db, StoreError, Tx};
use crate::types::held_value::ValueHash;
use crate::types::time::Moment;

/// The present link.
pub struct Link {
    /// What is known of its token.
    pub token: ValueHash,
    /// When it was made.
    pub made: Moment,
}

/// The present link, if there is one.
///
/// # Errors
/// What SQLite says.
pub fn link(db: &Db<'_>) -> Result<Option<Link>, StoreError> {
    db.optional(
        "SELECT token_hash, made_at, made_steady, made_boot
         FROM setup_link
         WHERE id = 1",
        params![],
        |row| {
            Ok(Link {
                token: ValueHash::from_row(row.get(0)?),
                made: Moment::from_row(row.get(1)?, row.get(2)?, row.get(3)?),
            })
        },
    )
}

/// Writes the link down.
///
/// # Errors
/// What SQLite says, and when there is one already.
pub fn remember(tx: &Tx<'_>, token: &ValueHash, made: Moment) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO setup_link (id, token_hash, made_at, made_steady, made_boot)
         VALUES (1, $1, $2, $3, $4)",
        params![token.as_bytes(), made.wall.micros(), made.steady, made.boot],
    )
}

/// Takes the link away.
///
/// # Errors
/// What SQLite says.
pub fn forget(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM setup_link
         WHERE id = 1",
        params![],
    )?;
    Ok(())
}
