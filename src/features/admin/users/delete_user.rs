//! `GET /admin/users/{id}/delete` and `POST /admin/users/{id}/delete`: an administrator deletes a user, after typing their name.
//!
//! Their session rows stay, ended, so that their tokens can still be answered truthfully.

use rocket::{State, get, post};

use crate::features::admin::users::acting::{self, Asked, Choice};
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::browser::who::Administrator;
use crate::features::sessions::end;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::Now;
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::features::webhooks::store::outbox;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;
use crate::types::role::Role;

/// Deletes a user.
pub struct DeleteUser {
    /// Whom.
    pub user: UserId,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for DeleteUser {
    /// How many sessions were ended that were still good by the clock.
    type Outcome = u64;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        check(tx, &self.cause, Act::Delete, Some(&user))?;
        let last = user.role == Role::SuperAdmin && user.is_active;
        if last && !users::has_other_super_admin(tx, user.id)? {
            return Err(AdministrationError::LastSuperAdmin);
        }
        let reason = EndReason::UserDeleted;
        let ended = end::end_all_of(tx, user.id, None, reason, self.now, &self.cause)?;
        users::delete(tx, user.id)?;
        outbox::date(tx, self.cause.at.wall)?;
        tx.audit(
            &self.cause,
            Action::UserDelete,
            Some(format!("user:{}", user.id)),
            Some(format!("ended={ended}")),
        )?;
        Ok(ended)
    }
}

/// Says what deleting does, and asks for the name.
///
/// # Errors
/// When there is no such user, the administrator may not, or has to give the password first.
#[get("/admin/users/<id>/delete")]
pub fn ask(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Delete)?;
    acting::proven(&administrator, user.id, "delete")?;
    page(hub, &administrator, &user, &[])
}

/// Deletes them, if their name was typed.
///
/// # Errors
/// As above; another name comes back with the form.
#[post("/admin/users/<id>/delete", data = "<form>")]
pub async fn delete(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    form: Form,
) -> Result<Away, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Delete)?;
    acting::proven(&administrator, user.id, "delete")?;
    if form.text("name").trim() != user.username {
        let error = FieldError::new("name", "That is not the name. Nobody was deleted.");
        let again = page(hub, &administrator, &user, &[error])?;
        return Err(again.with_status(422).into());
    }
    let cause = administrator.cause(hub);
    let change = DeleteUser {
        user: user.id,
        now: end::now(hub, cause.at.wall),
        cause,
    };
    let done = hub.store.write(change).await;
    let ended = done.map_err(|error| acting::refused(error, user.id))?;
    Ok(Away::to("/admin/users").noting(Note::counting("user_deleted", ended)))
}

fn page(
    hub: &Hub,
    administrator: &Administrator,
    user: &User,
    errors: &[FieldError],
) -> Result<Page, Refusal> {
    let live = acting::live_sessions(hub, user.id)?;
    let asked = Asked {
        title: "Delete this user",
        act: "delete",
        label: "Delete this user".to_owned(),
        kind: "danger",
        consequences: vec![
            format!("{live} signed out; every refresh is refused with user_not_found."),
            "Their name, address, password, profile and second factor are deleted. This cannot be undone.".to_owned(),
            "Their ended sessions and what the audit tells of them stay.".to_owned(),
        ],
        field: Choice::TheirName,
    };
    Ok(acting::page(administrator, user, &asked, errors))
}
