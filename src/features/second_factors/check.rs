//! Asking for the second factor: a code counts once, wrong ones are counted, and a recovery code stands in for a lost phone.

use std::sync::Arc;
use std::time::Duration;

use crate::crypto::totp::{Found, SecondFactorKeys};
use crate::features::attempts::model::{Failures, Wait};
use crate::features::attempts::store as attempts;
use crate::features::second_factors::error::key_missing;
use crate::features::second_factors::model::{CodeText, Factor, Presented, RecoveryCode, State};
use crate::features::second_factors::store;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;

/// Judges what somebody gave for a user's second factor.
pub struct Check {
    user: UserId,
    presented: Presented,
    keys: Arc<SecondFactorKeys>,
    /// The failures in a row that webhooks are told of.
    tell_at: u32,
    cause: Cause,
}

/// What [`Check`] found. Everything but the first two is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The code is right, and from now on used.
    Right,
    /// The recovery code was right, and is gone.
    Recovered {
        /// How many are left.
        left: u32,
    },
    /// It is neither. It was counted.
    Wrong,
    /// The code was right and is used: the next one has to be waited for. It was counted as well.
    Used,
    /// Too many wrong ones: nothing was judged, and nothing is for this long. (A recovery code is judged all the same.)
    Wait(Duration),
    /// The user has no second factor, or none any more.
    Absent,
}

impl Checked {
    /// Whether the second factor was given.
    #[must_use]
    pub fn is_passed(self) -> bool {
        matches!(self, Self::Right | Self::Recovered { .. })
    }
}

impl Check {
    /// The change.
    #[must_use]
    pub fn new(hub: &Hub, user: UserId, presented: Presented, cause: Cause) -> Self {
        Self {
            user,
            presented,
            keys: Arc::clone(&hub.second_factor_keys),
            tell_at: hub.config.webhooks.sign_in_failures,
            cause,
        }
    }

    /// The same as a part of another change, so that what follows stands or falls with it.
    ///
    /// # Errors
    /// What SQLite says, or that the key is not at hand.
    pub fn within(&self, tx: &Tx<'_>) -> Result<Checked, StoreError> {
        let Some(factor) = store::of_user(tx, self.user)? else {
            return Ok(Checked::Absent);
        };
        let State::Confirmed { last_step, .. } = factor.state else {
            return Ok(Checked::Absent);
        };
        match &self.presented {
            Presented::Code(code) => self.code(tx, &factor, last_step, code),
            Presented::Recovery(code) => self.recovery(tx, &factor, code),
        }
    }

    fn code(
        &self,
        tx: &Tx<'_>,
        factor: &Factor,
        last_step: i64,
        code: &CodeText,
    ) -> Result<Checked, StoreError> {
        if let Some(wait) = self.wait(tx, factor)? {
            return Ok(wait);
        }
        let secret = self
            .keys
            .secret(factor.key_id, self.user, &factor.nonce)
            .ok_or_else(|| key_missing(factor.key_id))?;
        match secret.find(code.reveal(), self.cause.at.wall, Some(last_step)) {
            Found::Step(step) => {
                store::use_step(tx, self.user, step)?;
                Ok(Checked::Right)
            }
            Found::Used => self.refused(tx, factor, "used_code", Checked::Used),
            Found::None => self.refused(tx, factor, "wrong_code", Checked::Wrong),
        }
    }

    /// A right one passes even while codes wait: nobody guesses 80 bits, and its owner is let in although somebody else keeps guessing.
    fn recovery(
        &self,
        tx: &Tx<'_>,
        factor: &Factor,
        code: &RecoveryCode,
    ) -> Result<Checked, StoreError> {
        if !store::use_recovery_code(tx, self.user, &code.hash(self.user))? {
            if let Some(wait) = self.wait(tx, factor)? {
                return Ok(wait);
            }
            return self.refused(tx, factor, "wrong_recovery_code", Checked::Wrong);
        }
        store::note_failures(tx, self.user, Failures::NONE)?;
        let left = store::recovery_codes_left(tx, self.user)?;
        let cause = self.cause.clone().by_user(self.user);
        let (target, detail) = (Some(self.target()), Some(format!("left={left}")));
        tx.audit(&cause, Action::SecondFactorRecoveryUsed, target, detail)?;
        Ok(Checked::Recovered { left })
    }

    /// Leaves no audit row: what came before did, and nothing was judged.
    fn wait(&self, tx: &Tx<'_>, factor: &Factor) -> Result<Option<Checked>, StoreError> {
        match factor.failures.wait(self.cause.at) {
            Wait::Over => Ok(None),
            Wait::For(wait) => Ok(Some(Checked::Wait(wait))),
            Wait::Anew(wait) => {
                let failures = Failures {
                    last: Some(self.cause.at),
                    ..factor.failures
                };
                store::note_failures(tx, self.user, failures)?;
                Ok(Some(Checked::Wait(wait)))
            }
        }
    }

    fn refused(
        &self,
        tx: &Tx<'_>,
        factor: &Factor,
        reason: &str,
        checked: Checked,
    ) -> Result<Checked, StoreError> {
        let failures = factor.failures.and(1, self.cause.at);
        store::note_failures(tx, self.user, failures)?;
        if failures.count == self.tell_at {
            let (address, at) = (self.cause.address, self.cause.at.wall);
            let (user, count) = (Some(self.user), failures.count);
            attempts::tell(tx, user, "second_factor", count, address, at)?;
        }
        let detail = Some(format!("reason={reason} {failures}"));
        tx.audit(
            &self.cause,
            Action::SecondFactorRefused,
            Some(self.target()),
            detail,
        )?;
        Ok(checked)
    }

    fn target(&self) -> String {
        format!("user:{}", self.user)
    }
}

impl Change for Check {
    type Outcome = Checked;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Checked, StoreError> {
        self.within(tx)
    }
}
