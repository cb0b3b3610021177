//! In which order messages come: as they happened for each user, and nobody waits for another user or another receiver.

use std::time::Duration;

use hub::features::webhooks::courier::Courier;
use hub::features::webhooks::model::{Kind, MAX_TRIES, wait_after};
use rocket::http::Method;

use super::receiver::{Received, Receiver, Reply};
use super::{add, look_twice, stage, until, until_there_are};
use crate::stage::SECOND;

fn is_about(message: &Received, user: &str) -> bool {
    message.json()["data"]["username"] == user
}

#[rocket::async_test]
async fn an_event_waits_for_the_one_before_it_of_the_same_user_and_others_go_on() {
    let stage = stage().await;
    stage.register("alice").await;
    stage.register("bob").await;
    let receiver = Receiver::new(|message, before| {
        let fails = is_about(message, "alice") && before < 2;
        Reply::Status(if fails { 500 } else { 200 })
    })
    .await;
    let kinds = [Kind::SessionStarted, Kind::SessionEnded];
    add(&stage, "hook", &receiver.url(), &kinds).await;
    let alice = stage.login("alice").await;
    receiver.has(1).await;
    let answer = stage.ask(Method::Post, "/api/auth/logout", &alice.access);
    assert_eq!(answer.await.status, 200);
    let bob = stage.login("bob").await;
    let answer = stage.ask(Method::Post, "/api/auth/logout", &bob.access);
    assert_eq!(answer.await.status, 200);
    until_there_are(&stage, 2, "delivered").await;
    look_twice().await;
    let told = receiver.received();
    assert!(told[1..].iter().all(|one| is_about(one, "bob")), "{told:?}");
    assert_eq!(
        receiver.kinds(),
        ["session.started", "session.started", "session.ended"]
    );
    assert_eq!(
        stage.number("SELECT count(*) FROM webhook_deliveries WHERE state = 'behind'"),
        1
    );
    stage.clock.advance(10 * SECOND);
    stage.managed::<Courier>().wake();
    until_there_are(&stage, 4, "delivered").await;
    let kinds = receiver.kinds();
    assert_eq!(kinds[3..], ["session.started", "session.ended"]);
}

#[rocket::async_test]
async fn many_events_of_one_user_come_one_after_another_however_slow_the_receiver_is() {
    let stage = stage().await;
    stage.register("alice").await;
    let receiver = Receiver::new(|_, before| {
        let wait = if before % 2 == 0 { 60 } else { 5 };
        Reply::Late(Duration::from_millis(wait), 200)
    })
    .await;
    let kinds = [Kind::SessionStarted, Kind::SessionEnded];
    add(&stage, "hook", &receiver.url(), &kinds).await;
    for _ in 0..5 {
        let pair = stage.login("alice").await;
        let answer = stage.ask(Method::Post, "/api/auth/logout", &pair.access);
        assert_eq!(answer.await.status, 200);
    }
    until_there_are(&stage, 10, "delivered").await;
    let sids: Vec<String> = receiver
        .received()
        .iter()
        .map(|one| format!("{} {}", one.json()["data"]["sid"], one.kind()))
        .collect();
    let happened: Vec<String> = {
        let connection = stage.stranger();
        let mut statement = connection
            .prepare("SELECT printf('\"%016x\" %s', session_id, kind) FROM webhook_deliveries ORDER BY id")
            .expect("a statement");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a row")).collect()
    };
    assert_eq!(sids, happened);
}

#[rocket::async_test]
async fn a_dead_letter_frees_the_users_later_events() {
    let stage = stage().await;
    stage.register("alice").await;
    let receiver = Receiver::new(|message, _| {
        Reply::Status(if message.kind() == "session.started" {
            500
        } else {
            200
        })
    })
    .await;
    let kinds = [Kind::SessionStarted, Kind::SessionEnded];
    add(&stage, "hook", &receiver.url(), &kinds).await;
    let pair = stage.login("alice").await;
    let answer = stage.ask(Method::Post, "/api/auth/logout", &pair.access);
    assert_eq!(answer.await.status, 200);
    for number in 1..=MAX_TRIES {
        until("a try", || {
            stage.number("SELECT max(tries) FROM webhook_deliveries") == i64::from(number)
        })
        .await;
        stage
            .clock
            .advance(wait_after(number, None, 255).unwrap_or(100 * SECOND));
        stage.managed::<Courier>().wake();
    }
    until_there_are(&stage, 1, "delivered").await;
    assert_eq!(
        receiver.kinds().last().map(String::as_str),
        Some("session.ended")
    );
}

#[rocket::async_test]
async fn a_receiver_that_hangs_holds_up_no_other_one() {
    let stage = stage().await;
    let hangs = Receiver::new(|_, _| Reply::Nothing).await;
    let good = Receiver::good().await;
    for number in 0..8 {
        stage.register(&format!("user{number}")).await;
    }
    add(&stage, "hangs", &hangs.url(), &[Kind::SessionStarted]).await;
    add(&stage, "good", &good.url(), &[Kind::SessionStarted]).await;
    for number in 0..8 {
        stage.login(&format!("user{number}")).await;
    }
    good.has(8).await;
    look_twice().await;
    // And itself gets no more at once than it may.
    assert_eq!(hangs.received().len(), 4);
}
