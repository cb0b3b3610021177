//! `GET /admin/webhooks/{id}/delete` and `POST /admin/webhooks/{id}/delete`: a webhook is deleted, after a look at which.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::admin::webhooks::error::WebhookError;
use crate::features::admin::webhooks::number::{asked_for, may, number};
use crate::features::admin::webhooks::row::Row;
use crate::features::browser::who::SuperAdministrator;
use crate::features::webhooks::store::targets::{self, Webhook};
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::WebhookId;

/// Deletes a webhook, and with it all that was on its way.
pub struct DeleteWebhook {
    /// Which one.
    pub id: WebhookId,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for DeleteWebhook {
    /// The webhook as it was.
    type Outcome = Webhook;
    type Error = WebhookError;

    fn apply(self, tx: &Tx<'_>) -> Result<Webhook, WebhookError> {
        let webhook = may(tx, self.id, &self.cause)?;
        targets::remove(tx, webhook.id)?;
        tx.audit(
            &self.cause,
            Action::WebhookDelete,
            Some(format!("webhook:{}", webhook.id)),
            Some(format!(
                "name={} waiting={} dead={}",
                webhook.name, webhook.waiting, webhook.dead
            )),
        )?;
        Ok(webhook)
    }
}

/// Names it and what deleting it does.
///
/// # Errors
/// 404 when there is no such webhook.
#[get("/admin/webhooks/<id>/delete")]
pub fn ask(hub: &State<Hub>, administrator: SuperAdministrator, id: &str) -> Result<Page, Refusal> {
    let webhook = asked_for(hub, id)?;
    let row = Row::new(hub, &webhook, &[], hub.clock.now());
    Ok(administrator.page("admin/webhooks/delete.html", context! { row }))
}

/// Deletes it.
///
/// # Errors
/// 404 when there is no such webhook.
#[post("/admin/webhooks/<id>/delete", data = "<_form>")]
pub async fn delete(
    hub: &State<Hub>,
    administrator: SuperAdministrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let change = DeleteWebhook {
        id: number(id)?,
        cause: administrator.cause(hub),
    };
    hub.store.write(change).await?;
    Ok(Away::to("/admin/webhooks").noting(Note::new("webhook_deleted")))
}
