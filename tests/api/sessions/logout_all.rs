//! `POST /api/auth/logout-all`.

use rocket::http::Method;

use crate::stage::{DAY, Stage};

const PATH: &str = "/api/auth/logout-all";

#[rocket::async_test]
async fn every_session_of_the_caller_ends_and_nobody_elses() {
    let stage = Stage::new().await;
    let other = stage.register("bob").await;
    let mut pairs = vec![stage.register("alice").await];
    for _ in 0..3 {
        pairs.push(stage.login("alice").await);
    }
    let answer = stage.ask(Method::Post, PATH, &pairs[1].access).await;
    answer.is(200, r#"{"message":"Logged out everywhere","revoked":4}"#);
    for pair in &pairs {
        assert_eq!(stage.refresh(&pair.refresh).await.code(), "session_revoked");
        assert_eq!(stage.validate(&pair.access).await.code(), "session_revoked");
    }
    assert_eq!(stage.validate(&other.access).await.status, 200);
}

#[rocket::async_test]
async fn only_sessions_that_were_still_good_are_counted_but_all_are_ended() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let ended = stage.login("alice").await;
    stage
        .ask(Method::Post, "/api/auth/logout", &ended.access)
        .await;
    stage.clock.advance(31 * DAY);
    let present = stage.login("alice").await;
    let answer = stage.ask(Method::Post, PATH, &present.access).await;
    answer.is(200, r#"{"message":"Logged out everywhere","revoked":1}"#);
    assert_eq!(
        stage.number("SELECT count(*) FROM sessions WHERE ended_at IS NULL"),
        0
    );
}

#[rocket::async_test]
async fn without_a_good_token_it_answers_as_me_does() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let answer = stage.request(Method::Post, PATH).send().await;
    answer.is_error(
        401,
        "Authorization header required",
        "authorization_required",
    );
    let answer = stage.ask(Method::Post, PATH, "x").await;
    answer.is_error(401, "Invalid token: Not enough segments", "invalid_token");
    let answer = stage.ask(Method::Post, PATH, &pair.refresh).await;
    answer.is_error(
        401,
        "Invalid token: Signature verification failed",
        "invalid_token",
    );
}
