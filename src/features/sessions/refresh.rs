//! `POST /api/auth/refresh`: a refresh token for a new pair.

use std::sync::Arc;
use std::time::Duration;

use rocket::{State, post};
use utoipa::ToSchema;

use crate::crypto::jwt::{RefreshClaims, TokenFault, Tokens};
use crate::features::sessions::bearer::{Unfit, carry};
use crate::features::sessions::end;
use crate::features::sessions::error::RefreshError;
use crate::features::sessions::example;
use crate::features::sessions::issue;
use crate::features::sessions::issue::PairBody;
use crate::features::sessions::lineage::{self, Kind, NewEvent};
use crate::features::sessions::model::{self, Agent, EndReason, FirstUse, Session, Verdict};
use crate::features::sessions::own;
use crate::features::sessions::store;
use crate::features::users::model::PublicUser;
use crate::features::users::model::User;
use crate::http::answer::Answer;
use crate::http::body::Body;
use crate::http::client::Client;
use crate::http::problem::ApiError;
use crate::hub::counts::Refresh as Ended;
use crate::hub::throttle::model::Tries;
use crate::hub::{Hub, keys};
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::SessionId;
use crate::types::time::Moment;

/// What is renewed.
#[derive(ToSchema)]
pub struct Refresh {
    /// The refresh token of the last answer.
    #[schema(pattern = r"\S")]
    pub refresh_token: String,
}

/// Answers a good refresh token with a new access token and its own successor.
///
/// # Errors
/// See [`RefreshError`].
#[utoipa::path(
    post,
    path = "/api/auth/refresh",
    operation_id = "refresh",
    tag = "Signing in and out",
    summary = "Renew the tokens",
    description = "A refresh token for a new pair. It is good once: keep the new one in its place. Whoever lost the answer may ask again for 10 seconds (unless configured otherwise) and gets the same refresh token; a token that comes again later was stolen, and its session is ended for both holders. A session may renew 60 times at once, then once a second.",
    request_body(content = Refresh, description = "The refresh token.", example = json!({"refresh_token": example::REFRESH})),
    responses(
        (status = 200, description = "The new pair.", body = PairBody<'_, PublicUser<'_>>, example = json!(example::pair("Token refreshed successfully", example::user().public()))),
        RefreshError,
    ),
)]
#[post("/api/auth/refresh", data = "<body>")]
pub async fn refresh(hub: &State<Hub>, client: Client, body: Body) -> Result<Answer, ApiError> {
    let missing = || hub.counts.refresh(Ended::Missing);
    let fields = body.fields().inspect_err(|_| missing())?;
    let token = fields
        .as_ref()
        .and_then(|fields| fields.text("refresh_token"))
        .ok_or(RefreshError::Missing)
        .inspect_err(|_| missing())?;
    let renewed = renew(hub, client, token).await;
    match &renewed {
        Ok((_, ended)) | Err((_, ended)) => hub.counts.refresh(*ended),
    }
    let (answer, _) = renewed.map_err(|(error, _)| error)?;
    hub.activity.refreshed();
    Ok(answer)
}

/// An answer or a refusal, and which case it was.
async fn renew(
    hub: &Hub,
    client: Client,
    token: &str,
) -> Result<(Answer, Ended), (RefreshError, Ended)> {
    let cause = client.cause(hub);
    let now = cause.at;
    let caller = hub.throttle.caller(cause.address);
    let forged = hub.throttle.reserve(Tries::ForgedToken, caller);
    let mut forged = forged.map_err(unjudged)?;
    let claims = read(hub, token, now).inspect_err(|error| {
        if *error == RefreshError::Invalid {
            forged.spend();
        }
    });
    let claims = claims.map_err(unjudged)?;
    let session = claims
        .sid
        .parse()
        .map_err(|_| unjudged(RefreshError::Invalid))?;
    let in_time = hub.throttle.refresh(session, caller);
    in_time.map_err(unjudged)?;
    let change = Rotate {
        session,
        claims,
        tokens: Arc::clone(&hub.tokens),
        grace: hub.config.refresh_grace,
        cause,
    };
    let (session, user, ended) = match hub.store.write(change).await.map_err(unjudged)? {
        Outcome::Pair(session, user, ended) => (session, user, ended),
        Outcome::Refused(refusal, ended) => return Err((refusal, ended)),
    };
    let pair = issue::pair(hub, &session, &user, now.wall).map_err(unjudged)?;
    let body = pair.body("Token refreshed successfully", user.public());
    Ok((Answer::ok(&body), ended))
}

/// Why the machine did not judge, or nothing came of it.
fn unjudged(error: impl Into<RefreshError>) -> (RefreshError, Ended) {
    let error = error.into();
    let ended = match &error {
        RefreshError::Missing => Ended::Missing,
        RefreshError::TooMany(_) => Ended::Throttled,
        RefreshError::Store(_) => Ended::Failed,
        RefreshError::Expired | RefreshError::SessionExpired => Ended::Expired,
        // What else there is, the machine says.
        _ => Ended::Invalid,
    };
    (error, ended)
}

/// Case 1: an authentic refresh token within its time.
fn read(hub: &Hub, token: &str, now: Moment) -> Result<RefreshClaims, RefreshError> {
    let claims = hub
        .tokens
        .read_refresh(token, now.wall)
        .map_err(|_: TokenFault| RefreshError::Invalid)?;
    if claims.exp > now.wall.seconds() {
        return Ok(claims);
    }
    // The last token of a session ceases with it: its bearer hears that the session is over, not that a token was kept too long.
    let claimed = match claims.sid.parse() {
        Ok(session) => hub.store.read(|db| store::claimed(db, session))?.0,
        Err(_) => None,
    };
    match claimed {
        Some(claimed) if claimed.is_past_end(now.wall) => Err(RefreshError::SessionExpired),
        _ => Err(RefreshError::Expired),
    }
}

/// Judges an authentic refresh token and does what follows.
pub struct Rotate {
    /// The session that the token names.
    pub session: SessionId,
    /// What the token says.
    pub claims: RefreshClaims,
    /// Whether it is the session's own, the keys tell.
    pub tokens: Arc<Tokens>,
    /// How long after its first use a token may come again.
    pub grace: Duration,
    /// When and from where it came.
    pub cause: Cause,
}

/// What [`Rotate`] found and did.
#[derive(Debug)]
pub enum Outcome {
    /// The session as it stands now, to be answered with its pair.
    Pair(Box<Session>, Box<User>, Ended),
    /// The token was refused; what that leaves behind is written.
    Refused(RefreshError, Ended),
}

impl Change for Rotate {
    type Outcome = Outcome;
    type Error = StoreError;

    // Every refusal is an outcome: what is left as an error is the database's.
    const FAILS_WITH_ITS_TURN: bool = true;

    fn apply(self, tx: &Tx<'_>) -> Result<Outcome, StoreError> {
        // Case 2.
        let Some((session, user)) = store::load(tx, self.session)? else {
            return Ok(Outcome::Refused(RefreshError::Invalid, Ended::Unknown));
        };
        if !own::is_own(&self.tokens, &self.claims, &session) {
            return Ok(Outcome::Refused(RefreshError::Invalid, Ended::Unknown));
        }
        let cause = self.cause.clone().by_user(session.user);
        // Cases 3 and 4.
        let user = match carry(user, session.standing, session.ends_at, cause.at.wall) {
            Ok(user) => user,
            Err(unfit) => {
                if unfit == Unfit::UserDisabled {
                    end::end_one(tx, &session, EndReason::UserDisabled, &cause)?;
                }
                return Ok(Outcome::Refused(unfit.into(), unfit.ended()));
            }
        };
        self.act(tx, session, user, &cause)
    }
}

impl Rotate {
    /// Cases 5 to 12.
    fn act(
        &self,
        tx: &Tx<'_>,
        session: Session,
        user: User,
        cause: &Cause,
    ) -> Result<Outcome, StoreError> {
        let presented = self.claims.r#gen;
        let first_use = first_use(tx, &session, presented)?;
        let verdict = model::judge(presented, &session, first_use, cause.at, self.grace);
        let ended = ended(verdict);
        match verdict {
            Verdict::Rotate => {
                let session = rotate(tx, session, cause)?;
                Ok(Outcome::Pair(Box::new(session), Box::new(user), ended))
            }
            // What settles is told like a retry; the generation says which it was.
            Verdict::Settle | Verdict::Retry => {
                let session = answered_again(session);
                let session = note(tx, session, Kind::Retry, presented, cause)?;
                Ok(Outcome::Pair(Box::new(session), Box::new(user), ended))
            }
            Verdict::Straggler => {
                let session = answered_again(session);
                let session = note(tx, session, Kind::Straggler, presented, cause)?;
                Ok(Outcome::Pair(Box::new(session), Box::new(user), ended))
            }
            Verdict::WornOut => {
                note(tx, session, Kind::Straggler, presented, cause)?;
                Ok(Outcome::Refused(RefreshError::Superseded, ended))
            }
            Verdict::Unsure => Ok(Outcome::Refused(RefreshError::Superseded, ended)),
            Verdict::Reuse => {
                let session = note(tx, session, Kind::Reuse, presented, cause)?;
                end::end_one(tx, &session, EndReason::Reuse, cause)?;
                tracing::warn!(
                    session = %session.id,
                    user = %session.user,
                    "a used refresh token came again; its session was ended for both holders"
                );
                Ok(Outcome::Refused(RefreshError::Reused, ended))
            }
            Verdict::Ahead => {
                tracing::error!(
                    session = %session.id,
                    user = %session.user,
                    "an authentic refresh token is ahead of the database; was an old backup put back?"
                );
                Ok(Outcome::Refused(RefreshError::Invalid, ended))
            }
        }
    }
}

/// How a judged refresh is counted.
const fn ended(verdict: Verdict) -> Ended {
    match verdict {
        Verdict::Rotate => Ended::Rotate,
        Verdict::Settle => Ended::Settle,
        Verdict::Retry => Ended::Retry,
        Verdict::Straggler => Ended::Straggler,
        Verdict::WornOut => Ended::WornOut,
        Verdict::Unsure => Ended::Unsure,
        Verdict::Reuse => Ended::Reuse,
        Verdict::Ahead => Ended::Ahead,
    }
}

/// When the presented generation was first used: the row itself knows it of the last two, the lineage of those before.
///
/// # Errors
/// What SQLite says.
pub fn first_use(
    db: &Db<'_>,
    session: &Session,
    presented: i64,
) -> Result<Option<FirstUse>, StoreError> {
    match session.generation.saturating_sub(presented) {
        ..=0 => Ok(None),
        1 => Ok(Some(FirstUse::At(session.rotated))),
        2 if session.previous.is_some() => Ok(session.previous.map(FirstUse::At)),
        _ => lineage::first_use(db, session.id, presented),
    }
}

/// Makes the next generation. (A change of the own password does the same, in its transaction.)
///
/// # Errors
/// What SQLite says.
pub fn rotate(tx: &Tx<'_>, session: Session, cause: &Cause) -> Result<Session, StoreError> {
    let agent = agent(tx, &session, cause)?;
    let has_moved = agent.id != session.agent.id || cause.address != session.address;
    let next = Session {
        generation: session.generation + 1,
        key: keys::present(tx)?,
        retries: 0,
        rotated: session.rotation_moment(cause.at),
        previous: Some(session.rotated),
        address: cause.address,
        agent,
        lineage_length: session.lineage_length + 1,
        ..session
    };
    store::advance(tx, &next, has_moved)?;
    write_event(
        tx,
        &next,
        Kind::Rotate,
        next.generation,
        next.agent.id,
        cause,
    )?;
    Ok(next)
}

/// The session with one more answer of its present generation counted.
fn answered_again(session: Session) -> Session {
    Session {
        retries: session.retries + 1,
        ..session
    }
}

/// Writes down what happened without a new generation.
fn note(
    tx: &Tx<'_>,
    session: Session,
    kind: Kind,
    presented: i64,
    cause: &Cause,
) -> Result<Session, StoreError> {
    let noted = Session {
        lineage_length: session.lineage_length + 1,
        ..session
    };
    store::note(tx, &noted)?;
    let agent = agent(tx, &noted, cause)?.id;
    write_event(tx, &noted, kind, presented, agent, cause)?;
    Ok(noted)
}

/// The row of what the client calls itself: mostly the one that the session has already.
fn agent(tx: &Tx<'_>, session: &Session, cause: &Cause) -> Result<Agent, StoreError> {
    if session.agent.text == cause.user_agent.as_str() {
        Ok(session.agent.clone())
    } else {
        store::agent(tx, cause)
    }
}

fn write_event(
    tx: &Tx<'_>,
    session: &Session,
    kind: Kind,
    generation: i64,
    agent: i64,
    cause: &Cause,
) -> Result<(), StoreError> {
    let event = NewEvent {
        session: session.id,
        position: session.lineage_length,
        kind,
        generation,
        agent,
    };
    lineage::write(tx, &event, cause)
}
