//! What is written down: by whatever way it comes about, in the transaction of the cause, and only where somebody wants it.

use hub::features::admin::users::delete_user::DeleteUser;
use hub::features::webhooks::courier::Courier;
use hub::features::webhooks::model::Kind;
use hub::types::role::Role;
use hub::types::time::Clock;
use rocket::http::Method;
use serde_json::json;

use super::receiver::Receiver;
use super::{add, look_twice, stage, until};
use crate::stage::{BEGINNING, FIRST, HOUR, PASSWORD, SECOND, Stage};

fn written(stage: &Stage) -> i64 {
    stage.number("SELECT coalesce(max(id), 0) FROM webhook_deliveries")
}

/// An address at which nobody listens.
const NOBODY: &str = "http://127.0.0.1:9/hook";

async fn everything_happens(stage: &Stage, name: &str) {
    let pair = stage.register(name).await;
    let rotated = stage.rotate(&pair.refresh).await;
    stage.rotate(&rotated.refresh).await;
    stage.clock.advance(HOUR);
    assert_eq!(stage.refresh(&pair.refresh).await.status, 401);
    stage.login(name).await;
    let id = stage.number("SELECT max(id) FROM users");
    stage.sql(&format!("UPDATE users SET is_active = 0 WHERE id = {id}"));
    stage.sql(&format!("DELETE FROM users WHERE id = {id}"));
}

#[rocket::async_test]
async fn a_hub_without_webhooks_writes_nothing() {
    let stage = stage().await;
    everything_happens(&stage, "alice").await;
    assert_eq!(written(&stage), 0);
    assert_eq!(stage.number("SELECT count(*) FROM webhook_deliveries"), 0);
}

#[rocket::async_test]
async fn a_rotation_a_retry_and_a_refused_request_write_nothing() {
    let stage = stage().await;
    add(&stage, "all", NOBODY, &Kind::WANTED).await;
    let pair = stage.register("alice").await;
    let before = written(&stage);
    let next = stage.rotate(&pair.refresh).await;
    stage.rotate(&pair.refresh).await;
    stage.validate(&next.access).await;
    assert_eq!(stage.refresh("nonsense").await.status, 401);
    assert_eq!(stage.login_with("alice", "wrong horse 7").await.status, 401);
    assert_eq!(written(&stage), before);
}

#[rocket::async_test]
async fn each_event_is_told_to_those_who_want_it_with_all_that_is_known_of_it() {
    let stage = stage().await;
    let all = Receiver::good().await;
    add(&stage, "all", &all.url(), &Kind::WANTED).await;
    let reuses = Receiver::good().await;
    add(&stage, "reuses", &reuses.url(), &[Kind::SessionReused]).await;
    everything_happens(&stage, "alice").await;
    let told = all.has(7).await;
    let kinds: Vec<String> = told.iter().map(super::receiver::Received::kind).collect();
    assert_eq!(
        kinds,
        [
            "user.created",
            "session.started",
            "session.reused",
            "session.ended",
            "session.started",
            "user.disabled",
            "user.deleted"
        ]
    );
    assert_eq!(
        told[0].json(),
        json!({
            "type": "user.created",
            "timestamp": format!("{BEGINNING}Z"),
            "data": {"user_id": 1, "username": "alice", "email": "alice@example.com", "role": "USER"}
        })
    );
    let begun = told[1].json();
    let sid = begun["data"]["sid"].as_str().expect("a session").to_owned();
    assert_eq!(sid.len(), 16);
    assert_eq!(
        begun["data"],
        json!({"sid": sid, "user_id": 1, "username": "alice", "browser": false, "address": "203.0.113.7", "user_agent": ""})
    );
    for ended in &told[2..4] {
        let ended = ended.json();
        assert_eq!(ended["data"]["sid"], json!(sid));
        assert_eq!(ended["data"]["why"], "token_reused");
        assert_eq!(ended["timestamp"], "2025-09-06T16:30:45.123456Z");
    }
    // Somebody else deleted the row, so the courier says when it heard of that.
    assert_eq!(told[6].json()["timestamp"], "2025-09-06T16:30:45.123456Z");
    assert_eq!(reuses.has(1).await.len(), 1);
    assert_eq!(reuses.kinds(), ["session.reused"]);
}

#[rocket::async_test]
async fn a_user_whom_an_administrator_deletes_is_told_with_their_sessions_and_the_time_of_the_deed()
{
    let stage = stage().await;
    stage.register("alice").await;
    let made = add(&stage, "all", NOBODY, &Kind::WANTED).await;
    let deleted_at = stage.clock.now().wall.micros();
    let change = DeleteUser {
        user: FIRST,
        now: stage.now(),
        cause: stage.cause(),
    };
    stage.apply(change).await;
    stage.clock.advance(SECOND);
    let at = |kind| {
        stage.number(&format!(
            "SELECT at FROM webhook_deliveries WHERE kind = '{kind}' AND webhook_id = {}",
            made.id
        ))
    };
    assert_eq!(at("user.deleted"), deleted_at);
    assert_eq!(at("session.ended"), deleted_at);
    assert_eq!(
        stage.text("SELECT username FROM webhook_deliveries WHERE kind = 'session.ended'"),
        "alice"
    );
}

#[rocket::async_test]
async fn a_disabled_webhook_is_told_nothing_of_what_happens_meanwhile() {
    let stage = stage().await;
    let made = add(&stage, "all", NOBODY, &Kind::WANTED).await;
    stage.sql(&format!(
        "UPDATE webhooks SET disabled_at = 1, disabled_steady = 1, disabled_boot = 1 WHERE id = {}",
        made.id
    ));
    everything_happens(&stage, "alice").await;
    assert_eq!(written(&stage), 0);
}

#[rocket::async_test]
async fn what_is_rolled_back_is_not_told() {
    let stage = stage().await;
    add(&stage, "all", NOBODY, &Kind::WANTED).await;
    stage.register("alice").await;
    let before = written(&stage);
    stage.sql("BEGIN; DELETE FROM users; ROLLBACK");
    assert_eq!(written(&stage), before);
}

#[rocket::async_test]
async fn failures_in_a_row_are_told_once_when_they_are_too_many_and_again_after_a_success() {
    let stage = Stage::with(&[
        ("webhooks.allowed_networks", "127.0.0.0/8"),
        ("webhooks.sign_in_failures", "3"),
    ])
    .await;
    stage.register("alice").await;
    let receiver = Receiver::good().await;
    add(&stage, "failures", &receiver.url(), &[Kind::SignInFailures]).await;
    let fails = async |name: &str| {
        stage.clock.advance(HOUR);
        assert_eq!(stage.login_with(name, "wrong horse 7").await.status, 401);
    };
    for _ in 0..2 {
        fails("alice").await;
    }
    assert_eq!(written(&stage), 0);
    for _ in 0..4 {
        fails("alice").await;
    }
    assert_eq!(written(&stage), 1);
    let told = receiver.has(1).await;
    assert_eq!(
        told[0].json()["data"],
        json!({"user_id": 1, "username": "alice", "what": "password", "in_a_row": 3, "address": "203.0.113.7"})
    );
    stage.clock.advance(HOUR);
    stage.login("alice").await;
    for _ in 0..3 {
        fails("alice").await;
    }
    assert_eq!(written(&stage), 2);
    // Messages are in order for each user only: the next is nobody's.
    receiver.has(2).await;
    // Whoever is no user is told of without what was typed.
    for _ in 0..3 {
        fails("hunter2").await;
    }
    let told = receiver.has(3).await;
    assert_eq!(told[2].json()["data"]["user_id"], json!(null));
    assert!(!told[2].body.contains("hunter2"), "{}", told[2].body);
}

#[rocket::async_test]
async fn beyond_what_may_wait_events_are_lost_and_counted() {
    let stage = stage().await;
    let made = add(&stage, "full", NOBODY, &[Kind::UserCreated]).await;
    let limit = i64::from(hub::features::webhooks::model::MAX_WAITING);
    stage.sql(&format!(
        "UPDATE webhooks SET waiting = {limit} - 1 WHERE id = {}",
        made.id
    ));
    stage.register("alice").await;
    stage.register("bob").await;
    stage.register("carol").await;
    let row = |column: &str| stage.number(&format!("SELECT {column} FROM webhooks"));
    assert_eq!((row("waiting"), row("lost")), (limit, 2));
    assert_eq!(stage.number("SELECT count(*) FROM webhook_deliveries"), 1);
}

#[rocket::async_test]
async fn signing_out_everywhere_tells_of_each_session_once() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    let pair = stage.register("alice").await;
    stage.login("alice").await;
    add(&stage, "ends", &receiver.url(), &[Kind::SessionEnded]).await;
    let answer = stage.ask(Method::Post, "/api/auth/logout-all", &pair.access);
    assert_eq!(answer.await.status, 200);
    let told = receiver.has(2).await;
    assert!(
        told.iter()
            .all(|one| one.json()["data"]["why"] == "session_revoked")
    );
    stage.managed::<Courier>().wake();
    look_twice().await;
    until("both noted", || {
        stage.number("SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered'") == 2
    })
    .await;
    assert_eq!(receiver.received().len(), 2);
    assert_eq!(stage.login_with("alice", PASSWORD).await.status, 200);
    stage.register_as("root", Role::SuperAdmin).await;
    assert_eq!(receiver.received().len(), 2);
}
