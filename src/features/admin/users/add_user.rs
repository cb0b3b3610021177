//! `GET /admin/users/new` and `POST /admin/users/new`: an administrator makes an account, in a role that they may give.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::admin::setup::store as setup_link;
use crate::features::admin::users::acting;
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::admin::users::new_account::{self, Typed};
use crate::features::admin::users::set_role::roles;
use crate::features::browser::who::Administrator;
use crate::features::users::model::{NewUser, User};
use crate::features::users::store as users;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::role::{NotARole, Role};

/// Makes a user.
pub struct AddUser {
    /// The user.
    pub user: NewUser,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for AddUser {
    type Outcome = User;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<User, AdministrationError> {
        check(tx, &self.cause, Act::Add(self.user.role), None)?;
        self.make(tx)
    }
}

impl AddUser {
    /// The same as a part of another change, which has decided that it may be.
    ///
    /// # Errors
    /// When somebody has the name or the address.
    pub fn make(self, tx: &Tx<'_>) -> Result<User, AdministrationError> {
        if let Some(taken) = users::taken(tx, &self.user)? {
            return Err(taken.into());
        }
        let user = users::insert(tx, &self.user, self.cause.at.wall)?;
        if user.role == Role::SuperAdmin {
            // The link was for want of one.
            setup_link::forget(tx)?;
        }
        tx.audit(
            &self.cause,
            Action::UserAdd,
            Some(format!("user:{}", user.id)),
            Some(format!("role={}", user.role)),
        )?;
        Ok(user)
    }
}

/// Asks for name, address, password and role.
///
/// # Errors
/// When the password of whoever asks has to be given first.
#[get("/admin/users/new")]
pub fn ask(administrator: Administrator) -> Result<Page, Refusal> {
    administrator.proven("/admin/users/new")?;
    let page = form(&administrator, &Typed::default(), Role::User.as_str(), &[]);
    Ok(page)
}

/// Makes the account.
///
/// # Errors
/// What was typed wrongly comes back with the form, without the password; 403 for a role that is not theirs to give.
#[post("/admin/users/new", data = "<form>")]
pub async fn add(
    hub: &State<Hub>,
    administrator: Administrator,
    form: Form,
) -> Result<Away, Refusal> {
    administrator.proven("/admin/users/new")?;
    let (typed, typed_role) = (Typed::of(&form), form.text("role"));
    let again = |errors: &[FieldError]| {
        let page = self::form(&administrator, &typed, typed_role, errors);
        Refusal::from(page.with_status(422))
    };
    let role = match typed_role {
        // An ADMIN is not asked: there is one role to give.
        "" => Ok(Role::User),
        role => role.parse(),
    };
    let (role, (username, email, password)) = match (role, new_account::parse(hub, &typed, &form)) {
        (Ok(role), Ok(account)) => (role, account),
        (role, account) => {
            let mut errors = account.err().unwrap_or_default();
            errors.extend(
                role.err()
                    .map(|error: NotARole| FieldError::new("role", error.to_string())),
            );
            return Err(again(&errors));
        }
    };
    let cause = administrator.cause(hub);
    // Before half a second is spent on a hash.
    hub.store
        .read(|db| check(db, &cause, Act::Add(role), None))
        .map_err(|error| acting::refused(error, administrator.user.id))?;
    let change = AddUser {
        user: NewUser {
            username,
            email,
            password_hash: new_account::hash(hub, password).await?,
            role,
        },
        cause,
    };
    match hub.store.write(change).await {
        Ok(user) => Ok(acting::back(user.id).noting(Note::new("user_added"))),
        Err(error @ (AdministrationError::UsernameTaken | AdministrationError::EmailTaken)) => {
            Err(again(&[new_account::field_error(&error)]))
        }
        Err(error) => Err(acting::refused(error, administrator.user.id)),
    }
}

fn form(administrator: &Administrator, typed: &Typed, role: &str, errors: &[FieldError]) -> Page {
    let may_choose = administrator.user.role == Role::SuperAdmin;
    administrator.page(
        "admin/users/new.html",
        context! {
            typed: typed,
            role: role,
            roles: if may_choose { roles() } else { Vec::new() },
            errors: errors,
        },
    )
}
