//! `POST /admin/webhooks/{id}/test`: a webhook is told `webhook.test`, like everything else.

use rocket::{State, post};

use crate::features::admin::webhooks::error::WebhookError;
use crate::features::admin::webhooks::number::{may, number, page_of};
use crate::features::browser::who::SuperAdministrator;
use crate::features::webhooks::courier::Courier;
use crate::features::webhooks::store::outbox;
use crate::features::webhooks::store::targets::Webhook;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::WebhookId;

/// Has a test sent.
pub struct SendTest {
    /// To which one.
    pub id: WebhookId,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SendTest {
    type Outcome = Webhook;
    type Error = WebhookError;

    fn apply(self, tx: &Tx<'_>) -> Result<Webhook, WebhookError> {
        let webhook = may(tx, self.id, &self.cause)?;
        if webhook.disabled.is_some() {
            return Err(WebhookError::Disabled);
        }
        outbox::add_test(tx, webhook.id, self.cause.at.wall)?;
        tx.audit(
            &self.cause,
            Action::WebhookTest,
            Some(format!("webhook:{}", webhook.id)),
            Some(format!("name={}", webhook.name)),
        )?;
        Ok(webhook)
    }
}

/// Sends it.
///
/// # Errors
/// 404 when there is no such webhook.
#[post("/admin/webhooks/<id>/test", data = "<_form>")]
pub async fn send_test(
    hub: &State<Hub>,
    courier: Option<&State<Courier>>,
    administrator: SuperAdministrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let id = number(id)?;
    let change = SendTest {
        id,
        cause: administrator.cause(hub),
    };
    let note = match hub.store.write(change).await {
        Ok(_) => "webhook_test",
        Err(WebhookError::Disabled) => "webhook_is_disabled",
        Err(error) => return Err(error.into()),
    };
    if let Some(courier) = courier {
        courier.wake();
    }
    Ok(Away::to(page_of(id)).noting(Note::new(note)))
}
