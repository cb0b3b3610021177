//! `POST /api/auth/password`: a new password for the old one; every other session ends.

use rocket::{State, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::crypto::hasher::{Comer, StoredHash};
use crate::features::account::error::PasswordChangeError;
use crate::features::browser::renew::RenewCookies;
use crate::features::passwords::model as passwords;
use crate::features::sessions::access::{authenticate, still_carried};
use crate::features::sessions::end;
use crate::features::sessions::error::AccessError;
use crate::features::sessions::example;
use crate::features::sessions::issue;
use crate::features::sessions::model::{EndReason, Session};
use crate::features::sessions::proof;
use crate::features::sessions::refresh;
use crate::features::sessions::store::many::Now;
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::http::answer::Answer;
use crate::http::authorization::Authorization;
use crate::http::body::Body;
use crate::http::client::Client;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::{SessionId, UserId};
use crate::types::password::Password;

/// A new pair for the session that goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = NewPair)]
struct NewPair<'pair> {
    /// What was done, in words.
    message: &'static str,
    /// For every call.
    access_token: &'pair str,
    /// For the next pair.
    refresh_token: &'pair str,
}

/// A new password for the old one.
#[derive(ToSchema)]
pub struct PasswordChange {
    /// The password until now.
    #[schema(pattern = r"\S")]
    pub current_password: String,
    /// At least one letter and one digit, of any script; none that everybody tries first, and not the name or the address again. A longer minimum can be
    /// configured.
    #[schema(
        min_length = 8,
        max_length = 128,
        pattern = r"^(?=[\s\S]*\p{L})(?=[\s\S]*\p{N})"
    )]
    pub new_password: String,
}

/// Changes the caller's password. The caller's own session goes on with a new pair; all others end in the same transaction.
///
/// # Errors
/// See [`PasswordChangeError`].
#[utoipa::path(
    post,
    path = "/api/auth/password",
    operation_id = "changePassword",
    tag = "One's own account",
    summary = "Change one's own password",
    description = "Ends every other session of the caller in the same transaction; this one goes on with a new pair.",
    security(("bearer" = [])),
    request_body(content = PasswordChange, description = "Both passwords.", example = json!({"current_password": "correct horse 7", "new_password": "staple battery 8"})),
    responses(
        (status = 200, description = "The password is changed.", body = NewPair<'_>, example = json!(NewPair { message: "Password changed successfully", access_token: example::ACCESS, refresh_token: example::REFRESH })),
        PasswordChangeError,
    ),
)]
#[post("/api/auth/password", data = "<body>")]
pub async fn change(
    hub: &State<Hub>,
    client: Client,
    authorization: Authorization,
    body: Body,
) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization)?;
    let fields = body.fields()?.ok_or(PasswordChangeError::NoData)?;
    let (Some(current), Some(new)) = (fields.text("current_password"), fields.text("new_password"))
    else {
        return Err(PasswordChangeError::MissingFields.into());
    };
    let new = check(hub, &caller.user, new)?;
    let cause = client.cause(hub).by_user(caller.user.id);
    let (old, new) = hash(
        hub,
        caller.session,
        caller.user.id,
        (current, new),
        cause.clone(),
    )
    .await?;
    let now = cause.at.wall;
    let change = ChangePassword {
        session: caller.session,
        old,
        new,
        now: end::now(hub, now),
        goes_on: GoesOn::WithTokens,
        cause,
    };
    let changed = hub.store.write(change).await?;
    let pair = issue::pair(hub, &changed.session, &changed.user, now)
        .map_err(PasswordChangeError::from)?;
    Ok(Answer::ok(&NewPair {
        message: "Password changed successfully",
        access_token: pair.access.reveal(),
        refresh_token: pair.refresh.reveal(),
    }))
}

/// Holds a user's new password to the rules.
pub(super) fn check(hub: &Hub, user: &User, new: &str) -> Result<Password, PasswordChangeError> {
    let new = Password::new(new);
    let min_chars = hub.config.password_min_length;
    passwords::check(&new, min_chars, &user.username, &user.email)
        .map_err(PasswordChangeError::Password)?;
    Ok(new)
}

/// Compares the current password of whoever acts in a session and hashes the new one; returns the stored hash that was compared with, and the new one.
pub(super) async fn hash(
    hub: &Hub,
    session: SessionId,
    user: UserId,
    (current, new): (&str, Password),
    cause: Cause,
) -> Result<(StoredHash, StoredHash), PasswordChangeError> {
    let old = proof::prove(hub, session, user, current, cause).await?;
    Ok((old, hub.hasher.make(new, Comer::Expected).await?))
}

/// Changes the password of whoever acts in a session, whichever door they came in by.
pub(super) struct ChangePassword {
    /// In which session.
    pub(super) session: SessionId,
    /// What the current password was compared with.
    pub(super) old: StoredHash,
    /// The new one's hash.
    pub(super) new: StoredHash,
    /// What "past its time" means now.
    pub(super) now: Now,
    /// How that session goes on.
    pub(super) goes_on: GoesOn,
    /// When, from where.
    pub(super) cause: Cause,
}

/// How the session that stays goes on: with something new in place of what may have been copied.
pub(super) enum GoesOn {
    /// With a new pair of tokens.
    WithTokens,
    /// With new cookies.
    WithCookies(RenewCookies),
}

/// What [`ChangePassword`] did.
pub(super) struct Changed {
    /// The session that goes on.
    pub(super) session: Session,
    /// Whose it is.
    pub(super) user: User,
    /// How many others ended.
    pub(super) ended: u64,
}

impl Change for ChangePassword {
    type Outcome = Changed;
    type Error = PasswordChangeError;

    fn apply(self, tx: &Tx<'_>) -> Result<Changed, PasswordChangeError> {
        let (session, user) = still_carried(tx, self.session, self.cause.at.wall)?;
        if users::password_hash(tx, user.id)?.as_ref() != Some(&self.old) {
            return Err(PasswordChangeError::InvalidCredentials);
        }
        users::set_password_hash(tx, user.id, &self.new, self.cause.at.wall)?;
        let ended = end::end_all_of(
            tx,
            user.id,
            Some(session.id),
            EndReason::PasswordChanged,
            self.now,
            &self.cause,
        )?;
        let session = match &self.goes_on {
            // A copy of this session's refresh token, wherever it is, is now a used one: presented after the grace, it ends the session.
            GoesOn::WithTokens => refresh::rotate(tx, session, &self.cause)?,
            GoesOn::WithCookies(renew) => {
                if !renew.apply(tx, session.id, self.cause.at)? {
                    return Err(AccessError::SessionUnknown.into());
                }
                session
            }
        };
        let target = Some(format!("user:{}", user.id));
        let detail = Some(format!("ended={ended}"));
        tx.audit(&self.cause, Action::PasswordChange, target, detail)?;
        Ok(Changed {
            session,
            user,
            ended,
        })
    }
}
