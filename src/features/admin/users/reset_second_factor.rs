//! `GET /admin/users/{id}/second-factor` and `POST /admin/users/{id}/second-factor`: an administrator takes the second factor from a user
//! who has lost their phone and their recovery codes.

use rocket::{State, get, post};

use crate::features::admin::users::acting::{self, Asked, Choice};
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::browser::who::Administrator;
use crate::features::second_factors::reset::Reset;
use crate::features::users::store as users;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;

/// Takes the second factor away, if the actor may.
pub struct ResetSecondFactor {
    /// Whose.
    pub user: UserId,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for ResetSecondFactor {
    /// Whether there was one that counted.
    type Outcome = bool;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<bool, AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        check(tx, &self.cause, Act::SecondFactor, Some(&user))?;
        let reset = Reset {
            user: user.id,
            cause: self.cause,
        };
        Ok(reset.within(tx)?)
    }
}

/// Says what it does, and asks.
///
/// # Errors
/// When there is no such user, the administrator may not, or has to give the password first.
#[get("/admin/users/<id>/second-factor")]
pub fn ask(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::SecondFactor)?;
    acting::proven(&administrator, user.id, "second-factor")?;
    let asked = Asked {
        title: "Reset the second factor",
        act: "second-factor",
        label: "Reset the second factor".to_owned(),
        kind: "danger",
        consequences: vec![
            "Their password alone signs them in until they add another one. Their recovery codes are void.".to_owned(),
            "Make sure that it is they who ask: this is what a thief with the password would want.".to_owned(),
        ],
        field: Choice::Nothing,
    };
    Ok(acting::page(&administrator, &user, &asked, &[]))
}

/// Takes it away.
///
/// # Errors
/// As above.
#[post("/admin/users/<id>/second-factor", data = "<_form>")]
pub async fn reset(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::SecondFactor)?;
    acting::proven(&administrator, user.id, "second-factor")?;
    let change = ResetSecondFactor {
        user: user.id,
        cause: administrator.cause(hub),
    };
    let done = hub.store.write(change).await;
    let note = if done.map_err(|error| acting::refused(error, user.id))? {
        "user_second_factor_reset"
    } else {
        "user_without_second_factor"
    };
    Ok(acting::back(user.id).noting(Note::new(note)))
}
