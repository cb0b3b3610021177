//! The audit: one row for every change of state, written in the transaction of what it tells, chained by hashes.
//!
//! `hash` is SHA-256 over the hash of the row before and this row's fields, so that a changed, removed or inserted row shows. Who
//! can rewrite the whole table can make a chain that fits; who kept an earlier hash elsewhere can still tell.

mod chain;
mod hours;
mod list;

use rusqlite::{Row, params};
use sha2::{Digest, Sha256};

pub use chain::{Chain, Walk, verify};
pub use hours::{Tally, done_since, hours};
pub use list::{Extent, Filter, after, before, extent, list, newer};

use crate::store::db::Tx;
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
    /// Sessions were exported.
    SessionExport,
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
    /// An account of a service was made.
    ServiceAdd,
    /// An account of a service was revoked.
    ServiceRevoke,
    /// A webhook was made.
    WebhookAdd,
    /// A webhook was disabled.
    WebhookDisable,
    /// A webhook was enabled.
    WebhookEnable,
    /// A webhook got another secret.
    WebhookSecret,
    /// A webhook was sent a test.
    WebhookTest,
    /// What a webhook could not be told was sent anew.
    WebhookResend,
    /// A webhook was deleted.
    WebhookDelete,
    /// Another key took the place of the present one.
    KeyRotate,
    /// Rows of the audit were taken out as a file.
    AuditExport,
    /// What was over was removed.
    HousekeepingRemove,
    /// The database was copied.
    BackupMake,
    /// A scheduled copy gave way to newer ones.
    BackupRemove,
    /// A copy was taken out as a file.
    BackupDownload,
    /// This database took the place of another one.
    BackupRestore,
}

impl Action {
    /// Every action, the groups together, in the order of the lists that offer them.
    pub const ALL: &[Self] = &[
        Self::SessionStart,
        Self::SessionEnd,
        Self::SessionEndMany,
        Self::SessionReuse,
        Self::SessionExport,
        Self::SignInRefused,
        Self::SignInHalf,
        Self::SecondFactorAdd,
        Self::SecondFactorRemove,
        Self::SecondFactorReset,
        Self::SecondFactorRefused,
        Self::SecondFactorRecoveryUsed,
        Self::SecondFactorRecoveryRenew,
        Self::ProofGiven,
        Self::ProofRefused,
        Self::PasswordChange,
        Self::PasswordSet,
        Self::PasswordRenew,
        Self::UserRegister,
        Self::UserAdd,
        Self::UserUpdate,
        Self::UserDisable,
        Self::UserEnable,
        Self::UserRole,
        Self::UserTier,
        Self::UserDelete,
        Self::ServiceAdd,
        Self::ServiceRevoke,
        Self::WebhookAdd,
        Self::WebhookDisable,
        Self::WebhookEnable,
        Self::WebhookSecret,
        Self::WebhookTest,
        Self::WebhookResend,
        Self::WebhookDelete,
        Self::KeyRotate,
        Self::SetupLink,
        Self::SetupDone,
        Self::AuditExport,
        Self::HousekeepingRemove,
        Self::BackupMake,
        Self::BackupRemove,
        Self::BackupDownload,
        Self::BackupRestore,
    ];

    /// What it belongs to: the first word of [`Action::as_str`].
    #[must_use]
    pub fn group(self) -> &'static str {
        let whole = self.as_str();
        whole.split_once('.').map_or(whole, |(group, _)| group)
    }

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
            Self::SessionExport => "session.export",
            Self::SessionReuse => "session.reuse",
            Self::SecondFactorAdd => "second_factor.add",
            Self::SecondFactorRemove => "second_factor.remove",
            Self::SecondFactorReset => "second_factor.reset",
            Self::SecondFactorRefused => "second_factor.refused",
            Self::SecondFactorRecoveryUsed => "second_factor.recovery_used",
            Self::SecondFactorRecoveryRenew => "second_factor.recovery_renew",
            Self::ServiceAdd => "service.add",
            Self::ServiceRevoke => "service.revoke",
            Self::WebhookAdd => "webhook.add",
            Self::WebhookDisable => "webhook.disable",
            Self::WebhookEnable => "webhook.enable",
            Self::WebhookSecret => "webhook.secret",
            Self::WebhookTest => "webhook.test",
            Self::WebhookResend => "webhook.resend",
            Self::WebhookDelete => "webhook.delete",
            Self::KeyRotate => "key.rotate",
            Self::AuditExport => "audit.export",
            Self::HousekeepingRemove => "housekeeping.remove",
            Self::BackupMake => "backup.make",
            Self::BackupRemove => "backup.remove",
            Self::BackupDownload => "backup.download",
            Self::BackupRestore => "backup.restore",
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
        hours::count(self, entry.at, action)?;
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Action;

    /// The actions as this file tells their names, which the compiler keeps whole.
    fn named() -> Vec<(&'static str, &'static str)> {
        let text = include_str!("audit.rs");
        let arms = text.lines().filter_map(|line| {
            let (name, told) = line.trim().strip_prefix("Self::")?.split_once(" => \"")?;
            Some((name, told.strip_suffix("\",")?))
        });
        arms.collect()
    }

    #[test]
    fn the_list_of_all_actions_is_whole() {
        let all: HashSet<String> = Action::ALL
            .iter()
            .map(|action| format!("{action:?}"))
            .collect();
        let named: HashSet<String> = named().iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(all, named);
        assert_eq!(all.len(), Action::ALL.len(), "one stands there twice");
    }

    #[test]
    fn the_actions_of_a_group_stand_together() {
        let groups: Vec<&str> = Action::ALL.iter().map(|action| action.group()).collect();
        let mut runs = groups.clone();
        runs.dedup();
        assert_eq!(runs.len(), groups.iter().collect::<HashSet<_>>().len());
        for (action, group) in Action::ALL.iter().zip(groups) {
            assert!(action.as_str().starts_with(&format!("{group}.")));
        }
    }
}
