//! Webhooks: what is written down, when it is delivered and to whom, and what a receiver gets. Receivers listen on 127.0.0.1, which the stages allow.

mod delivery;
mod described;
mod events;
mod failing;
mod hostile;
mod housekeeping;
mod order;
mod pages;
mod receiver;
mod refused;
mod retired;
mod signatures;

use std::time::Duration;

use hub::features::admin::webhooks::add::{AddWebhook, secret};
use hub::features::webhooks::courier::Courier;
use hub::features::webhooks::model::Kind;
use hub::types::ids::WebhookId;
use hub::types::target_url::TargetUrl;
use hub::types::webhook_name::WebhookName;

use crate::stage::Stage;

/// A stage whose webhooks may lead to this machine.
async fn stage() -> Stage {
    Stage::with(&[("webhooks.allowed_networks", "127.0.0.0/8")]).await
}

/// A webhook, and its secret.
struct Made {
    id: WebhookId,
    secret: String,
}

/// Has a receiver told of these kinds.
async fn add(stage: &Stage, name: &str, url: &str, kinds: &[Kind]) -> Made {
    let change = AddWebhook::new(
        stage.hub(),
        WebhookName::parse(name).expect("a name"),
        TargetUrl::parse(url).expect("an address"),
        kinds.to_vec(),
        stage.cause(),
    );
    let webhook = stage
        .apply(change.expect("an address that is allowed"))
        .await;
    let secret = secret(stage.hub(), webhook.facts()).expect("a secret");
    stage.watch.add("a webhook's secret", secret.reveal());
    stage.managed::<Courier>().wake();
    Made {
        id: webhook.id,
        secret: secret.reveal().to_owned(),
    }
}

/// Waits until something holds, for ten seconds at most.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: it never came");
}

/// Waits until so many deliveries stand so.
async fn until_there_are(stage: &Stage, count: i64, standing: &str) {
    let sql = format!("SELECT count(*) FROM webhook_deliveries WHERE state = '{standing}'");
    until(standing, || stage.number(&sql) == count).await;
}

/// Long enough for the courier to have looked twice.
async fn look_twice() {
    tokio::time::sleep(Duration::from_millis(500)).await;
}
