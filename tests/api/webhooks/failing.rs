//! Receivers that fail: tried again later and later, then a dead letter, which is sent again when somebody asks for it.

use std::time::Duration;

use hub::features::admin::webhooks::error::WebhookError;
use hub::features::admin::webhooks::resend::Resend;
use hub::features::admin::webhooks::switch::SwitchWebhook;
use hub::features::webhooks::courier::Courier;
use hub::features::webhooks::model::{Kind, MAX_TRIES, wait_after};
use hub::types::ids::{DeliveryId, WebhookId};

use super::receiver::{Receiver, Reply};
use super::{add, look_twice, stage, until, until_there_are};
use crate::stage::{HOUR, SECOND, Stage};

fn tries(stage: &Stage) -> i64 {
    stage.number("SELECT coalesce(max(tries), 0) FROM webhook_deliveries")
}

/// Waits for the try of this number, then lets so much time pass that the next one is due whatever chance added.
async fn tried(stage: &Stage, number: u32) {
    until(&format!("try {number}"), || {
        tries(stage) == i64::from(number)
    })
    .await;
    let wait = wait_after(number, None, 255).unwrap_or(SECOND);
    stage.clock.advance(wait);
    stage.managed::<Courier>().wake();
}

async fn one_event(stage: &Stage, receiver: &Receiver) -> WebhookId {
    stage.register("alice").await;
    let made = add(stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    made.id
}

#[rocket::async_test]
async fn a_receiver_that_fails_five_times_still_gets_its_event_once_it_recovers() {
    let stage = stage().await;
    let receiver = Receiver::new(|_, before| match before {
        0 => Reply::Status(500),
        1 => Reply::Status(503),
        2 => Reply::Raw(String::new()),
        3 => Reply::Raw("no HTTP\r\n\r\n".to_owned()),
        4 => Reply::Status(404),
        _ => Reply::Status(200),
    })
    .await;
    one_event(&stage, &receiver).await;
    for number in 1..=5 {
        tried(&stage, number).await;
    }
    let told = receiver.has(6).await;
    until_there_are(&stage, 1, "delivered").await;
    for one in &told {
        assert_eq!(one.body, told[0].body);
        assert_eq!(one.header("webhook-id"), told[0].header("webhook-id"));
    }
    // Each is signed at its own time: receivers refuse old ones.
    assert_ne!(
        told[5].header("webhook-timestamp"),
        told[0].header("webhook-timestamp")
    );
    assert_eq!(tries(&stage), 6);
}

#[rocket::async_test]
async fn nothing_is_tried_before_it_is_due_whatever_the_wall_clock_says() {
    let stage = stage().await;
    let receiver = Receiver::new(|_, _| Reply::Status(500)).await;
    one_event(&stage, &receiver).await;
    until("the first try", || tries(&stage) == 1).await;
    let right = hub::types::time::Clock::now(stage.clock.as_ref()).wall;
    for wall in [right.plus(900 * HOUR), right.minus(900 * HOUR)] {
        stage.clock.set_wall(wall);
        stage.clock.advance(SECOND);
        stage.managed::<Courier>().wake();
        look_twice().await;
        assert_eq!(receiver.received().len(), 1);
    }
    stage.clock.advance(5 * SECOND);
    stage.managed::<Courier>().wake();
    receiver.has(2).await;
}

#[rocket::async_test]
async fn a_receiver_may_ask_to_be_left_alone_for_longer() {
    let stage = stage().await;
    let receiver = Receiver::new(|_, before| match before {
        0 => Reply::Raw(
            "HTTP/1.1 503 x\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ),
        _ => Reply::Status(200),
    })
    .await;
    one_event(&stage, &receiver).await;
    until("the first try", || tries(&stage) == 1).await;
    stage.clock.advance(HOUR.saturating_sub(SECOND));
    stage.managed::<Courier>().wake();
    look_twice().await;
    assert_eq!(receiver.received().len(), 1);
    stage.clock.advance(SECOND);
    stage.managed::<Courier>().wake();
    receiver.has(2).await;
}

#[rocket::async_test]
async fn after_the_last_try_it_is_a_dead_letter_that_can_be_sent_again_under_its_id() {
    let stage = stage().await;
    let last = usize::try_from(MAX_TRIES).expect("few");
    let receiver =
        Receiver::new(move |_, before| Reply::Status(if before < last { 500 } else { 200 })).await;
    let webhook = one_event(&stage, &receiver).await;
    for number in 1..=MAX_TRIES {
        tried(&stage, number).await;
    }
    until_there_are(&stage, 1, "dead").await;
    let row = |column: &str| stage.number(&format!("SELECT {column} FROM webhooks"));
    assert_eq!((row("waiting"), row("dead")), (0, 1));
    assert_eq!(
        stage.text("SELECT problem FROM webhook_deliveries"),
        "answered 500"
    );
    stage.clock.advance(100 * HOUR);
    stage.managed::<Courier>().wake();
    look_twice().await;
    assert_eq!(receiver.received().len(), last);

    let resend = |delivery| Resend {
        id: webhook,
        delivery,
        cause: stage.cause(),
    };
    let other = stage.store.write(resend(Some(DeliveryId(99)))).await;
    assert_eq!(other, Err(WebhookError::NoDeadLetter));
    assert_eq!(stage.apply(resend(Some(DeliveryId(1)))).await, 1);
    stage.managed::<Courier>().wake();
    let told = receiver.has(last + 1).await;
    assert_eq!(
        told[last].header("webhook-id"),
        told[0].header("webhook-id")
    );
    until_there_are(&stage, 1, "delivered").await;
    assert_eq!((row("waiting"), row("dead")), (0, 0));
    assert_eq!(
        stage.store.write(resend(None)).await,
        Err(WebhookError::NoDeadLetter)
    );
    let told = stage.audit();
    let entries: Vec<_> = told
        .iter()
        .filter(|entry| entry.action == "webhook.resend")
        .collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].detail.as_deref(), Some("name=hook deliveries=1"));
}

#[rocket::async_test]
async fn a_receiver_at_which_everything_fails_rests_and_is_told_everything_when_it_is_up() {
    const USERS: [&str; 10] = [
        "ada", "bob", "cat", "dan", "eve", "fay", "gus", "hal", "ivy", "jim",
    ];
    let stage = stage().await;
    let receiver =
        Receiver::new(|_, before| Reply::Status(if before < 7 { 500 } else { 200 })).await;
    for name in USERS {
        stage.register(name).await;
    }
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    for name in USERS {
        stage.login(name).await;
    }
    receiver.has(3).await;
    look_twice().await;
    // Two have failed and four are under way when the third failure makes it rest, at the most; the others are not tried before that is over.
    assert!(receiver.received().len() <= 6);
    for _ in 0..60 {
        stage.clock.advance(Duration::from_secs(10));
        stage.managed::<Courier>().wake();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    until_there_are(&stage, 10, "delivered").await;
}

#[rocket::async_test]
async fn what_waits_for_a_disabled_webhook_goes_on_its_way_when_it_is_enabled() {
    let stage = stage().await;
    let receiver =
        Receiver::new(|_, before| Reply::Status(if before < 1 { 500 } else { 200 })).await;
    let id = one_event(&stage, &receiver).await;
    stage.login("alice").await;
    until("the first try", || tries(&stage) == 1).await;
    let switch = |enabled| SwitchWebhook {
        id,
        enabled,
        cause: stage.cause(),
    };
    stage.apply(switch(false)).await;
    stage.clock.advance(HOUR);
    look_twice().await;
    assert_eq!(receiver.received().len(), 1);
    stage.login("alice").await;
    stage.apply(switch(true)).await;
    stage.managed::<Courier>().wake();
    until_there_are(&stage, 2, "delivered").await;
    // What happened meanwhile is not told.
    assert_eq!(receiver.received().len(), 3);
}
