//! `GET /admin/services/new` and `POST /admin/services/new`: a service account is made, and its token shown once.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::admin::services::error::{MAX_ACCOUNTS, ServiceError};
use crate::features::admin::users::authority::{Act, check};
use crate::features::browser::who::SuperAdministrator;
use crate::features::revocations::store::{self, Account};
use crate::http::form::{FieldError, Form};
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::KeyId;
use crate::types::salt::Salt;
use crate::types::service_name::ServiceName;
use crate::types::token::TokenText;

/// Where this page is: whoever has to give the password first comes back here.
const HERE: &str = "/admin/services/new";

/// Makes a service account.
pub struct AddService {
    /// What it is called.
    pub name: ServiceName,
    /// What its token is made of, beside the key.
    pub salt: Salt,
    /// The key.
    pub key: KeyId,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl AddService {
    /// An account of this name.
    #[must_use]
    pub fn new(hub: &Hub, name: ServiceName, cause: Cause) -> Self {
        Self {
            name,
            salt: Salt::generate(hub.entropy.as_ref()),
            key: hub.service_keys.present(),
            cause,
        }
    }
}

impl Change for AddService {
    type Outcome = Account;
    type Error = ServiceError;

    fn apply(self, tx: &Tx<'_>) -> Result<Account, ServiceError> {
        check(tx, &self.cause, Act::Services, None)?;
        if store::account_named(tx, &self.name)?.is_some() {
            return Err(ServiceError::NameTaken);
        }
        let present = store::accounts(tx, MAX_ACCOUNTS)?.len();
        if u32::try_from(present).is_ok_and(|present| present >= MAX_ACCOUNTS) {
            return Err(ServiceError::TooMany);
        }
        let at = self.cause.at.wall;
        let account = store::add_account(tx, &self.name, &self.salt, self.key, at)?;
        tx.audit(
            &self.cause,
            Action::ServiceAdd,
            Some(format!("service:{}", account.id)),
            Some(format!("name={}", account.name)),
        )?;
        Ok(account)
    }
}

/// The token of an account that was just made.
///
/// # Errors
/// When its key went out of the ring in the same moment, which no rotation does.
pub fn token(hub: &Hub, account: &Account) -> Result<TokenText, StoreError> {
    let token = hub.service_keys.token(account.facts());
    token.ok_or_else(|| StoreError::Broken("the present key is not at hand".to_owned()))
}

/// Asks for a name.
///
/// # Errors
/// When the password has to be given first.
#[get("/admin/services/new")]
pub fn ask(administrator: SuperAdministrator) -> Result<Page, Refusal> {
    administrator.proven(HERE)?;
    Ok(form(&administrator, "", &[]))
}

/// Makes it. This form is answered by its page: what is shown once and stands nowhere cannot be fetched by a second request.
///
/// # Errors
/// What was typed wrongly comes back with the form.
#[post("/admin/services/new", data = "<form>")]
pub async fn add(
    hub: &State<Hub>,
    administrator: SuperAdministrator,
    form: Form,
) -> Result<Page, Refusal> {
    administrator.proven(HERE)?;
    let typed = form.text("name").trim();
    let again = |field, text: String| {
        let errors = [FieldError::new(field, text)];
        Refusal::from(self::form(&administrator, typed, &errors).with_status(422))
    };
    let name = ServiceName::parse(typed).map_err(|error| again("name", format!("{error}.")))?;
    let change = AddService::new(hub, name, administrator.cause(hub));
    match hub.store.write(change).await {
        Ok(account) => {
            let token = token(hub, &account)?;
            Ok(administrator.page(
                "admin/services/made.html",
                context! { name: &account.name, token: token.reveal() },
            ))
        }
        Err(ServiceError::NameTaken) => {
            let text = "There is a service account of this name already.";
            Err(again("name", text.to_owned()))
        }
        Err(ServiceError::TooMany) => {
            let text = "There are as many service accounts as there may be. Revoke those that nobody uses.";
            Err(again("", text.to_owned()))
        }
        Err(error) => Err(refused(error)),
    }
}

/// Why an act was not done, as an answer.
pub(super) fn refused(error: ServiceError) -> Refusal {
    match error {
        ServiceError::Store(error) => error.into(),
        ServiceError::Forbidden => ApiError::of_status(403).into(),
        ServiceError::NotFound | ServiceError::NameTaken | ServiceError::TooMany => {
            ApiError::of_status(404).into()
        }
    }
}

fn form(administrator: &SuperAdministrator, typed: &str, errors: &[FieldError]) -> Page {
    administrator.page("admin/services/new.html", context! { typed, errors })
}
