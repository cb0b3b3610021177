//! How a message gets to its receiver: at least once, whole, and to nobody else.

use hub::features::webhooks::courier::Courier;
use hub::features::webhooks::model::Kind;

use super::receiver::{Receiver, Reply};
use super::{add, look_twice, until, until_there_are};
use crate::certificates;
use crate::stage::{SEED, Stage};

const ALLOWED: &[(&str, &str)] = &[("webhooks.allowed_networks", "127.0.0.0/8")];

#[rocket::async_test]
async fn a_message_is_a_post_of_json_under_an_id_that_is_its_own() {
    let stage = super::stage().await;
    let receiver = Receiver::good().await;
    stage.register("alice").await;
    let url = format!("{}?key=receivers-own", receiver.url());
    add(&stage, "hook", &url, &Kind::WANTED).await;
    stage.login("alice").await;
    stage.login("alice").await;
    let told = receiver.has(2).await;
    assert_eq!(told[0].line, "POST /hook?key=receivers-own HTTP/1.1");
    assert_eq!(told[0].header("host"), receiver.address.to_string());
    assert_eq!(told[0].header("content-type"), "application/json");
    assert!(
        told[0]
            .header("user-agent")
            .starts_with("RegardingWork-Hub/")
    );
    let ids: Vec<&str> = told.iter().map(|one| one.header("webhook-id")).collect();
    assert!(
        ids.iter()
            .all(|id| id.starts_with("evt_") && id.len() == 36),
        "{ids:?}"
    );
    assert_ne!(ids[0], ids[1]);
    until_there_are(&stage, 2, "delivered").await;
    let tries = stage.number("SELECT sum(tries) FROM webhook_deliveries WHERE status = 204");
    assert_eq!(tries, 2);
}

#[rocket::async_test]
async fn a_delivery_whose_end_was_never_written_down_is_made_again_under_the_same_id() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let stage = Stage::on(directory, ALLOWED, SEED).await;
    let receiver = Receiver::new(|_, before| match before {
        // It has the message, and the Hub never hears so.
        0 => Reply::Nothing,
        _ => Reply::Status(200),
    })
    .await;
    stage.register("alice").await;
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    let first = receiver.has(1).await[0].clone();
    let directory = stage.close();

    let stage = Stage::on(directory, ALLOWED, SEED + 1).await;
    let second = receiver.has(2).await[1].clone();
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(second.body, first.body);
    until_there_are(&stage, 1, "delivered").await;
}

#[rocket::async_test]
async fn what_was_postponed_before_the_machine_was_started_anew_is_due_at_once() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let stage = Stage::on(directory, ALLOWED, SEED).await;
    let receiver =
        Receiver::new(|_, before| Reply::Status(if before < 1 { 500 } else { 200 })).await;
    stage.register("alice").await;
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    until("a try", || {
        stage.number("SELECT max(tries) FROM webhook_deliveries") == 1
    })
    .await;
    // As if it had been postponed in another boot, for long.
    stage.sql("UPDATE webhook_deliveries SET due_steady = 99000000000000, due_boot = 77 WHERE state = 'waiting'");
    let directory = stage.close();
    let stage = Stage::on(directory, ALLOWED, SEED + 1).await;
    until_there_are(&stage, 1, "delivered").await;
}

#[rocket::async_test]
async fn a_message_is_not_sent_again_once_it_is_noted() {
    let stage = super::stage().await;
    let receiver = Receiver::good().await;
    stage.register("alice").await;
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    for _ in 0..20 {
        stage.login("alice").await;
        stage.managed::<Courier>().wake();
    }
    until_there_are(&stage, 20, "delivered").await;
    look_twice().await;
    assert_eq!(receiver.received().len(), 20);
}

#[rocket::async_test]
async fn tls_is_in_memory_from_the_first_https_receiver_until_no_webhook_is_enabled() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let certificate = certificates::make(directory.path(), "receiver");
    let authority = certificate.cert.to_str().expect("UTF-8");
    let stage = Stage::with(&[ALLOWED[0], ("webhooks.authorities", authority)]).await;
    let courier = stage.managed::<Courier>();
    let (plain, safe) = (
        Receiver::good().await,
        Receiver::with_tls(&certificate).await,
    );
    stage.register("alice").await;
    add(&stage, "plain", &plain.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    until_there_are(&stage, 1, "delivered").await;
    assert!(!courier.has_tls());
    add(&stage, "safe", &safe.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    until_there_are(&stage, 3, "delivered").await;
    assert!(courier.has_tls());
    stage.sql("UPDATE webhooks SET disabled_at = 1, disabled_steady = 1, disabled_boot = 1");
    courier.wake();
    until("it is let go", || !courier.has_tls()).await;
    stage.sql(
        "UPDATE webhooks SET disabled_at = NULL, disabled_steady = NULL, disabled_boot = NULL",
    );
    stage.login("alice").await;
    courier.wake();
    until_there_are(&stage, 5, "delivered").await;
    assert_eq!(safe.received().len(), 2);
    assert!(courier.has_tls());
}
