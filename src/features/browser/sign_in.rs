//! `GET /login` and `POST /login`: signing in at the Hub itself. The apps' own clients send people here, too.

use std::sync::Arc;

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::browser::begin::{Begun, NewBrowser};
use crate::features::browser::current::Current;
use crate::features::browser::half::{self, NewHalf};
use crate::features::second_factors;
use crate::features::sessions::error::LoginError;
use crate::features::sessions::login::{Admission, Admitted, SignedIn, with_password};
use crate::http::client::Client;
use crate::http::form::{FieldError, Form};
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::http::view::View;
use crate::hub::Hub;
use crate::hub::counts::{SignIn, SignInWay};
use crate::store::{Change, StoreError, Tx};
use crate::types::local_path::LocalPath;

/// Asks for name and password. `next` is where to go then: a path of this Hub, or it is left out.
#[get("/login?<next>")]
#[must_use]
pub fn ask(view: View, current: Current, next: Option<&str>) -> Page {
    let next = local(next.unwrap_or_default());
    form(&view, &current, next.as_ref(), "", &[])
}

/// Signs in with name and password, or goes on to the second factor.
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
    let (name, password) = (form.text("username").trim(), form.text("password"));
    let next = local(form.text("next"));
    let again = |errors: &[FieldError]| {
        let page = self::form(&view, &current, next.as_ref(), name, errors);
        Refusal::from(page.with_status(422))
    };
    let missing = missing(name, password);
    if !missing.is_empty() {
        hub.counts.sign_in(SignInWay::Browser, SignIn::Malformed);
        return Err(again(&missing));
    }
    let (browser, values) = NewBrowser::draw(hub, current.value());
    let (half, half_value) = NewHalf::draw(hub);
    let (browser, half) = (Arc::new(browser), Arc::new(half));
    let change = |admission| SignInAtBrowser {
        admission,
        browser: Arc::clone(&browser),
        half: Arc::clone(&half),
    };
    let cause = client.cause(hub);
    let signed_in = with_password(hub, name, password, cause, change).await;
    let ended = match &signed_in {
        Ok(Step::Begun(_)) => SignIn::Success,
        Ok(Step::Half) => SignIn::Half,
        Err(error) => error.ended(),
    };
    hub.counts.sign_in(SignInWay::Browser, ended);
    let problem = match signed_in {
        Ok(Step::Begun(begun)) => return Ok(values.hand_over(hub, &begun, next)),
        Ok(Step::Half) => return Ok(half::hand_over(&half_value, next.as_ref())),
        Err(LoginError::InvalidCredentials) => "That username and password do not belong together.",
        Err(LoginError::Disabled) => {
            "This account is disabled. Ask your administrator to enable it."
        }
        Err(LoginError::TooMany(too_many)) => {
            let errors = [FieldError::new("", too_many.sentence())];
            let page = self::form(&view, &current, next.as_ref(), name, &errors);
            return Err(page.for_too_many(too_many).into());
        }
        Err(error) => return Err(ApiError::from(error).into()),
    };
    Err(again(&[FieldError::new("", problem)]))
}

fn missing(name: &str, password: &str) -> Vec<FieldError> {
    let mut missing = Vec::new();
    if name.is_empty() {
        missing.push(FieldError::new("username", "Fill in your username."));
    }
    if password.is_empty() {
        missing.push(FieldError::new("password", "Fill in your password."));
    }
    missing
}

/// A path that may follow the sign-in. The sign-in itself may not.
pub(super) fn local(next: &str) -> Option<LocalPath> {
    let next: LocalPath = next.parse().ok()?;
    let path = next.as_str().split('?').next().unwrap_or_default();
    (path != "/login" && !path.starts_with("/login/") && path != "/").then_some(next)
}

fn form(
    view: &View,
    current: &Current,
    next: Option<&LocalPath>,
    username: &str,
    errors: &[FieldError],
) -> Page {
    view.page(
        "sign_in.html",
        context! {
            next: next.map(LocalPath::as_str),
            username: username,
            errors: errors,
            signed_in_as: current.username(),
        },
    )
}

/// What a right password leads to.
enum Step {
    /// The session has begun.
    Begun(Box<Begun>),
    /// The second factor is asked for first.
    Half,
}

/// Begins a browser's session for a user whose password was right a moment ago, or remembers that it was.
struct SignInAtBrowser {
    admission: Admission,
    browser: Arc<NewBrowser>,
    half: Arc<NewHalf>,
}

impl Change for SignInAtBrowser {
    type Outcome = SignedIn<Step>;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Self::Outcome, StoreError> {
        let (user, cause) = match self.admission.admit(tx)? {
            Admitted::User(user, cause) => (*user, cause),
            Admitted::Disabled => return Ok(SignedIn::Disabled),
            Admitted::Changed => return Ok(SignedIn::Changed),
        };
        if second_factors::has(tx, user.id)? {
            self.half.remember(tx, user.id, &cause)?;
            return Ok(SignedIn::Done(Step::Half));
        }
        let begun = self.browser.begin(tx, user, &cause)?;
        Ok(SignedIn::Done(Step::Begun(Box::new(begun))))
    }
}
