//! Who calls: an access token, judged against the database at every request.
//!
//! Roles, standing and existence are read each time and kept nowhere, so a change counts at the next request.

use crate::crypto::jwt::AccessClaims;
use crate::features::sessions::bearer::carry;
use crate::features::sessions::error::AccessError;
use crate::features::sessions::model::Session;
use crate::features::sessions::store::{self, Claimed};
use crate::features::users::model::User;
use crate::http::authorization::Authorization;
use crate::hub::Hub;
use crate::store::{StoreError, Tx};
use crate::types::ids::{KeyId, SessionId, UserId};
use crate::types::time::Timestamp;

/// Somebody who has shown a good access token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub user: User,
    /// The session that the token belongs to.
    pub session: SessionId,
    /// Until when the token is good, Unix seconds.
    pub expires: i64,
}

/// Judges what stands in the `Authorization` header.
///
/// # Errors
/// Why its bearer is not let in.
pub fn authenticate(hub: &Hub, authorization: &Authorization) -> Result<Caller, AccessError> {
    let token = authorization.bearer().ok_or(AccessError::Missing)?;
    authenticate_token(hub, token)
}

/// Judges an access token, wherever it stood.
///
/// # Errors
/// Why its bearer is not let in.
pub fn authenticate_token(hub: &Hub, token: &str) -> Result<Caller, AccessError> {
    let now = hub.clock.now().wall;
    let read = || hub.tokens.read_access(token, now);
    let mut claims = read().map_err(AccessError::Invalid)?;
    let session = claims
        .sid
        .parse::<SessionId>()
        .map_err(|_| AccessError::SessionUnknown)?;
    let (claimed, present) = hub.store.read(|db| store::claimed(db, session))?;
    if follow_rotation(hub, present)? {
        // How long the key that signed this still counts is known only now.
        claims = read().map_err(AccessError::Invalid)?;
    }
    if claims.exp <= now.seconds() {
        return Err(match claimed {
            Some(claimed) if claimed.is_past_end(now) => AccessError::SessionExpired,
            _ => AccessError::Expired,
        });
    }
    judge(&claims, claimed, now).map(|user| Caller {
        user,
        session,
        expires: claims.exp,
    })
}

/// Takes over the keys of the present one, if another process rotated to it; whether it did.
///
/// # Errors
/// When they cannot be read.
pub fn follow_rotation(hub: &Hub, present: KeyId) -> Result<bool, StoreError> {
    if hub.tokens.ring().present() >= present {
        return Ok(false);
    }
    hub.hold(present).map_err(|error| {
        tracing::error!(%error, "the present key cannot be read");
        StoreError::Broken(error.to_string())
    })?;
    Ok(true)
}

/// Judges authentic claims against what the database says of their session now.
fn judge(
    claims: &AccessClaims,
    claimed: Option<Claimed>,
    now: Timestamp,
) -> Result<User, AccessError> {
    let claimed = claimed.ok_or(AccessError::SessionUnknown)?;
    if claimed.user_id != UserId(claims.user_id) {
        return Err(AccessError::SessionUnknown);
    }
    Ok(carry(claimed.user, claimed.standing, claimed.ends_at, now)?)
}

/// Judges once more, in the transaction of an act that took a while to prepare: whoever was signed out or locked out meanwhile changes nothing.
///
/// # Errors
/// Why the session does not carry its user any more.
pub fn still_carried(
    tx: &Tx<'_>,
    session: SessionId,
    now: Timestamp,
) -> Result<(Session, User), AccessError> {
    let (session, user) = store::load(tx, session)?.ok_or(AccessError::SessionUnknown)?;
    let user = carry(user, session.standing, session.ends_at, now)?;
    Ok((session, user))
}
