//! All SQL on `removals`: how many rows were removed.

use rusqlite::params;

use crate::store::{Db, StoreError, Tx};

/// What is removed, in the words of the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sessions.
    Sessions,
    /// Events of their lineages.
    Events,
    /// Marks of users who are gone.
    FormerUsers,
    /// Right passwords that waited for a second factor.
    Halves,
    /// Failures at a password.
    Failures,
    /// Networks that users are known from.
    Networks,
    /// Setup links.
    Links,
    /// What the feed of revocations told.
    Revocations,
    /// Deliveries to webhooks.
    Deliveries,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 9] = [
        Self::Sessions,
        Self::Events,
        Self::FormerUsers,
        Self::Halves,
        Self::Failures,
        Self::Networks,
        Self::Links,
        Self::Revocations,
        Self::Deliveries,
    ];

    /// As it stands in the table and in the audit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Events => "events",
            Self::FormerUsers => "former_users",
            Self::Halves => "half_sign_ins",
            Self::Failures => "failures",
            Self::Networks => "networks",
            Self::Links => "setup_links",
            Self::Revocations => "revocations",
            Self::Deliveries => "webhook_deliveries",
        }
    }
}

/// Counts rows that were removed, in the transaction that removes them: until the audit tells of them, they stand here.
///
/// # Errors
/// What SQLite says.
pub fn count(tx: &Tx<'_>, kind: Kind, removed: u64) -> Result<(), StoreError> {
    if removed == 0 {
        return Ok(());
    }
    tx.execute_on_one(
        "INSERT INTO removals (kind, untold, ever)
         VALUES ($1, $2, $2)
         ON CONFLICT (kind) DO UPDATE SET untold = removals.untold + $2, ever = removals.ever + $2",
        params![kind.as_str(), i64::try_from(removed).unwrap_or(i64::MAX)],
    )
}

/// How many rows of a kind were removed: since the audit was last told, and ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Since the audit was last told.
    pub untold: u64,
    /// Since the database was made.
    pub ever: u64,
}

/// How many rows of a kind were removed.
///
/// # Errors
/// What SQLite says.
pub fn counted(db: &Db<'_>, kind: Kind) -> Result<Count, StoreError> {
    let found = db.optional(
        "SELECT untold, ever
         FROM removals
         WHERE kind = $1",
        params![kind.as_str()],
        |row| {
            Ok(Count {
                untold: row.get::<_, i64>(0)?.unsigned_abs(),
                ever: row.get::<_, i64>(1)?.unsigned_abs(),
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Notes that the audit was told of everything.
///
/// # Errors
/// What SQLite says.
pub fn all_told(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE removals
         SET untold = 0
         WHERE untold > 0",
        params![],
    )?;
    Ok(())
}
