//! What every act on an account has in common at its pages: finding the user, asking before, telling why not.

use rocket_dyn_templates::context;
use serde::Serialize;

use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::admin::users::store;
use crate::features::browser::who::Administrator;
use crate::features::sessions::end;
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::http::form::FieldError;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::http::shown_text::shown;
use crate::hub::Hub;
use crate::types::ids::UserId;

/// What the page before an act says and asks for.
#[derive(Serialize)]
pub struct Asked {
    /// The act as a heading.
    pub title: &'static str,
    /// The last part of its address.
    pub act: &'static str,
    /// What stands on the button.
    pub label: String,
    /// `danger`, or `primary` for what can be taken back.
    pub kind: &'static str,
    /// What it does.
    pub consequences: Vec<String>,
    /// What has to be filled in.
    pub field: Choice,
}

/// What has to be filled in before an act.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Choice {
    /// Nothing.
    Nothing,
    /// The user's name, so that nobody is deleted by a slip.
    TheirName,
    /// A new password, twice.
    Password,
    /// A text.
    Text {
        /// The field's name.
        name: &'static str,
        /// What it is called.
        label: &'static str,
        /// What was typed, or is now.
        value: String,
        /// What it may hold.
        hint: &'static str,
    },
    /// One of several.
    One {
        /// The field's name.
        name: &'static str,
        /// What it is called.
        label: &'static str,
        /// What is chosen now.
        value: &'static str,
        /// What there is to choose from.
        options: Vec<ChoiceOption>,
    },
    /// A box to be ticked.
    Tick {
        /// The field's name.
        name: &'static str,
        /// What ticking it means.
        label: &'static str,
    },
}

/// One of several things to choose from.
#[derive(Serialize)]
pub struct ChoiceOption {
    /// What is sent.
    pub value: &'static str,
    /// What is shown.
    pub label: &'static str,
}

/// The user that an address names, if this administrator may do this to them now. The change asks once more.
///
/// # Errors
/// 404 without such a user, 403 without the right; what nobody does to themselves leads back to the user's page.
pub fn user(hub: &Hub, administrator: &Administrator, id: &str, act: Act) -> Result<User, Refusal> {
    let id = number(id)?;
    let cause = administrator.cause(hub);
    let found = hub.store.read(|db| {
        let user = users::by_id(db, id)?.ok_or(AdministrationError::UserNotFound)?;
        check(db, &cause, act, Some(&user))?;
        Ok(user)
    });
    found.map_err(|error| refused(error, id))
}

/// The number in an address, written in the one way that the Hub writes it.
///
/// # Errors
/// 404 for whatever else stands there.
pub fn number(text: &str) -> Result<UserId, Refusal> {
    let number = text
        .parse()
        .ok()
        .filter(|number: &i64| number.to_string() == text);
    number
        .map(UserId)
        .ok_or_else(|| ApiError::of_status(404).into())
}

/// Goes on only with a fresh proof of the password; after it, with the page that asks before the act.
///
/// # Errors
/// The way to the page that asks for the password.
pub fn proven(administrator: &Administrator, user: UserId, act: &str) -> Result<(), Refusal> {
    administrator.proven(&format!("/admin/users/{user}/{act}"))
}

/// The page before an act.
#[must_use]
pub fn page(
    administrator: &Administrator,
    user: &User,
    asked: &Asked,
    errors: &[FieldError],
) -> Page {
    administrator.page(
        "admin/users/act.html",
        context! {
            user: context! {
                id: user.id.0,
                username: shown(&user.username),
                email: shown(&user.email),
                role: user.role.as_str(),
                is_active: user.is_active,
            },
            asked: asked,
            errors: errors,
        },
    )
}

/// The way back to the user's page.
#[must_use]
pub fn back(user: UserId) -> Away {
    Away::to(format!("/admin/users/{user}"))
}

/// Why an act was not done, as an answer.
#[must_use]
pub fn refused(error: AdministrationError, user: UserId) -> Refusal {
    match error {
        AdministrationError::UserNotFound => ApiError::of_status(404).into(),
        AdministrationError::Forbidden => ApiError::of_status(403).into(),
        AdministrationError::Oneself => back(user).noting(Note::new("own_account")).into(),
        AdministrationError::LastSuperAdmin => {
            back(user).noting(Note::new("last_super_admin")).into()
        }
        AdministrationError::UsernameTaken | AdministrationError::EmailTaken => {
            ApiError::of_status(409).into()
        }
        AdministrationError::Store(error) => error.into(),
    }
}

/// How many sessions an act would end, as the beginning of a sentence.
///
/// # Errors
/// What SQLite says.
pub fn live_sessions(hub: &Hub, user: UserId) -> Result<String, Refusal> {
    let now = end::now(hub, hub.clock.now().wall);
    let live = hub.store.read(|db| store::live_sessions(db, user, now))?;
    Ok(match live {
        0 => "They are signed in nowhere now, so nobody is".to_owned(),
        1 => "Their one session is ended and its client".to_owned(),
        live => format!("Their {live} sessions are ended and the clients"),
    })
}
