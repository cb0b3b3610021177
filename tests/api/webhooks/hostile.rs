//! Receivers that mean harm, or are merely broken: what they say costs the Hub little and leads it nowhere.

use std::time::Duration;

use hub::features::webhooks::model::Kind;

use super::receiver::{Receiver, Reply};
use super::{add, until, until_there_are};
use crate::stage::Stage;

/// Waits for the problem of the one delivery's first try.
async fn problem(stage: &Stage) -> String {
    until("a try", || {
        stage.number("SELECT max(tries) FROM webhook_deliveries") == 1
    })
    .await;
    stage.text("SELECT coalesce(problem, '') FROM webhook_deliveries")
}

async fn told_once(receiver: &Receiver) -> Stage {
    let stage = Stage::with(&[
        ("webhooks.allowed_networks", "127.0.0.0/8"),
        ("webhooks.timeout", "1s"),
    ])
    .await;
    stage.register("alice").await;
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    stage
}

#[rocket::async_test]
async fn a_redirect_is_not_followed() {
    let other = Receiver::good().await;
    let to = other.url();
    let receiver = Receiver::new(move |_, _| {
        Reply::Raw(format!(
            "HTTP/1.1 307 x\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        ))
    })
    .await;
    let stage = told_once(&receiver).await;
    assert!(
        problem(&stage)
            .await
            .starts_with("answered 307: redirects are not followed")
    );
    assert!(other.received().is_empty());
}

#[rocket::async_test]
async fn one_that_says_nothing_is_cut_off() {
    let receiver = Receiver::new(|_, _| Reply::Nothing).await;
    let stage = told_once(&receiver).await;
    assert_eq!(problem(&stage).await, "no answer within 1 s");
}

#[rocket::async_test]
async fn one_whose_body_never_ends_has_answered_all_the_same() {
    let receiver = Receiver::new(|_, _| Reply::Endless(200)).await;
    let stage = told_once(&receiver).await;
    until_there_are(&stage, 1, "delivered").await;
}

#[rocket::async_test]
async fn a_head_that_is_too_long_and_what_is_no_http_are_no_answers() {
    for head in [
        format!("HTTP/1.1 200 x\r\nX: {}\r\n\r\n", "x".repeat(100_000)),
        format!("HTTP/1.1 200 x\r\n{}\r\n", "X: y\r\n".repeat(500)),
        "HTTP/2 200\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH\r\n".to_owned(),
        String::new(),
    ] {
        let receiver = Receiver::new(move |_, _| Reply::Raw(head.clone())).await;
        let stage = told_once(&receiver).await;
        assert_eq!(
            problem(&stage).await,
            "the connection ended without an answer that is HTTP"
        );
    }
}

#[rocket::async_test]
async fn one_that_lets_its_answer_trickle_in_is_cut_off() {
    let receiver = Receiver::new(|_, _| Reply::Late(Duration::from_secs(5), 200)).await;
    let stage = told_once(&receiver).await;
    assert_eq!(problem(&stage).await, "no answer within 1 s");
}
