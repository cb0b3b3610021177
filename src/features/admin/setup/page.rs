//! `GET /setup`, `POST /setup` and `GET /setup/done`: the first administrator, by the one-time link. Without its token there is no such page.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::admin::setup::link::{self, is_good, is_good_hash};
use crate::features::admin::setup::store;
use crate::features::admin::users::add_user::AddUser;
use crate::features::admin::users::error::AdministrationError;
use crate::features::admin::users::new_account::{self, Typed};
use crate::features::browser::begin::{Begun, NewBrowser};
use crate::features::browser::current::Current;
use crate::features::browser::who::Administrator;
use crate::features::users::model::NewUser;
use crate::http::client::Client;
use crate::http::form::{FieldError, Form};
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::http::seen::Seen;
use crate::http::view::View;
use crate::hub::throttle::model::Tries;
use crate::hub::{Hub, Place};
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::held_value::{HeldValue, ValueHash};
use crate::types::local_path::LocalPath;
use crate::types::role::Role;

/// Asks for the first administrator's name, address and password.
///
/// # Errors
/// 404 without the token of a link that is good now.
#[get("/setup?<token>")]
pub fn ask(
    hub: &State<Hub>,
    client: Client,
    view: View,
    seen: Seen,
    token: Option<&str>,
) -> Result<Page, Refusal> {
    let token = good(hub, &client, token.unwrap_or_default())?;
    Ok(form(&view, &seen, &token, &Typed::default(), &[]))
}

/// Makes the administrator and signs them in. The link is used up in the same transaction.
///
/// # Errors
/// 404 without the token; what was typed wrongly comes back with the form.
#[post("/setup", data = "<form>")]
pub async fn make(
    hub: &State<Hub>,
    client: Client,
    view: View,
    seen: Seen,
    current: Current,
    form: Form,
) -> Result<Away, Refusal> {
    let token = good(hub, &client, form.text("token"))?;
    let typed = Typed::of(&form);
    let again = |errors: &[FieldError]| {
        let page = self::form(&view, &seen, &token, &typed, errors);
        Refusal::from(page.with_status(422))
    };
    let (username, email, password) =
        new_account::parse(hub, &typed, &form).map_err(|errors| again(&errors))?;
    let password_hash = new_account::hash(hub, password).await?;
    let (browser, values) = NewBrowser::draw(hub, current.value());
    let change = SetUp {
        token: token.hash(),
        user: NewUser {
            username,
            email,
            password_hash,
            role: Role::SuperAdmin,
        },
        browser,
        cause: client.cause(hub),
    };
    match hub.store.write(change).await {
        Ok(begun) => {
            link::remove_file(&Place::new(&hub.config.data_dir));
            Ok(values.hand_over(hub, &begun, Some(LocalPath::known("/setup/done"))))
        }
        Err(AdministrationError::UserNotFound) => Err(ApiError::of_status(404).into()),
        Err(AdministrationError::Store(error)) => Err(error.into()),
        Err(error) => Err(again(&[new_account::field_error(&error)])),
    }
}

/// Shows how it went, and what to try next.
#[get("/setup/done")]
#[must_use]
pub fn done(hub: &State<Hub>, administrator: Administrator, seen: Seen) -> Page {
    administrator.page(
        "setup/done.html",
        context! {
            username: &administrator.user.username,
            public_url: hub.config.public_url.as_str(),
            checks: seen.checks(),
        },
    )
}

/// The token, if it is the present link's.
fn good(hub: &Hub, client: &Client, token: &str) -> Result<HeldValue, Refusal> {
    let caller = hub.throttle.caller(client.address);
    let reserved = hub.throttle.reserve(Tries::FailedSetup, caller);
    let mut reserved = reserved.map_err(ApiError::from)?;
    let unknown = || Refusal::from(ApiError::of_status(404));
    let Some(token) = HeldValue::parse(token) else {
        reserved.spend();
        return Err(unknown());
    };
    let now = hub.clock.now();
    if hub.store.read(|db| is_good(db, &token, now))? {
        Ok(token)
    } else {
        reserved.spend();
        Err(unknown())
    }
}

fn form(view: &View, seen: &Seen, token: &HeldValue, typed: &Typed, errors: &[FieldError]) -> Page {
    view.page(
        "setup/make.html",
        context! {
            token: token.reveal(),
            typed: typed,
            errors: errors,
            checks: seen.checks(),
        },
    )
}

/// Uses the link up, makes the administrator, and begins their session.
struct SetUp {
    token: ValueHash,
    user: NewUser,
    browser: NewBrowser,
    cause: Cause,
}

impl Change for SetUp {
    type Outcome = Begun;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<Begun, AdministrationError> {
        if !is_good_hash(tx, &self.token, self.cause.at)? {
            // Used by somebody else meanwhile.
            return Err(AdministrationError::UserNotFound);
        }
        store::forget(tx)?;
        let add = AddUser {
            user: self.user,
            cause: self.cause.clone(),
        };
        let user = add.make(tx)?;
        let cause = self.cause.by_user(user.id);
        tx.audit(
            &cause,
            Action::SetupDone,
            Some(format!("user:{}", user.id)),
            None,
        )?;
        Ok(self.browser.begin(tx, user, &cause)?)
    }
}
