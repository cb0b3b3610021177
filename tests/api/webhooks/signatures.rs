//! What a receiver can check: signatures as the Standard Webhooks specification has them, computed here by themselves.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use hub::features::admin::webhooks::add::secret;
use hub::features::admin::webhooks::new_secret::NewSecret;
use hub::features::webhooks::courier::Courier;
use hub::features::webhooks::model::Kind;
use sha2::Sha256;

use super::receiver::{Received, Receiver};
use super::{add, stage};
use crate::stage::{BEGINNING_SECONDS, DAY, SECOND};

/// The signature of a message with a secret as its receiver has it.
fn signature(secret: &str, message: &Received) -> String {
    let key = secret.strip_prefix("whsec_").expect("a secret");
    let key = BASE64.decode(key.as_bytes()).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    let (id, at) = (
        message.header("webhook-id"),
        message.header("webhook-timestamp"),
    );
    mac.update(format!("{id}.{at}.{}", message.body).as_bytes());
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

#[rocket::async_test]
async fn a_message_is_signed_with_its_webhooks_own_secret() {
    let stage = stage().await;
    let (first, second) = (Receiver::good().await, Receiver::good().await);
    stage.register("alice").await;
    let one = add(&stage, "one", &first.url(), &[Kind::SessionStarted]).await;
    let two = add(&stage, "two", &second.url(), &[Kind::SessionStarted]).await;
    assert_ne!(one.secret, two.secret);
    stage.login("alice").await;
    for (receiver, made) in [(&first, &one), (&second, &two)] {
        let message = receiver.has(1).await[0].clone();
        assert_eq!(
            message.header("webhook-timestamp"),
            BEGINNING_SECONDS.to_string()
        );
        assert_eq!(
            message.header("webhook-signature"),
            signature(&made.secret, &message)
        );
    }
}

#[rocket::async_test]
async fn the_secret_before_a_new_one_signs_for_a_day_beside_it() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    stage.register("alice").await;
    let made = add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    let change = NewSecret::new(stage.hub(), made.id, stage.cause());
    let webhook = stage.apply(change).await;
    let new = secret(stage.hub(), webhook.facts()).expect("a secret");
    stage.watch.add("a webhook's secret", new.reveal());
    let next = async |count: usize| {
        stage.login("alice").await;
        stage.managed::<Courier>().wake();
        receiver.has(count).await[count - 1].clone()
    };
    let message = next(1).await;
    let both = [new.reveal(), &made.secret].map(|secret| signature(secret, &message));
    assert_eq!(message.header("webhook-signature"), both.join(" "));
    stage.clock.advance(DAY.saturating_sub(SECOND));
    let message = next(2).await;
    assert!(message.header("webhook-signature").contains(' '));
    stage.clock.advance(SECOND);
    let message = next(3).await;
    assert_eq!(
        message.header("webhook-signature"),
        signature(new.reveal(), &message)
    );
}
