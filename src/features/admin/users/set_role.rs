//! `GET /admin/users/{id}/role` and `POST /admin/users/{id}/role`: an administrator gives a user another role.
//!
//! It counts at the user's next request, for roles stand in no token.

use rocket::{State, get, post};

use crate::features::admin::setup::store as setup_link;
use crate::features::admin::users::acting::{self, Asked, Choice, ChoiceOption};
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::browser::who::Administrator;
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
use crate::types::role::{NotARole, Role};

/// Gives a user another role.
pub struct SetRole {
    /// Whom.
    pub user: UserId,
    /// Which.
    pub role: Role,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SetRole {
    type Outcome = ();
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        check(tx, &self.cause, Act::Role, Some(&user))?;
        if user.role == self.role {
            // Nothing changes, so nothing is written.
            return Ok(());
        }
        let lowered = user.role == Role::SuperAdmin && self.role != Role::SuperAdmin;
        if lowered && user.is_active && !users::has_other_super_admin(tx, user.id)? {
            return Err(AdministrationError::LastSuperAdmin);
        }
        users::set_role(tx, user.id, self.role, self.cause.at.wall)?;
        if self.role == Role::SuperAdmin {
            // The link was for want of one.
            setup_link::forget(tx)?;
        }
        tx.audit(
            &self.cause,
            Action::UserRole,
            Some(format!("user:{}", user.id)),
            Some(format!("from={} to={}", user.role, self.role)),
        )?;
        Ok(())
    }
}

/// Asks for the role.
///
/// # Errors
/// When there is no such user, the administrator may not, or has to give the password first.
#[get("/admin/users/<id>/role")]
pub fn ask(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Role)?;
    acting::proven(&administrator, user.id, "role")?;
    Ok(page(&administrator, &user, &[]))
}

/// Gives it.
///
/// # Errors
/// As above; what is no role comes back with the form.
#[post("/admin/users/<id>/role", data = "<form>")]
pub async fn set(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    form: Form,
) -> Result<Away, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Role)?;
    acting::proven(&administrator, user.id, "role")?;
    let role = form.text("role").parse().map_err(|error: NotARole| {
        let errors = [FieldError::new("role", error.to_string())];
        page(&administrator, &user, &errors).with_status(422)
    })?;
    let change = SetRole {
        user: user.id,
        role,
        cause: administrator.cause(hub),
    };
    let done = hub.store.write(change).await;
    done.map_err(|error| acting::refused(error, user.id))?;
    Ok(acting::back(user.id).noting(Note::new("user_role_set")))
}

fn page(administrator: &Administrator, user: &User, errors: &[FieldError]) -> Page {
    let asked = Asked {
        title: "Give another role",
        act: "role",
        label: "Give this role".to_owned(),
        kind: "danger",
        consequences: vec![
            "It counts at their next request; nobody is signed out.".to_owned(),
            "Whoever is made an administrator can see every session and every user.".to_owned(),
        ],
        field: Choice::One {
            name: "role",
            label: "Role",
            value: user.role.as_str(),
            options: roles(),
        },
    };
    acting::page(administrator, user, &asked, errors)
}

/// The roles, with what each may do.
#[must_use]
pub fn roles() -> Vec<ChoiceOption> {
    [
        (Role::User, "USER: the own account only"),
        (Role::Admin, "ADMIN: users and sessions"),
        (
            Role::SuperAdmin,
            "SUPERADMIN: roles, administrators, keys and settings too",
        ),
    ]
    .map(|(role, label)| ChoiceOption {
        value: role.as_str(),
        label,
    })
    .into()
}
