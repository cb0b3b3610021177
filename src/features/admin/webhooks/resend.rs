//! `POST /admin/webhooks/{id}/resend`: a dead letter is sent anew, or all of them.

use rocket::{State, post};

use crate::features::admin::webhooks::error::WebhookError;
use crate::features::admin::webhooks::number::{may, number, page_of};
use crate::features::browser::who::SuperAdministrator;
use crate::features::webhooks::courier::Courier;
use crate::features::webhooks::store::outbox;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::{DeliveryId, WebhookId};

/// Sends dead letters anew, under the ids that they had.
pub struct Resend {
    /// Of which webhook.
    pub id: WebhookId,
    /// Which one; `None`: all.
    pub delivery: Option<DeliveryId>,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for Resend {
    /// How many.
    type Outcome = u64;
    type Error = WebhookError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, WebhookError> {
        let webhook = may(tx, self.id, &self.cause)?;
        let count = match self.delivery {
            Some(delivery) => u64::from(outbox::resend(tx, webhook.id, delivery)?),
            None => outbox::resend_all(tx, webhook.id)?,
        };
        if count == 0 {
            return Err(WebhookError::NoDeadLetter);
        }
        tx.audit(
            &self.cause,
            Action::WebhookResend,
            Some(format!("webhook:{}", webhook.id)),
            Some(format!("name={} deliveries={count}", webhook.name)),
        )?;
        Ok(count)
    }
}

/// Sends what the form names: a delivery's number, or `all`.
///
/// # Errors
/// 404 when there is no such webhook or dead letter.
#[post("/admin/webhooks/<id>/resend", data = "<form>")]
pub async fn resend(
    hub: &State<Hub>,
    courier: Option<&State<Courier>>,
    administrator: SuperAdministrator,
    id: &str,
    form: Form,
) -> Result<Away, Refusal> {
    let id = number(id)?;
    let delivery = match form.text("delivery") {
        "all" => None,
        text => {
            let number = text.parse().map_err(|_| ApiError::of_status(404))?;
            Some(DeliveryId(number))
        }
    };
    let change = Resend {
        id,
        delivery,
        cause: administrator.cause(hub),
    };
    let count = hub.store.write(change).await?;
    if let Some(courier) = courier {
        courier.wake();
    }
    Ok(Away::to(page_of(id)).noting(Note::counting("webhook_resent", count)))
}
