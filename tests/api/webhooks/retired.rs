//! Keys that were replaced or taken out: a webhook whose secret cannot be told any more waits, and says so.

use hub::features::admin::webhooks::new_secret::NewSecret;
use hub::features::webhooks::courier::Courier;
use hub::features::webhooks::model::Kind;
use hub::types::role::Role;

use super::receiver::Receiver;
use super::{add, look_twice, stage, until_there_are};
use crate::browsing::Browser;

#[rocket::async_test]
async fn a_webhook_whose_key_was_taken_out_is_told_nothing_until_it_has_a_new_secret() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    stage.register_as("root", Role::SuperAdmin).await;
    let made = add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.sql("UPDATE webhooks SET key = 77");
    let root = Browser::of(&stage, "root").await;
    stage.managed::<Courier>().wake();
    look_twice().await;
    assert!(receiver.received().is_empty());
    assert_eq!(stage.number("SELECT sum(tries) FROM webhook_deliveries"), 0);
    for path in ["/admin/webhooks", "/admin/webhooks/1"] {
        let page = root.get(path).await;
        assert!(
            page.body.to_lowercase().contains("needs a new secret"),
            "{path}"
        );
    }
    let change = NewSecret::new(stage.hub(), made.id, stage.cause());
    stage.apply(change).await;
    stage.managed::<Courier>().wake();
    until_there_are(&stage, 1, "delivered").await;
    // The one that cannot be told signs nothing.
    let message = receiver.has(1).await[0].clone();
    assert!(!message.header("webhook-signature").contains(' '));
}
