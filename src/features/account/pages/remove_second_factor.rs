//! `GET /account/second-factor/remove` and `POST /account/second-factor/remove`: signing in with the password alone again.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::config::SecondFactor;
use crate::features::account::pages::overview;
use crate::features::account::pages::own_password;
use crate::features::account::pages::second_factor::{PATH, failed};
use crate::features::browser::who::Member;
use crate::features::second_factors::remove::Remove;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::types::role::Role;

/// Says what goes with it.
///
/// # Errors
/// Without a second factor there is nothing to remove.
#[get("/account/second-factor/remove")]
pub(super) fn ask(hub: &State<Hub>, member: Member) -> Result<Page, Refusal> {
    page(hub, &member, &[])
}

fn page(hub: &Hub, member: &Member, errors: &[FieldError]) -> Result<Page, Refusal> {
    let now = hub.clock.now().wall;
    let absent = || Away::to(PATH).noting(Note::new("second_factor_absent"));
    let factor = overview::second_factor(hub, member, now)?.ok_or_else(absent)?;
    let asks_password = !member.is_proven();
    let required = hub.config.admin_second_factor == SecondFactor::Required;
    let closes_pages = required && member.user.role >= Role::Admin;
    let shows = context! { factor, asks_password, closes_pages, errors };
    Ok(member.page("account/remove_second_factor.html", shows))
}

/// Removes it, with its recovery codes.
///
/// # Errors
/// A missing or wrong password brings the form back.
#[post("/account/second-factor/remove", data = "<form>")]
pub(super) async fn remove(hub: &State<Hub>, member: Member, form: Form) -> Result<Away, Refusal> {
    if let Err(problem) = own_password::given(hub, &member, &form).await? {
        let page = page(hub, &member, std::slice::from_ref(&problem.error))?;
        return Err(problem.refuse(page));
    }
    let change = Remove {
        session: member.session,
        cause: member.cause(hub),
    };
    let removed = hub.store.write(change).await.map_err(failed)?;
    let note = if removed {
        "second_factor_removed"
    } else {
        "second_factor_absent"
    };
    Ok(Away::to("/account").noting(Note::new(note)))
}
