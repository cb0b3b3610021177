//! `GET /admin/users/{id}/password` and `POST /admin/users/{id}/password`: an administrator sets a user's password, which ends all their
//! sessions.

use std::sync::Arc;

use rocket::{State, get, post};

use crate::crypto::attempt_keys::AttemptKeys;
use crate::crypto::hasher::StoredHash;
use crate::features::admin::users::acting::{self, Asked, Choice};
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::admin::users::new_account;
use crate::features::attempts::store as attempts;
use crate::features::browser::who::Administrator;
use crate::features::sessions::end;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::Now;
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;

/// Sets a user's password.
pub struct SetPassword {
    /// Whose.
    pub user: UserId,
    /// The new password's hash.
    pub password_hash: StoredHash,
    /// Names the account where its failed sign-ins are counted: they are forgotten.
    pub attempt_keys: Arc<AttemptKeys>,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SetPassword {
    /// How many sessions were ended that were still good by the clock.
    type Outcome = u64;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        check(tx, &self.cause, Act::Password, Some(&user))?;
        users::set_password_hash(tx, user.id, &self.password_hash, self.cause.at.wall)?;
        attempts::forget_all(tx, &self.attempt_keys.account(&user.username))?;
        let reason = EndReason::PasswordChanged;
        let ended = end::end_all_of(tx, user.id, None, reason, self.now, &self.cause)?;
        tx.audit(
            &self.cause,
            Action::PasswordSet,
            Some(format!("user:{}", user.id)),
            Some(format!("ended={ended}")),
        )?;
        Ok(ended)
    }
}

/// Asks for the new password.
///
/// # Errors
/// When there is no such user, the administrator may not, or has to give the own password first.
#[get("/admin/users/<id>/password")]
pub fn ask(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Password)?;
    acting::proven(&administrator, user.id, "password")?;
    page(hub, &administrator, &user, &[])
}

/// Sets it.
///
/// # Errors
/// As above; a password that breaks a rule comes back with the form, empty.
#[post("/admin/users/<id>/password", data = "<form>")]
pub async fn set(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    form: Form,
) -> Result<Away, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Password)?;
    acting::proven(&administrator, user.id, "password")?;
    let password = match new_account::new_password(hub, &form, &user.username, &user.email) {
        Ok(password) => password,
        Err(error) => {
            let again = page(hub, &administrator, &user, &[error])?;
            return Err(again.with_status(422).into());
        }
    };
    let password_hash = new_account::hash(hub, password).await?;
    let cause = administrator.cause(hub);
    let change = SetPassword {
        user: user.id,
        password_hash,
        attempt_keys: Arc::clone(&hub.attempt_keys),
        now: end::now(hub, cause.at.wall),
        cause,
    };
    let done = hub.store.write(change).await;
    let ended = done.map_err(|error| acting::refused(error, user.id))?;
    Ok(acting::back(user.id).noting(Note::counting("user_password_set", ended)))
}

fn page(
    hub: &Hub,
    administrator: &Administrator,
    user: &User,
    errors: &[FieldError],
) -> Result<Page, Refusal> {
    let live = acting::live_sessions(hub, user.id)?;
    let asked = Asked {
        title: "Set another password",
        act: "password",
        label: "Set this password".to_owned(),
        kind: "danger",
        consequences: vec![
            format!("{live} signed out; every refresh is refused with password_changed."),
            "You have to tell them the new password. Ask them to change it.".to_owned(),
        ],
        field: Choice::Password,
    };
    Ok(acting::page(administrator, user, &asked, errors))
}
