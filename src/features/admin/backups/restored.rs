//! What is done to a database out of a backup before it is the Hub's again.

use crate::features::admin::setup;
use crate::features::browser;
use crate::features::revocations;
use crate::features::sessions::end;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::{Filter, Now};
use crate::features::webhooks::problem::Problem;
use crate::features::webhooks::store::{outbox, targets};
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;

/// Ends every session, unless told not to, and takes away what else opened a door when the backup was made: since then it may have been used, or taken
/// back by somebody who does not know that it is there again.
///
/// What waited for webhooks becomes dead letters: most of it was delivered since the backup was made, and whatever was not can be sent again. The webhooks
/// stay enabled, for on the machine that a backup is put back on after a fault their receivers wait for what comes; who tries a copy elsewhere is told how
/// many there are.
pub struct SettleRestored {
    /// Whether the sessions stay as they were.
    pub keeps_sessions: bool,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom and when.
    pub cause: Cause,
}

/// What was done, and what will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Sessions that were ended.
    pub sessions_ended: u64,
    /// Deliveries to webhooks that became dead letters.
    pub deliveries_given_up: u64,
    /// Webhooks that are told what happens from now on.
    pub webhooks_enabled: u64,
}

impl Change for SettleRestored {
    type Outcome = Settled;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Settled, StoreError> {
        setup::store::forget(tx)?;
        browser::store::forget_halves(tx)?;
        // Before the sessions end: of that their receivers are told.
        let given_up = outbox::give_up_all(tx, &Problem::Restored, self.cause.at)?;
        let ended = if self.keeps_sessions {
            0
        } else {
            let all = Filter::default();
            end::end_many(tx, &all, EndReason::Restored, self.now, &self.cause)?.ended
        };
        // Who remembers answers of the database that was there before forgets them, whatever it was told last.
        revocations::store::reset(tx)?;
        let sessions = if self.keeps_sessions { "kept" } else { "ended" };
        let deliveries = match given_up {
            0 => String::new(),
            count => format!(" deliveries_given_up={count}"),
        };
        let detail = format!("sessions={sessions} ended={ended}{deliveries}");
        tx.audit(&self.cause, Action::BackupRestore, None, Some(detail))?;
        let webhooks = targets::webhooks(tx)?;
        let enabled = webhooks.iter().filter(|webhook| webhook.disabled.is_none());
        Ok(Settled {
            sessions_ended: ended,
            deliveries_given_up: given_up,
            webhooks_enabled: enabled.count() as u64,
        })
    }
}
