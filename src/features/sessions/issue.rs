//! The two tokens that an answer carries, signed after the commit, outside the writer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::crypto::jwt::{AccessFacts, RefreshFacts, SigningFailed};
use crate::features::sessions::access::follow_rotation;
use crate::features::sessions::model::Session;
use crate::features::users::model::User;
use crate::hub::Hub;
use crate::types::time::Timestamp;
use crate::types::token::TokenText;

/// A pair of tokens for one session.
#[derive(Debug)]
pub struct Pair {
    /// For every call.
    pub access: TokenText,
    /// For the next pair.
    pub refresh: TokenText,
}

/// Signs the pair of a session as it stands. The refresh token is the same for the same row; the access token is new each time.
///
/// # Errors
/// When signing fails, which is a bug, or the present key cannot be read.
pub fn pair(
    hub: &Hub,
    session: &Session,
    user: &User,
    now: Timestamp,
) -> Result<Pair, SigningFailed> {
    // Where another process rotated the key, this is the first to hear of it.
    follow_rotation(hub, session.key).map_err(|_| SigningFailed)?;
    let refresh = hub.tokens.sign_refresh(&RefreshFacts {
        session: session.id,
        user: session.user,
        salt: &session.salt,
        generation: session.generation,
        issued: session.rotated.wall.seconds(),
        expires: session.refresh_expires(hub.config.refresh_ttl).seconds(),
        key: session.key,
    })?;
    let access = hub.tokens.sign_access(
        &AccessFacts {
            session: session.id,
            user: session.user,
            username: &user.username,
            email: &user.email,
            issued: now.seconds(),
            expires: now
                .plus(hub.config.access_ttl)
                .min(session.ends_at)
                .seconds(),
        },
        hub.entropy.as_ref(),
    )?;
    Ok(Pair { access, refresh })
}

/// The body of every answer that carries a pair. Field order is part of the contract.
#[derive(Serialize, ToSchema)]
#[schema(as = Pair)]
pub struct PairBody<'pair, U: Serialize + ToSchema> {
    /// What was done, in words.
    message: &'static str,
    /// For every call, as `Authorization: Bearer …`: a JWT, good for 24 hours unless configured otherwise, and no longer than its session.
    access_token: &'pair str,
    /// For the next pair: a JWT, good once, for 30 days unless configured otherwise.
    refresh_token: &'pair str,
    /// Whose they are.
    user: U,
}

impl Pair {
    /// The body.
    #[must_use]
    pub fn body<U: Serialize + ToSchema>(&self, message: &'static str, user: U) -> PairBody<'_, U> {
        PairBody {
            message,
            access_token: self.access.reveal(),
            refresh_token: self.refresh.reveal(),
            user,
        }
    }
}
