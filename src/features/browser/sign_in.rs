//! `GET /login` and `POST /login`: signing in at the Hub itself. The apps' own clients send people here, too.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::browser::begin::{Begun, NewBrowser};
use crate::features::browser::current::Current;
use crate::features::sessions::error::LoginError;
use crate::features::sessions::login::{Admission, Admitted, SignedIn, with_password};
use crate::http::client::Client;
use crate::http::form::Form;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::http::view::View;
use crate::hub::Hub;
use crate::store::{Change, StoreError, Tx};
use crate::types::local_path::LocalPath;

/// Asks for name and password. `next` is where to go then: a path of this Hub, or it is left out.
#[get("/login?<next>")]
#[must_use]
pub fn ask(view: View, current: Current, next: Option<&str>) -> Page {
    let next = local(next.unwrap_or_default());
    form(&view, &current, next.as_ref(), "", None)
}

/// Signs in with name and password.
///
/// # Errors
/// See [`LoginError`]; what was typed wrongly comes back with the form.
#[post("/login", data = "<form>")]
pub async fn sign_in(
    hub: &State<Hub>,
    client: Client,
    view: View,
    current: Current,
    form: Form,
) -> Result<Away, Refusal> {
    let (name, password) = (form.text("username"), form.text("password"));
    let next = local(form.text("next"));
    let again = |problem| {
        let page = self::form(&view, &current, next.as_ref(), name, Some(problem));
        Refusal::from(page.with_status(422))
    };
    if name.trim().is_empty() || password.is_empty() {
        return Err(again("Fill in both your username and your password."));
    }
    let (new, values) = NewBrowser::draw(hub, current.value());
    let new = std::sync::Arc::new(new);
    let begin = |admission| SignInAtBrowser {
        admission,
        new: std::sync::Arc::clone(&new),
    };
    let cause = client.cause(hub);
    match with_password(hub, name.trim(), password, cause, begin).await {
        Ok(begun) => Ok(values.hand_over(hub, &begun, next.map(|next| next.to_string()))),
        Err(LoginError::InvalidCredentials) => {
            Err(again("That username and password do not belong together."))
        }
        Err(LoginError::Disabled) => Err(again(
            "This account is disabled. Ask your administrator to enable it.",
        )),
        Err(error) => Err(ApiError::from(error).into()),
    }
}

/// A path that may follow the sign-in. The sign-in itself may not.
fn local(next: &str) -> Option<LocalPath> {
    let next: LocalPath = next.parse().ok()?;
    let path = next.as_str().split('?').next().unwrap_or_default();
    (path != "/login" && !path.starts_with("/login/") && path != "/").then_some(next)
}

fn form(
    view: &View,
    current: &Current,
    next: Option<&LocalPath>,
    username: &str,
    problem: Option<&'static str>,
) -> Page {
    view.page(
        "sign_in.html",
        context! {
            next: next.map(LocalPath::as_str),
            username: username,
            problem: problem,
            signed_in_as: current.username(),
        },
    )
}

/// Begins a browser's session for a user whose password was right a moment ago.
struct SignInAtBrowser {
    admission: Admission,
    new: std::sync::Arc<NewBrowser>,
}

impl Change for SignInAtBrowser {
    type Outcome = SignedIn<Box<Begun>>;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Self::Outcome, StoreError> {
        Ok(match self.admission.admit(tx)? {
            Admitted::User(user, cause) => {
                SignedIn::Done(Box::new(self.new.begin(tx, *user, &cause)?))
            }
            Admitted::Disabled => SignedIn::Disabled,
            Admitted::Changed => SignedIn::Changed,
        })
    }
}
