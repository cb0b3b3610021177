//! `POST /account/password`: a new password for the old one. Every other session ends; this browser goes on with new cookies.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{State, post};

use crate::crypto::hasher::StoredHash;
use crate::features::account::error::PasswordChangeError;
use crate::features::account::pages::overview;
use crate::features::account::pages::own_password::Problem;
use crate::features::account::pages::profile::Typed;
use crate::features::account::password::{self, ChangePassword, GoesOn};
use crate::features::browser::renew::RenewCookies;
use crate::features::browser::who::Member;
use crate::features::sessions::end;
use crate::http::cookies::{self, Cookie};
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::types::held_value::ValueHash;

/// The administrators' cookie, if this browser shows one.
pub(super) struct AdminCookie(Option<ValueHash>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AdminCookie {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let value = cookies::held(request, Cookie::Admin);
        Outcome::Success(Self(value.map(|value| value.hash())))
    }
}

/// Changes the password.
///
/// # Errors
/// See [`PasswordChangeError`]; what was typed wrongly is told with the form, in which no password is filled in again.
#[post("/account/password", data = "<form>")]
pub(super) async fn change(
    hub: &State<Hub>,
    member: Member,
    admin: AdminCookie,
    form: Form,
) -> Result<Away, Refusal> {
    let again = |problems: &[FieldError]| -> Refusal {
        match overview::page(hub, &member, &Typed::of(&member.user), problems) {
            Ok(page) => page.with_status(422).into(),
            Err(refusal) => refusal,
        }
    };
    let (current, new) = (form.text("current_password"), form.text("new_password"));
    let problems = problems(hub, &member, &form);
    if !problems.is_empty() {
        return Err(again(&problems));
    }
    let (old, new) = match prepare(hub, &member, current, new).await {
        Ok(hashes) => hashes,
        Err(PasswordChangeError::InvalidCredentials) => {
            return Err(again(&[wrong()]));
        }
        Err(PasswordChangeError::TooMany(too_many)) => {
            let problem = Problem::from(too_many);
            let errors = std::slice::from_ref(&problem.error);
            let page = overview::page(hub, &member, &Typed::of(&member.user), errors)?;
            return Err(problem.refuse(page));
        }
        Err(error) => return Err(ApiError::from(error).into()),
    };
    let (renew, values) = RenewCookies::draw(hub, member.cookie, admin.0);
    let cause = member.cause(hub);
    let change = ChangePassword {
        session: member.session,
        old,
        new,
        now: end::now(hub, cause.at.wall),
        goes_on: GoesOn::WithCookies(renew),
        cause,
    };
    match hub.store.write(change).await {
        Ok(changed) => {
            let note = Note::counting("password_changed", changed.ended);
            Ok(values.hand_over(hub, Away::to("/account")).noting(note))
        }
        Err(PasswordChangeError::InvalidCredentials) => Err(again(&[wrong()])),
        // Signed out meanwhile.
        Err(PasswordChangeError::Access(_)) => Err(Away::to("/login").into()),
        Err(error) => Err(ApiError::from(error).into()),
    }
}

fn wrong() -> FieldError {
    FieldError::new("current_password", "That is not your password.")
}

/// What can be told before anything is hashed.
fn problems(hub: &Hub, member: &Member, form: &Form) -> Vec<FieldError> {
    let mut problems = Vec::new();
    if form.text("current_password").is_empty() {
        problems.push(FieldError::new(
            "current_password",
            "Fill in your current password.",
        ));
    }
    let new = form.text("new_password");
    if let Err(error) = password::check(hub, &member.user, new) {
        let rule = ApiError::from(error);
        problems.push(FieldError::new("new_password", rule.text().to_owned()));
    } else if form.text("new_password_again") != new {
        problems.push(FieldError::new(
            "new_password_again",
            "Type the same new password in both fields.",
        ));
    }
    problems
}

async fn prepare(
    hub: &Hub,
    member: &Member,
    current: &str,
    new: &str,
) -> Result<(StoredHash, StoredHash), PasswordChangeError> {
    let new = password::check(hub, &member.user, new)?;
    let (user, cause) = (member.user.id, member.cause(hub));
    password::hash(hub, member.session, user, (current, new), cause).await
}
