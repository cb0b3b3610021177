//! What one network may try of each kind, over HTTP; the limits to the last try stand with the engine.

use rocket::http::Method;
use serde_json::json;

use super::{STRANGER, WRONG, fail, is_held, login_from};
use crate::answer::Answer;
use crate::browsing::Browser;
use crate::stage::{PASSWORD, PEER, SECOND, Stage};

async fn register_from(stage: &Stage, address: &str, name: &str) -> Answer {
    let email = format!("{name}@example.com");
    let body = json!({"username": name, "email": email, "password": PASSWORD});
    let call = stage
        .request(Method::Post, "/api/auth/register")
        .peer(address);
    call.json(body.to_string()).send().await
}

async fn refresh_from(stage: &Stage, address: &str, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    let call = stage
        .request(Method::Post, "/api/auth/refresh")
        .peer(address);
    call.json(body.to_string()).send().await
}

#[rocket::async_test]
async fn thirty_names_are_guessed_at_from_one_network_and_then_one_a_minute() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for number in 0..30 {
        fail(&stage, STRANGER, &format!("user{number}"), 1).await;
    }
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 60);
    stage.clock.advance(60 * SECOND);
    assert_eq!(
        login_from(&stage, STRANGER, "alice", PASSWORD).await.status,
        200
    );
    fail(&stage, STRANGER, "user30", 1).await;
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 60);
    assert_eq!(
        login_from(&stage, PEER, "alice", PASSWORD).await.status,
        200
    );
}

#[rocket::async_test]
async fn an_office_is_not_stopped_by_its_own_sign_ins_but_for_sixty_at_once() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for _ in 0..60 {
        stage.login("alice").await;
    }
    is_held(&stage.login_with("alice", PASSWORD).await, 1);
    for _ in 0..60 {
        stage.clock.advance(SECOND);
        stage.login("alice").await;
    }
}

#[rocket::async_test]
async fn what_is_no_sign_in_is_told_so_before_anything_is_counted() {
    let stage = Stage::new().await;
    for _ in 0..100 {
        let answer = stage
            .post("/api/auth/login", &json!({"username": "alice"}))
            .await;
        assert_eq!(answer.code(), "missing_fields");
    }
    assert_eq!(stage.login_with("alice", WRONG).await.status, 401);
}

#[rocket::async_test]
async fn a_network_makes_twenty_accounts_and_then_one_a_minute() {
    let stage = Stage::new().await;
    for number in 0..20 {
        let answer = register_from(&stage, STRANGER, &format!("user{number}")).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    is_held(&register_from(&stage, STRANGER, "late").await, 60);
    // A broken rule is told all the same, and costs nothing.
    assert_eq!(register_from(&stage, STRANGER, "x").await.status, 400);
    assert_eq!(register_from(&stage, PEER, "elsewhere").await.status, 201);
    stage.clock.advance(60 * SECOND);
    assert_eq!(register_from(&stage, STRANGER, "late").await.status, 201);
    is_held(&register_from(&stage, STRANGER, "later").await, 60);
}

#[rocket::async_test]
async fn a_session_refreshes_sixty_times_at_once_and_then_once_a_second() {
    let stage = Stage::new().await;
    let other = stage.register("bob").await;
    let mut token = stage.register("alice").await.refresh;
    for number in 0..60 {
        let answer = refresh_from(&stage, STRANGER, &token).await;
        assert_eq!(answer.status, 200, "{number}: {}", answer.body);
        token = answer.pair().refresh;
    }
    let rows = stage.number("SELECT count(*) FROM lineage");
    for address in [STRANGER, PEER] {
        is_held(&refresh_from(&stage, address, &token).await, 1);
    }
    assert_eq!(stage.number("SELECT count(*) FROM lineage"), rows);
    stage.rotate(&other.refresh).await;
    stage.clock.advance(SECOND);
    stage.rotate(&token).await;
}

#[rocket::async_test]
async fn forged_tokens_are_counted_by_network_and_good_ones_are_not() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for number in 0..600 {
        let answer = refresh_from(&stage, STRANGER, "a.b.c").await;
        assert_eq!(answer.code(), "invalid_token", "{number}");
    }
    is_held(&refresh_from(&stage, STRANGER, "a.b.c").await, 1);
    assert_eq!(refresh_from(&stage, PEER, &pair.refresh).await.status, 200);
}

#[rocket::async_test]
async fn a_setup_link_is_guessed_at_twenty_times_and_then_once_a_minute() {
    let stage = Stage::new().await;
    let browser = Browser::new(&stage);
    for number in 0..20 {
        assert_eq!(
            browser.get("/setup?token=guess").await.status,
            404,
            "{number}"
        );
    }
    let answer = browser.get("/setup?token=guess").await;
    assert_eq!(
        (answer.status, answer.header("Retry-After")),
        (429, Some("60"))
    );
    assert!(
        answer.body.contains("Try again in 60 seconds."),
        "{}",
        answer.body
    );
    stage.clock.advance(60 * SECOND);
    assert_eq!(browser.get("/setup?token=guess").await.status, 404);
}
