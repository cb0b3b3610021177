//! `GET /admin/users/{id}/tier` and `POST /admin/users/{id}/tier`: an administrator gives a user another tier.

use rocket::{State, get, post};

use crate::features::admin::users::acting::{self, Asked, Choice};
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::browser::who::Administrator;
use crate::features::users::model::{FREE_TIER, User};
use crate::features::users::store as users;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::http::shown_text::shown;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;
use crate::types::tier::Tier;

/// Gives a user another tier.
pub struct SetTier {
    /// Whom.
    pub user: UserId,
    /// Which.
    pub tier: Tier,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SetTier {
    type Outcome = ();
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        check(tx, &self.cause, Act::Tier, Some(&user))?;
        if user.premium_tier == self.tier.as_str() {
            // Nothing changes, so nothing is written.
            return Ok(());
        }
        users::set_tier(tx, user.id, &self.tier, self.cause.at.wall)?;
        tx.audit(
            &self.cause,
            Action::UserTier,
            Some(format!("user:{}", user.id)),
            Some(format!("to={}", self.tier)),
        )?;
        Ok(())
    }
}

/// Asks for the tier.
///
/// # Errors
/// When there is no such user, or the administrator may not.
#[get("/admin/users/<id>/tier")]
pub fn ask(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Tier)?;
    Ok(page(&administrator, &user, &user.premium_tier, &[]))
}

/// Gives it.
///
/// # Errors
/// As above; a tier of the wrong form comes back with the form.
#[post("/admin/users/<id>/tier", data = "<form>")]
pub async fn set(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    form: Form,
) -> Result<Away, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Tier)?;
    let typed = form.text("tier").trim();
    let tier = Tier::parse(typed).map_err(|error| {
        let errors = [FieldError::new("tier", error.to_string())];
        page(&administrator, &user, typed, &errors).with_status(422)
    })?;
    let change = SetTier {
        user: user.id,
        tier,
        cause: administrator.cause(hub),
    };
    let done = hub.store.write(change).await;
    done.map_err(|error| acting::refused(error, user.id))?;
    Ok(acting::back(user.id).noting(Note::new("user_tier_set")))
}

fn page(administrator: &Administrator, user: &User, typed: &str, errors: &[FieldError]) -> Page {
    let asked = Asked {
        title: "Give another tier",
        act: "tier",
        label: "Give this tier".to_owned(),
        kind: "primary",
        consequences: vec![format!(
            "The apps see it with the next token that they check; {FREE_TIER} is the tier of everybody who pays nothing."
        )],
        field: Choice::Text {
            name: "tier",
            label: "Tier",
            value: shown(typed),
            hint: "1 to 32 capital letters, digits and underscores",
        },
    };
    acting::page(administrator, user, &asked, errors)
}
