//! `GET /admin/webhooks/{id}/secret` and `POST /admin/webhooks/{id}/secret`: a webhook gets another secret, which is shown once. The one before signs for a day
//! longer, so that its receiver has time to change.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::admin::webhooks::add::secret;
use crate::features::admin::webhooks::error::WebhookError;
use crate::features::admin::webhooks::number::{asked_for, may, number, page_of};
use crate::features::admin::webhooks::row::Row;
use crate::features::browser::who::SuperAdministrator;
use crate::features::webhooks::courier::Courier;
use crate::features::webhooks::store::targets::{self, Webhook};
use crate::http::form::Form;
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::{KeyId, WebhookId};
use crate::types::salt::Salt;

/// Gives a webhook another secret.
pub struct NewSecret {
    id: WebhookId,
    salt: Salt,
    key: KeyId,
    cause: Cause,
}

impl NewSecret {
    /// For this webhook.
    #[must_use]
    pub fn new(hub: &Hub, id: WebhookId, cause: Cause) -> Self {
        Self {
            id,
            salt: Salt::generate(hub.entropy.as_ref()),
            key: hub.webhook_keys.present(),
            cause,
        }
    }
}

impl Change for NewSecret {
    /// The webhook as it is now.
    type Outcome = Webhook;
    type Error = WebhookError;

    fn apply(self, tx: &Tx<'_>) -> Result<Webhook, WebhookError> {
        let webhook = may(tx, self.id, &self.cause)?;
        targets::renew_secret(tx, webhook.id, &self.salt, self.key, self.cause.at)?;
        tx.audit(
            &self.cause,
            Action::WebhookSecret,
            Some(format!("webhook:{}", webhook.id)),
            Some(format!("name={}", webhook.name)),
        )?;
        targets::webhook(tx, self.id)?.ok_or(WebhookError::NotFound)
    }
}

/// Says what a new secret does.
///
/// # Errors
/// 404 when there is no such webhook; the password first if it was not given lately.
#[get("/admin/webhooks/<id>/secret")]
pub fn ask(hub: &State<Hub>, administrator: SuperAdministrator, id: &str) -> Result<Page, Refusal> {
    let webhook = asked_for(hub, id)?;
    administrator.proven(&format!("{}/secret", page_of(webhook.id)))?;
    let row = Row::new(hub, &webhook, &[], hub.clock.now());
    Ok(administrator.page("admin/webhooks/new_secret.html", context! { row }))
}

/// Makes it, and answers with it: what is shown once and stands nowhere cannot be fetched by a second request.
///
/// # Errors
/// As above.
#[post("/admin/webhooks/<id>/secret", data = "<_form>")]
pub async fn renew(
    hub: &State<Hub>,
    courier: Option<&State<Courier>>,
    administrator: SuperAdministrator,
    id: &str,
    _form: Form,
) -> Result<Page, Refusal> {
    let id = number(id)?;
    administrator.proven(&format!("{}/secret", page_of(id)))?;
    let change = NewSecret::new(hub, id, administrator.cause(hub));
    let webhook = hub.store.write(change).await?;
    if let Some(courier) = courier {
        courier.wake();
    }
    let secret = secret(hub, webhook.facts())?;
    Ok(administrator.page(
        "admin/webhooks/secret_made.html",
        context! { id: webhook.id.0, name: &webhook.name, secret: secret.reveal(), is_renewed: true },
    ))
}
