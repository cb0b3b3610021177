//! What is done to a database out of a backup before it is the Hub's again.

use crate::features::admin::setup;
use crate::features::browser;
use crate::features::revocations;
use crate::features::sessions::end;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::{Filter, Now};
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;

/// Ends every session, unless told not to, and takes away what else opened a door when the backup was made: since then it may have been used, or taken
/// back by somebody who does not know that it is there again.
pub struct SettleRestored {
    /// Whether the sessions stay as they were.
    pub keeps_sessions: bool,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom and when.
    pub cause: Cause,
}

impl Change for SettleRestored {
    /// How many sessions were ended.
    type Outcome = u64;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, StoreError> {
        setup::store::forget(tx)?;
        browser::store::forget_halves(tx)?;
        let ended = if self.keeps_sessions {
            0
        } else {
            let all = Filter::default();
            end::end_many(tx, &all, EndReason::Restored, self.now, &self.cause)?.ended
        };
        // Who remembers answers of the database that was there before forgets them, whatever it was told last.
        revocations::store::reset(tx)?;
        let sessions = if self.keeps_sessions { "kept" } else { "ended" };
        tx.audit(
            &self.cause,
            Action::BackupRestore,
            None,
            Some(format!("sessions={sessions} ended={ended}")),
        )?;
        Ok(ended)
    }
}
