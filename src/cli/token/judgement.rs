//! What the Hub would make of a token right now, found out without doing it.

use crate::cli::Failure;
use crate::crypto::jwt::RefreshClaims;
use crate::features::sessions::bearer::{Unfit, carry};
use crate::features::sessions::error::{AccessError, RefreshError};
use crate::features::sessions::model::{self, Verdict};
use crate::features::sessions::{access, own, refresh, store};
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::store::{Db, StoreError};
use crate::types::ids::SessionId;

/// What would become of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The code of the refusal; `None` when it would be accepted.
    pub code: Option<&'static str>,
    /// What would follow, in a word.
    pub would: &'static str,
    /// The same for people.
    pub meaning: &'static str,
}

/// Judges an access token by the very function that the routes ask.
///
/// # Errors
/// When the database cannot be read.
pub fn of_access(hub: &Hub, token: &str) -> Result<Judgement, Failure> {
    let error = match access::authenticate_token(hub, token) {
        Ok(_) => {
            return Ok(Judgement {
                code: None,
                would: "accept",
                meaning: "it is good at every route",
            });
        }
        Err(AccessError::Store(error)) => return Err(error.into()),
        Err(error) => error,
    };
    Ok(Judgement {
        code: Some(error.code()),
        would: "refuse",
        meaning: match error {
            AccessError::Missing => "there is none",
            AccessError::Invalid(_) => "it is not one of ours",
            AccessError::Expired => "its own time is over",
            AccessError::SessionExpired => "its session is past its end",
            AccessError::Ended(_) => "its session was ended",
            AccessError::SessionUnknown => "its session is not in this database",
            AccessError::UserDisabled => "its user is locked out",
            AccessError::UserNotFound => "its user is gone",
            AccessError::Store(_) => "the database could not be read",
        },
    })
}

/// Judges a refresh token as `POST /api/auth/refresh` would, in the same order.
///
/// # Errors
/// When the database cannot be read.
pub fn of_refresh(hub: &Hub, db: &Db<'_>, claims: &RefreshClaims) -> Result<Judgement, StoreError> {
    let now = hub.clock.now();
    if claims.exp <= now.wall.seconds() {
        return Ok(refused(
            RefreshError::Expired,
            "refuse",
            "its own time is over",
        ));
    }
    let found = match claims.sid.parse::<SessionId>() {
        Ok(id) => store::load(db, id)?,
        Err(_) => None,
    };
    let Some((session, user)) = found else {
        let meaning = "its session is not in this database";
        return Ok(refused(RefreshError::Invalid, "refuse", meaning));
    };
    if !own::is_own(&hub.tokens, claims, &session) {
        let meaning = "it is not its session's own";
        return Ok(refused(RefreshError::Invalid, "refuse", meaning));
    }
    if let Err(unfit) = carry(user, session.standing, session.ends_at, now.wall) {
        return Ok(of_unfit(unfit));
    }
    let presented = claims.r#gen;
    let first_use = refresh::first_use(db, &session, presented)?;
    let grace = hub.config.refresh_grace;
    Ok(of_verdict(model::judge(
        presented, &session, first_use, now, grace,
    )))
}

/// Cases 3 and 4 of the machine.
fn of_unfit(unfit: Unfit) -> Judgement {
    let (would, meaning) = match unfit {
        Unfit::UserGone => ("refuse", "its user is gone"),
        Unfit::Ended(_) => ("refuse", "its session was ended"),
        Unfit::UserDisabled => (
            "end_session",
            "its user is locked out, and its session would be ended",
        ),
        Unfit::PastEnd => ("refuse", "its session is past its end"),
    };
    refused(unfit.into(), would, meaning)
}

/// Cases 5 to 12 of the machine.
fn of_verdict(verdict: Verdict) -> Judgement {
    match verdict {
        Verdict::Rotate => Judgement {
            code: None,
            would: "rotate",
            meaning: "it is the present one: a new pair would be made",
        },
        Verdict::Settle => Judgement {
            code: None,
            would: "settle",
            meaning: "it is the present one and was just answered again: it would be answered itself, with a new access token",
        },
        Verdict::Retry => Judgement {
            code: None,
            would: "retry",
            meaning: "it was used a moment ago: its successor would be answered again",
        },
        Verdict::Straggler => Judgement {
            code: None,
            would: "straggler",
            meaning: "it was used a moment ago and overtaken since: the present pair would be answered",
        },
        Verdict::WornOut => refused(
            RefreshError::Superseded,
            "worn_out",
            "it was used a moment ago, but the answer was given too often; its session would live on",
        ),
        Verdict::Unsure => refused(
            RefreshError::Superseded,
            "unsure",
            "it cannot be told when it was used; its session would live on",
        ),
        Verdict::Reuse => refused(
            RefreshError::Reused,
            "reuse",
            "it was used before: its session would be ended for both holders",
        ),
        Verdict::Ahead => refused(
            RefreshError::Invalid,
            "ahead",
            "this database never made it (was an old backup put back?); its session would live on",
        ),
    }
}

fn refused(error: RefreshError, would: &'static str, meaning: &'static str) -> Judgement {
    Judgement {
        code: Some(ApiError::from(error).code()),
        would,
        meaning,
    }
}
