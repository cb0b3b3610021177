//! `GET /admin/services/{id}/revoke` and `POST /admin/services/{id}/revoke`: a service account is revoked, after a look at which.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::admin::services::add::refused;
use crate::features::admin::services::error::ServiceError;
use crate::features::admin::services::list::Row;
use crate::features::admin::users::authority::{Act, check};
use crate::features::browser::who::SuperAdministrator;
use crate::features::revocations::store::{self, Account};
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::ServiceId;

/// Revokes a service account. Its row goes, and with it all that its token is made of; what it reads ends within a second.
pub struct RevokeService {
    /// Which one.
    pub id: ServiceId,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for RevokeService {
    /// The account as it was.
    type Outcome = Account;
    type Error = ServiceError;

    fn apply(self, tx: &Tx<'_>) -> Result<Account, ServiceError> {
        check(tx, &self.cause, Act::Services, None)?;
        let account = store::account(tx, self.id)?.ok_or(ServiceError::NotFound)?;
        store::remove_account(tx, account.id)?;
        tx.audit(
            &self.cause,
            Action::ServiceRevoke,
            Some(format!("service:{}", account.id)),
            Some(format!("name={}", account.name)),
        )?;
        Ok(account)
    }
}

/// The account that an address names.
fn number(text: &str) -> Result<ServiceId, Refusal> {
    let number = text
        .parse()
        .ok()
        .filter(|number: &i64| number.to_string() == text);
    number
        .map(ServiceId)
        .ok_or_else(|| ApiError::of_status(404).into())
}

/// Names it and what revoking it does.
///
/// # Errors
/// 404 when there is no such account.
#[get("/admin/services/<id>/revoke")]
pub fn ask(hub: &State<Hub>, administrator: SuperAdministrator, id: &str) -> Result<Page, Refusal> {
    let id = number(id)?;
    let account = hub.store.read(|db| store::account(db, id))?;
    let account = account.ok_or_else(|| ApiError::of_status(404))?;
    let row = Row::new(hub, &account, hub.clock.now().wall);
    Ok(administrator.page("admin/services/revoke.html", context! { row }))
}

/// Revokes it.
///
/// # Errors
/// 404 when there is no such account.
#[post("/admin/services/<id>/revoke", data = "<_form>")]
pub async fn revoke(
    hub: &State<Hub>,
    administrator: SuperAdministrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let change = RevokeService {
        id: number(id)?,
        cause: administrator.cause(hub),
    };
    hub.store.write(change).await.map_err(refused)?;
    Ok(Away::to("/admin/services").noting(Note::new("service_revoked")))
}
