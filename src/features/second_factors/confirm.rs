//! The first right code: from here on the second factor counts.

use std::sync::Arc;

use crate::crypto::totp::{Found, SecondFactorKeys};
use crate::features::second_factors::error::{SecondFactorError, key_missing};
use crate::features::second_factors::model::{
    CodeText, RECOVERY_CODES, RecoveryCodes, State, is_open,
};
use crate::features::second_factors::store;
use crate::features::sessions::access::still_carried;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::SessionId;

/// Makes the second factor count for whoever acts in a session, if the code is of its secret.
pub struct Confirm {
    session: SessionId,
    code: CodeText,
    codes: RecoveryCodes,
    keys: Arc<SecondFactorKeys>,
    cause: Cause,
}

/// What [`Confirm`] found.
#[derive(Debug)]
pub enum Confirmed {
    /// It counts. These recovery codes are shown now and never again.
    Now(RecoveryCodes),
    /// The code is another secret's, or another time's.
    Wrong,
    /// No secret was shown, or too long ago.
    NotPending,
    /// It counted before.
    HasOne,
}

impl Confirm {
    /// The change; the recovery codes are drawn here.
    #[must_use]
    pub fn new(hub: &Hub, session: SessionId, code: CodeText, cause: Cause) -> Self {
        Self {
            session,
            code,
            codes: RecoveryCodes::draw(hub.entropy.as_ref()),
            keys: Arc::clone(&hub.second_factor_keys),
            cause,
        }
    }
}

impl Change for Confirm {
    type Outcome = Confirmed;
    type Error = SecondFactorError;

    fn apply(self, tx: &Tx<'_>) -> Result<Confirmed, SecondFactorError> {
        let now = self.cause.at;
        let (_, user) = still_carried(tx, self.session, now.wall)?;
        let Some(factor) = store::of_user(tx, user.id)? else {
            return Ok(Confirmed::NotPending);
        };
        match factor.state {
            State::Confirmed { .. } => return Ok(Confirmed::HasOne),
            State::Pending { drawn } if !is_open(drawn, now) => return Ok(Confirmed::NotPending),
            State::Pending { .. } => {}
        }
        let secret = self
            .keys
            .secret(factor.key_id, user.id, &factor.nonce)
            .ok_or_else(|| key_missing(factor.key_id))?;
        // Wrong codes are not counted: who sees this page sees the secret itself.
        let Found::Step(step) = secret.find(self.code.reveal(), now.wall, None) else {
            return Ok(Confirmed::Wrong);
        };
        store::confirm(tx, user.id, step, now.wall)?;
        store::replace_recovery_codes(tx, user.id, &self.codes.hashes(user.id))?;
        tx.audit(
            &self.cause.by_user(user.id),
            Action::SecondFactorAdd,
            Some(format!("user:{}", user.id)),
            Some(format!("recovery_codes={RECOVERY_CODES}")),
        )?;
        Ok(Confirmed::Now(self.codes))
    }
}
