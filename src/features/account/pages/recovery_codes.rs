//! `GET /account/second-factor/recovery-codes` and `POST /account/second-factor/recovery-codes`: new codes for all old ones.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::account::pages::overview;
use crate::features::account::pages::own_password;
use crate::features::account::pages::second_factor::{PATH, failed};
use crate::features::browser::who::Member;
use crate::features::second_factors::model::RecoveryCodes;
use crate::features::second_factors::recovery_codes::RenewRecoveryCodes;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;

/// Says what new codes mean for the old ones.
///
/// # Errors
/// Without a second factor there is nothing that they could stand in for.
#[get("/account/second-factor/recovery-codes")]
pub(super) fn ask(hub: &State<Hub>, member: Member) -> Result<Page, Refusal> {
    confirm_page(hub, &member, &[])
}

fn confirm_page(hub: &Hub, member: &Member, errors: &[FieldError]) -> Result<Page, Refusal> {
    let now = hub.clock.now().wall;
    let factor = overview::second_factor(hub, member, now)?.ok_or_else(absent)?;
    let asks_password = !member.is_proven();
    let shows = context! { factor, asks_password, errors };
    Ok(member.page("account/renew_recovery_codes.html", shows))
}

/// Makes the codes anew and shows them. This one form is answered by its page: what is shown once and stands nowhere cannot be fetched by a second request.
///
/// # Errors
/// A missing or wrong password brings the form back.
#[post("/account/second-factor/recovery-codes", data = "<form>")]
pub(super) async fn renew(hub: &State<Hub>, member: Member, form: Form) -> Result<Page, Refusal> {
    if let Err(problem) = own_password::given(hub, &member, &form).await? {
        let page = confirm_page(hub, &member, std::slice::from_ref(&problem.error))?;
        return Err(problem.refuse(page));
    }
    let change = RenewRecoveryCodes::new(hub, member.session, member.cause(hub));
    let codes = hub.store.write(change).await.map_err(failed)?;
    Ok(page(&member, &codes.ok_or_else(absent)?, false))
}

/// The codes, shown once.
pub(super) fn page(member: &Member, codes: &RecoveryCodes, is_first: bool) -> Page {
    let codes: Vec<String> = codes.reveal().iter().map(|code| code.to_string()).collect();
    let username = &member.user.username;
    member.page(
        "account/recovery_codes.html",
        context! { codes, username, is_first },
    )
}

fn absent() -> Refusal {
    Away::to(PATH)
        .noting(Note::new("second_factor_absent"))
        .into()
}
