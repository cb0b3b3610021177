//! `POST /account/second-factor/confirm`: the first code. The second factor counts from here on, and the recovery codes are shown, once.

use rocket::{State, post};

use crate::features::account::pages::recovery_codes;
use crate::features::account::pages::second_factor::{self, PATH, failed};
use crate::features::browser::who::Member;
use crate::features::second_factors::confirm::{Confirm, Confirmed};
use crate::features::second_factors::model::Presented;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;

/// Takes the first code. It needs no password: whoever has it has seen the secret, and that needed one.
///
/// # Errors
/// A wrong code brings the page back.
#[post("/account/second-factor/confirm", data = "<form>")]
pub(super) async fn confirm(hub: &State<Hub>, member: Member, form: Form) -> Result<Page, Refusal> {
    let again = |text: &'static str| -> Refusal {
        match second_factor::page(hub, &member, &[FieldError::new("code", text)]) {
            Ok(page) => page.with_status(422).into(),
            Err(refusal) => refusal,
        }
    };
    let Ok(Presented::Code(code)) = Presented::parse(form.text("code")) else {
        return Err(again("Fill in the six digits that your app shows."));
    };
    let change = Confirm::new(hub, member.session, code, member.cause(hub));
    let elsewhere = |note| Refusal::from(Away::to(PATH).noting(Note::new(note)));
    match hub.store.write(change).await.map_err(failed)? {
        Confirmed::Now(codes) => Ok(recovery_codes::page(&member, &codes, true)),
        Confirmed::HasOne => Err(elsewhere("second_factor_present")),
        Confirmed::NotPending => Err(elsewhere("second_factor_too_late")),
        // The page would not show the secret any more.
        Confirmed::Wrong if !member.is_proven() => Err(elsewhere("second_factor_too_late")),
        Confirmed::Wrong => Err(again(
            "That code does not fit. Let your phone set its clock by itself, then fill in the code that it shows now.",
        )),
    }
}
