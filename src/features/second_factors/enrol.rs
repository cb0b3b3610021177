//! Beginning to add a second factor: a secret is drawn and shown, and counts for nothing until a code proves that it arrived.

use std::sync::Arc;

use serde::Serialize;

use crate::crypto::totp::{DIGITS, STEP_SECONDS, SecondFactorKeys, TotpSecret};
use crate::features::second_factors::error::{SecondFactorError, key_missing};
use crate::features::second_factors::model::{State, in_groups, is_open};
use crate::features::second_factors::picture::{self, Picture};
use crate::features::second_factors::store;
use crate::features::sessions::access::still_carried;
use crate::features::users::model::User;
use crate::hub::Hub;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::SessionId;
use crate::types::salt::Salt;
use crate::types::time::Moment;

/// What apps show above the code.
const ISSUER: &str = "RegardingWork Hub";

/// What a new secret is derived from, drawn before its transaction.
#[derive(Clone, Debug)]
pub struct Enrolment {
    nonce: Salt,
    key_id: i64,
}

impl Enrolment {
    /// Draws it.
    #[must_use]
    pub fn draw(hub: &Hub) -> Self {
        Self {
            nonce: Salt::generate(hub.entropy.as_ref()),
            key_id: hub.second_factor_keys.present(),
        }
    }
}

/// Keeps what a new secret is derived from, for whoever acts in a session.
pub struct Enrol {
    /// In which session its owner acts.
    pub session: SessionId,
    /// What the secret is derived from.
    pub enrolment: Enrolment,
    /// When, from where.
    pub cause: Cause,
}

/// What [`Enrol`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// The secret can be shown; see [`shown`].
    Pending,
    /// The user has a second factor; it has to be removed first.
    HasOne,
}

impl Change for Enrol {
    type Outcome = Enrolled;
    type Error = SecondFactorError;

    fn apply(self, tx: &Tx<'_>) -> Result<Enrolled, SecondFactorError> {
        let (_, user) = still_carried(tx, self.session, self.cause.at.wall)?;
        let Enrolment { nonce, key_id } = &self.enrolment;
        // No audit row: nothing that protects anybody has changed yet.
        if store::keep_pending(tx, user.id, nonce, *key_id, self.cause.at)? {
            Ok(Enrolled::Pending)
        } else {
            Ok(Enrolled::HasOne)
        }
    }
}

/// What a person sets their phone up with. Shown to its owner and to nobody else.
#[derive(Serialize)]
pub struct Shown {
    /// The secret in base32, in groups of four.
    pub secret: String,
    /// The same for an app on this machine, as a link.
    pub uri: String,
    /// The link as a picture for a phone's camera.
    pub picture: Picture,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shown(redacted)")
    }
}

/// What a user who is adding a second factor sets their phone up with; `None` if they are not adding one, or no longer.
///
/// # Errors
/// When the database fails, or the key is not at hand.
pub fn shown(hub: &Hub, user: &User, now: Moment) -> Result<Option<Shown>, StoreError> {
    let Some(factor) = hub.store.read(|db| store::of_user(db, user.id))? else {
        return Ok(None);
    };
    let State::Pending { drawn } = factor.state else {
        return Ok(None);
    };
    if !is_open(drawn, now) {
        return Ok(None);
    }
    let keys: &Arc<SecondFactorKeys> = &hub.second_factor_keys;
    let secret = keys
        .secret(factor.key_id, user.id, &factor.nonce)
        .ok_or_else(|| key_missing(factor.key_id))?;
    let uri = uri(&secret, &user.username);
    let picture = picture::draw(&uri)
        .ok_or_else(|| StoreError::Broken("a picture of the secret cannot be drawn".to_owned()))?;
    Ok(Some(Shown {
        secret: in_groups(&secret.reveal(), " ").to_string(),
        uri,
        picture,
    }))
}

/// The link that authenticator apps read. A username needs no escapes in it: it has letters, digits, `_` and `-` only.
fn uri(secret: &TotpSecret, username: &str) -> String {
    let issuer = ISSUER.replace(' ', "%20");
    let secret = secret.reveal();
    format!(
        "otpauth://totp/{issuer}:{username}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        secret.as_str()
    )
}
