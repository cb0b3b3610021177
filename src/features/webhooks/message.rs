//! The request that tells an event, signed for its receiver.

use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};

use crate::crypto::webhook_keys::WebhookKeys;
use crate::features::webhooks::event::Event;
use crate::features::webhooks::model::OLD_SECRET_SIGNS;
use crate::features::webhooks::store::targets::Webhook;
use crate::types::time::{Elapsed, Moment};

/// What the Hub calls itself.
const NAME: &str = concat!("RegardingWork-Hub/", env!("CARGO_PKG_VERSION"));
/// The header with the event's id.
pub const ID: &str = "webhook-id";
/// The header with the time of the try.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// The request; `None` where the key of its secret is not at hand. The time in it is that of this try: receivers refuse old ones.
#[must_use]
pub fn request(
    webhook: &Webhook,
    event: &Event,
    keys: &WebhookKeys,
    now: Moment,
) -> Option<Request<String>> {
    let (id, body) = (event.id(), event.body());
    let signatures = signatures(webhook, &id, &body, keys, now)?;
    Request::post(webhook.url.path_and_query())
        .header(HOST, webhook.url.host_header())
        .header(USER_AGENT, NAME)
        .header(CONTENT_TYPE, "application/json")
        .header(ID, id)
        .header(TIMESTAMP, now.wall.seconds())
        .header(SIGNATURE, signatures)
        .body(body)
        .ok()
}

/// The signature, and for a while that of the secret before, behind a space.
fn signatures(
    webhook: &Webhook,
    id: &str,
    body: &str,
    keys: &WebhookKeys,
    now: Moment,
) -> Option<String> {
    let secret = keys.secret(webhook.facts())?;
    let mut signatures = secret.sign(id, now.wall, body)?;
    let old = webhook.old_facts().filter(|_| signs_still(webhook, now));
    if let Some(old) = old.and_then(|old| keys.secret(old)) {
        signatures.push(' ');
        signatures.push_str(&old.sign(id, now.wall, body)?);
    }
    Some(signatures)
}

/// Whether the secret before the present one still signs.
#[must_use]
pub fn signs_still(webhook: &Webhook, now: Moment) -> bool {
    webhook
        .old
        .as_ref()
        .is_some_and(|old| match now.since(old.replaced) {
            Elapsed::Span(passed) | Elapsed::AtLeast(passed) => passed < OLD_SECRET_SIGNS,
            Elapsed::Unknown => true,
        })
}
