//! New recovery codes in the place of all old ones, used or not.

use crate::features::second_factors::error::SecondFactorError;
use crate::features::second_factors::model::{RECOVERY_CODES, RecoveryCodes};
use crate::features::second_factors::store;
use crate::features::sessions::access::still_carried;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::SessionId;

/// Makes the recovery codes of whoever acts in a session anew.
pub struct RenewRecoveryCodes {
    session: SessionId,
    codes: RecoveryCodes,
    cause: Cause,
}

impl RenewRecoveryCodes {
    /// The change; the codes are drawn here.
    #[must_use]
    pub fn new(hub: &Hub, session: SessionId, cause: Cause) -> Self {
        Self {
            session,
            codes: RecoveryCodes::draw(hub.entropy.as_ref()),
            cause,
        }
    }
}

impl Change for RenewRecoveryCodes {
    /// The new codes, shown now and never again; `None` where there is no second factor that they could stand in for.
    type Outcome = Option<RecoveryCodes>;
    type Error = SecondFactorError;

    fn apply(self, tx: &Tx<'_>) -> Result<Option<RecoveryCodes>, SecondFactorError> {
        let (_, user) = still_carried(tx, self.session, self.cause.at.wall)?;
        if !store::has(tx, user.id)? {
            return Ok(None);
        }
        store::replace_recovery_codes(tx, user.id, &self.codes.hashes(user.id))?;
        tx.audit(
            &self.cause.by_user(user.id),
            Action::SecondFactorRecoveryRenew,
            Some(format!("user:{}", user.id)),
            Some(format!("recovery_codes={RECOVERY_CODES}")),
        )?;
        Ok(Some(self.codes))
    }
}
