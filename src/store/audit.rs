//! The audit: one row for every change of state, written in the transaction of what it tells, chained by hashes.
//!
//! `hash` is SHA-256 over the hash of the row before and this row's fields, so that a changed, removed or inserted row shows. Who
//! can rewrite the whole table can make a chain that fits; who kept an earlier hash elsewhere can still tell.

use rusqlite::{Row, params};
use sha2::{Digest, Sha256};

use crate::store::db::{Db, Tx};
use crate::store::error::StoreError;
use crate::types::cause::Cause;
use crate::types::time::Timestamp;

/// What was done, in the words of `hub audit list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A person made an account.
    UserRegister,
    /// An administrator made an account.
    UserAdd,
    /// A profile was changed.
    UserUpdate,
    /// A user was locked out.
    UserDisable,
    /// A user was let in again.
    UserEnable,
    /// A user's role was changed.
    UserRole,
    /// A user's tier was changed.
    UserTier,
    /// A user was deleted.
    UserDelete,
    /// A password was changed by its owner.
    PasswordChange,
    /// A password was set by an administrator.
    PasswordSet,
    /// A password's hash was renewed with the present parameters, at a sign-in.
    PasswordRenew,
    /// A sign-in began a session.
    SessionStart,
    /// A sign-in was refused.
    SignInRefused,
    /// One session was ended.
    SessionEnd,
    /// A link that makes an administrator was made.
    SetupLink,
    /// It was used.
    SetupDone,
    /// A right password at the Hub's pages waits for the second factor.
    SignInHalf,
    /// An administrator gave the password again, for what can do harm.
    ProofGiven,
    /// The password given for that was wrong.
    ProofRefused,
    /// Several sessions were ended at once.
    SessionEndMany,
    /// A used token came again, and its session was ended.
    SessionReuse,
    /// A user added a second factor.
    SecondFactorAdd,
    /// A user removed their second factor.
    SecondFactorRemove,
    /// An administrator removed a user's second factor.
    SecondFactorReset,
    /// A second factor was asked for, and what was given was not it.
    SecondFactorRefused,
    /// A recovery code stood in for a second factor.
    SecondFactorRecoveryUsed,
    /// A user made their recovery codes anew.
    SecondFactorRecoveryRenew,
    /// Another key took the place of the present one.
    KeyRotate,
}

impl Action {
    /// As it stands in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserRegister => "user.register",
            Self::UserAdd => "user.add",
            Self::UserUpdate => "user.update",
            Self::UserDisable => "user.disable",
            Self::UserEnable => "user.enable",
            Self::UserRole => "user.role",
            Self::UserTier => "user.tier",
            Self::UserDelete => "user.delete",
            Self::PasswordChange => "password.change",
            Self::PasswordSet => "password.set",
            Self::PasswordRenew => "password.renew",
            Self::SessionStart => "session.start",
            Self::SignInRefused => "sign_in.refused",
            Self::SessionEnd => "session.end",
            Self::SetupLink => "setup.link",
            Self::SetupDone => "setup.done",
            Self::SignInHalf => "sign_in.half",
            Self::ProofGiven => "proof.given",
            Self::ProofRefused => "proof.refused",
            Self::SessionEndMany => "session.end_many",
            Self::SessionReuse => "session.reuse",
            Self::SecondFactorAdd => "second_factor.add",
            Self::SecondFactorRemove => "second_factor.remove",
            Self::SecondFactorReset => "second_factor.reset",
            Self::SecondFactorRefused => "second_factor.refused",
            Self::SecondFactorRecoveryUsed => "second_factor.recovery_used",
            Self::SecondFactorRecoveryRenew => "second_factor.recovery_renew",
            Self::KeyRotate => "key.rotate",
        }
    }
}

/// A row of the audit, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number: 1, 2, 3 … without a gap.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who: `user:1`, `cli:1000`, `system`, `anonymous`.
    pub actor: String,
    /// What, as [`Action::as_str`] says.
    pub action: String,
    /// To whom or what: `user:1`, `session:00…`.
    pub target: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// What else matters, as `name=value` words. Never a secret, never what a stranger typed.
    pub detail: Option<String>,
    /// The chain up to this row.
    pub hash: [u8; 32],
}

/// The hash that the first row is chained to.
const BEGINNING: [u8; 32] = [0; 32];

impl Tx<'_> {
    /// Writes the audit row of a change, in the change's own transaction.
    ///
    /// # Errors
    /// What SQLite says; then the change must fail too.
    pub fn audit(
        &self,
        cause: &Cause,
        action: Action,
        target: Option<String>,
        detail: Option<String>,
    ) -> Result<(), StoreError> {
        let (last, before) = self
            .optional(
                "SELECT id, hash
                 FROM audit
                 ORDER BY id DESC
                 LIMIT 1",
                params![],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?)),
            )?
            .unwrap_or((0, BEGINNING));
        let mut entry = Entry {
            id: last + 1,
            at: cause.at.wall,
            actor: cause.actor.to_string(),
            action: action.as_str().to_owned(),
            target,
            address: cause.address.map(|address| address.to_string()),
            request_id: cause.request_id.map(|id| id.to_string()),
            detail,
            hash: BEGINNING,
        };
        entry.hash = entry.chained_to(&before);
        self.execute_on_one(
            "INSERT INTO audit (id, at, actor, action, target, address, request_id, detail, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                entry.id,
                entry.at.micros(),
                entry.actor,
                entry.action,
                entry.target,
                entry.address,
                entry.request_id,
                entry.detail,
                entry.hash
            ],
        )
    }
}

impl Entry {
    /// The hash that this row must have behind a row with the hash `before`.
    #[must_use]
    pub fn chained_to(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(before);
        hasher.update(self.id.to_be_bytes());
        hasher.update(self.at.micros().to_be_bytes());
        for field in [
            Some(&self.actor),
            Some(&self.action),
            self.target.as_ref(),
            self.address.as_ref(),
            self.request_id.as_ref(),
            self.detail.as_ref(),
        ] {
            // Absent and empty differ, and no text can reach into the next field.
            match field {
                None => hasher.update([0]),
                Some(text) => {
                    hasher.update([1]);
                    hasher.update((text.len() as u64).to_be_bytes());
                    hasher.update(text);
                }
            }
        }
        hasher.finalize().into()
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            at: Timestamp::from_micros(row.get(1)?),
            actor: row.get(2)?,
            action: row.get(3)?,
            target: row.get(4)?,
            address: row.get(5)?,
            request_id: row.get(6)?,
            detail: row.get(7)?,
            hash: row.get(8)?,
        })
    }
}

/// What a list of audit rows shows. Absent filters let everything pass.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only rows with this actor.
    pub actor: Option<String>,
    /// Only rows with this action, or with an action of this group (`session` for `session.…`).
    pub action: Option<String>,
    /// Only rows with this target.
    pub target: Option<String>,
    /// Only rows at or after this time.
    pub since: Option<Timestamp>,
    /// How many rows at most.
    pub limit: u32,
}

/// The newest rows that pass the filter, newest first.
///
/// # Errors
/// What SQLite says.
pub fn list(db: &Db<'_>, filter: &Filter) -> Result<Vec<Entry>, StoreError> {
    db.all(
        "SELECT id, at, actor, action, target, address, request_id, detail, hash
         FROM audit
         WHERE ($1 IS NULL OR actor = $1)
           AND ($2 IS NULL OR action = $2 OR substr(action, 1, length($2) + 1) = $2 || '.')
           AND ($3 IS NULL OR target = $3)
           AND ($4 IS NULL OR at >= $4)
         ORDER BY id DESC
         LIMIT $5",
        params![
            filter.actor,
            filter.action,
            filter.target,
            filter.since.map(Timestamp::micros),
            filter.limit
        ],
        Entry::read,
    )
}

/// Walks the whole chain.
///
/// # Errors
/// What SQLite says. A broken chain is no error but the answer.
pub fn verify(db: &Db<'_>) -> Result<Chain, StoreError> {
    /// Rows read at a time, so that a long audit does not fill the memory.
    const PAGE_ROWS: u32 = 1_000;
    let (mut last, mut before) = (0, BEGINNING);
    loop {
        let page = db.all(
            "SELECT id, at, actor, action, target, address, request_id, detail, hash
             FROM audit
             WHERE id > $1
             ORDER BY id
             LIMIT $2",
            params![last, PAGE_ROWS],
            Entry::read,
        )?;
        if page.is_empty() {
            return Ok(Chain::Whole {
                rows: last,
                head: before,
            });
        }
        for entry in page {
            if entry.id != last + 1 || entry.hash != entry.chained_to(&before) {
                return Ok(Chain::Broken { at: last + 1 });
            }
            (last, before) = (entry.id, entry.hash);
        }
    }
}

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
