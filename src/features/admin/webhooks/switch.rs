//! `GET /admin/webhooks/{id}/disable`, `POST /admin/webhooks/{id}/disable` and `POST /admin/webhooks/{id}/enable`: a webhook is disabled, after a look at what
//! that means, and enabled again.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::admin::webhooks::error::WebhookError;
use crate::features::admin::webhooks::number::{asked_for, may, number, page_of};
use crate::features::admin::webhooks::row::Row;
use crate::features::browser::who::SuperAdministrator;
use crate::features::webhooks::courier::Courier;
use crate::features::webhooks::store::targets::Webhook;
use crate::features::webhooks::store::{outbox, targets};
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::WebhookId;

/// Disables or enables a webhook. One that is so already stays so, and nothing is told.
pub struct SwitchWebhook {
    /// Which one.
    pub id: WebhookId,
    /// Whether it is told anything from now on.
    pub enabled: bool,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SwitchWebhook {
    /// The webhook as it was.
    type Outcome = Webhook;
    type Error = WebhookError;

    fn apply(self, tx: &Tx<'_>) -> Result<Webhook, WebhookError> {
        let webhook = may(tx, self.id, &self.cause)?;
        if webhook.disabled.is_none() == self.enabled {
            return Ok(webhook);
        }
        let action = if self.enabled {
            targets::enable(tx, webhook.id)?;
            outbox::begin_anew(tx, webhook.id)?;
            Action::WebhookEnable
        } else {
            targets::disable(tx, webhook.id, self.cause.at)?;
            Action::WebhookDisable
        };
        tx.audit(
            &self.cause,
            action,
            Some(format!("webhook:{}", webhook.id)),
            Some(format!("name={}", webhook.name)),
        )?;
        Ok(webhook)
    }
}

/// Says what disabling does.
///
/// # Errors
/// 404 when there is no such webhook.
#[get("/admin/webhooks/<id>/disable")]
pub fn ask(hub: &State<Hub>, administrator: SuperAdministrator, id: &str) -> Result<Page, Refusal> {
    let webhook = asked_for(hub, id)?;
    let row = Row::new(hub, &webhook, &[], hub.clock.now());
    Ok(administrator.page("admin/webhooks/disable.html", context! { row }))
}

/// Disables it.
///
/// # Errors
/// 404 when there is no such webhook.
#[post("/admin/webhooks/<id>/disable", data = "<_form>")]
pub async fn disable(
    hub: &State<Hub>,
    administrator: SuperAdministrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let change = SwitchWebhook {
        id: number(id)?,
        enabled: false,
        cause: administrator.cause(hub),
    };
    let webhook = hub.store.write(change).await?;
    Ok(Away::to(page_of(webhook.id)).noting(Note::new("webhook_disabled")))
}

/// Enables it.
///
/// # Errors
/// 404 when there is no such webhook.
#[post("/admin/webhooks/<id>/enable", data = "<_form>")]
pub async fn enable(
    hub: &State<Hub>,
    courier: Option<&State<Courier>>,
    administrator: SuperAdministrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let change = SwitchWebhook {
        id: number(id)?,
        enabled: true,
        cause: administrator.cause(hub),
    };
    let webhook = hub.store.write(change).await?;
    if let Some(courier) = courier {
        courier.wake();
    }
    Ok(Away::to(page_of(webhook.id)).noting(Note::new("webhook_enabled")))
}
