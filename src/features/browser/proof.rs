//! `GET /admin/sudo` and `POST /admin/sudo`: the password again, before what can do harm. The cookie gets another value with it.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::crypto::hasher::StoredHash;
use crate::features::browser::store;
use crate::features::browser::who::Administrator;
use crate::features::sessions::proof::{self, ProofError};
use crate::features::users::store as users;
use crate::http::cookies::Cookie;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::held_value::{HeldValue, ValueHash};
use crate::types::ids::UserId;
use crate::types::local_path::LocalPath;

/// Asks for the password of whoever is signed in.
#[get("/admin/sudo?<next>")]
#[must_use]
pub fn ask(administrator: Administrator, next: Option<&str>) -> Page {
    form(&administrator, next.unwrap_or_default(), &[])
}

/// Takes the password, and goes on to the page that wanted it.
///
/// # Errors
/// A wrong password brings the form back.
#[post("/admin/sudo", data = "<form>")]
pub async fn prove(
    hub: &State<Hub>,
    administrator: Administrator,
    form: Form,
) -> Result<Away, Refusal> {
    let next = form.text("next");
    let again = |problem| {
        let errors = [FieldError::new("password", problem)];
        let page = self::form(&administrator, next, &errors);
        Refusal::from(page.with_status(422))
    };
    let password = form.text("password");
    if password.is_empty() {
        return Err(again("Fill in your password."));
    }
    let (user, cause) = (administrator.user.id, administrator.cause(hub));
    let compared = match proof::prove(hub, administrator.session, user, password, cause).await {
        Ok(compared) => compared,
        Err(ProofError::Wrong) => return Err(again("That is not your password.")),
        Err(ProofError::TooMany(too_many)) => {
            let errors = [FieldError::new("password", too_many.sentence())];
            let page = self::form(&administrator, next, &errors);
            return Err(page.for_too_many(too_many).into());
        }
        Err(error) => return Err(ApiError::from(error).into()),
    };
    let fresh = HeldValue::generate(hub.entropy.as_ref());
    let change = Prove {
        user: administrator.user.id,
        compared,
        old: administrator.cookie,
        new: fresh.hash(),
        cause: administrator.cause(hub),
    };
    match hub.store.write(change).await? {
        Proof::Given => {}
        Proof::Wrong => return Err(again("That is not your password.")),
        // Signed out meanwhile.
        Proof::TooLate => return Err(Away::to("/login").into()),
    }
    let next = next.parse().unwrap_or(LocalPath::known("/admin"));
    Ok(Away::to(next)
        .giving(Cookie::Admin, fresh.reveal(), None)
        .noting(Note::new("proven")))
}

fn form(administrator: &Administrator, next: &str, errors: &[FieldError]) -> Page {
    let next: Option<LocalPath> = next.parse().ok();
    administrator.page(
        "sudo.html",
        context! {
            next: next.as_ref().map(LocalPath::as_str),
            errors: errors,
        },
    )
}

/// Notes a proof, or that one failed.
struct Prove {
    user: UserId,
    /// The stored hash that the password fitted.
    compared: StoredHash,
    old: ValueHash,
    new: ValueHash,
    cause: Cause,
}

enum Proof {
    Given,
    Wrong,
    TooLate,
}

impl Change for Prove {
    type Outcome = Proof;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Proof, StoreError> {
        let target = Some(format!("user:{}", self.user));
        let current = users::password_hash(tx, self.user)?;
        if current.as_ref() != Some(&self.compared) {
            // Changed by somebody else since it was compared.
            tx.audit(&self.cause, Action::ProofRefused, target, None)?;
            return Ok(Proof::Wrong);
        }
        if !store::prove(tx, &self.old, &self.new, self.cause.at)? {
            return Ok(Proof::TooLate);
        }
        tx.audit(&self.cause, Action::ProofGiven, target, None)?;
        Ok(Proof::Given)
    }
}
