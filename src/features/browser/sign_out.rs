//! `POST /logout`: signing out at this browser. The session ends, and both its cookies with it.

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{State, post};

use crate::features::browser::model::Area;
use crate::features::browser::store;
use crate::features::sessions::end::EndSession;
use crate::features::sessions::model::EndReason;
use crate::http::client::Client;
use crate::http::cookies::{self, Cookie};
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::types::held_value::ValueHash;

/// The cookies that a request shows, whether they are good or not.
pub struct Shown {
    account: Option<ValueHash>,
    admin: Option<ValueHash>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Shown {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let shown = |cookie| cookies::held(request, cookie).map(|value| value.hash());
        Outcome::Success(Self {
            account: shown(Cookie::Session),
            admin: shown(Cookie::Admin),
        })
    }
}

/// Ends the session of this browser. Whoever is signed out already is told the same.
///
/// # Errors
/// When the store fails: then nobody is signed out, and no cookie taken.
#[post("/logout", data = "<_form>")]
pub async fn sign_out(
    hub: &State<Hub>,
    client: Client,
    shown: Shown,
    _form: Form,
) -> Result<Away, Refusal> {
    let held = hub.store.read(|db| {
        let areas = [(Area::Account, &shown.account), (Area::Admin, &shown.admin)];
        for (area, value) in areas {
            if let Some(value) = value
                && let Some(held) = store::held(db, area, value)?
            {
                return Ok::<_, Refusal>(Some(held));
            }
        }
        Ok(None)
    })?;
    if let Some(held) = held
        && let Some(user) = held.user
    {
        let change = EndSession {
            session: held.session,
            owner: Some(user.id),
            reason: EndReason::SignedOut,
            cause: client.cause(hub).by_user(user.id),
        };
        hub.store.write(change).await?;
    }
    Ok(Away::to("/login")
        .taking(Cookie::Session)
        .taking(Cookie::Admin)
        .taking(Cookie::HalfSignIn)
        .noting(Note::new("signed_out")))
}
