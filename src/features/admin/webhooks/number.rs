//! The webhook that an address names, and the acts that find it.

use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::webhooks::error::WebhookError;
use crate::features::webhooks::store::targets::{self, Webhook};
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::Tx;
use crate::types::cause::Cause;
use crate::types::ids::WebhookId;

/// The number in an address, in its one spelling.
pub(super) fn number(text: &str) -> Result<WebhookId, Refusal> {
    let number = text
        .parse()
        .ok()
        .filter(|number: &i64| number.to_string() == text);
    number
        .map(WebhookId)
        .ok_or_else(|| ApiError::of_status(404).into())
}

/// The webhook in an address.
pub(super) fn asked_for(hub: &Hub, id: &str) -> Result<Webhook, Refusal> {
    let id = number(id)?;
    let webhook = hub.store.read(|db| targets::webhook(db, id))?;
    webhook.ok_or_else(|| ApiError::of_status(404).into())
}

/// The webhook of an act, if whoever acts may.
pub(super) fn may(tx: &Tx<'_>, id: WebhookId, cause: &Cause) -> Result<Webhook, WebhookError> {
    check(tx, cause, Act::Webhooks, None)?;
    targets::webhook(tx, id)?.ok_or(WebhookError::NotFound)
}

/// Where its page is.
pub(super) fn page_of(id: WebhookId) -> String {
    format!("/admin/webhooks/{id}")
}
