//! `POST /api/auth/logout`.

use rocket::http::Method;

use crate::stage::Stage;

const PATH: &str = "/api/auth/logout";

#[rocket::async_test]
async fn a_sign_out_ends_the_whole_session_and_no_other() {
    let stage = Stage::new().await;
    let other = stage.register("alice").await;
    let first = stage.login("alice").await;
    let second = stage.rotate(&first.refresh).await;
    let answer = stage.ask(Method::Post, PATH, &first.access).await;
    answer.is(200, r#"{"message":"Logged out successfully"}"#);
    for pair in [&first, &second] {
        assert_eq!(stage.refresh(&pair.refresh).await.code(), "session_revoked");
        let answer = stage.validate(&pair.access).await;
        answer.is_not_valid("Token has been revoked", "session_revoked");
    }
    assert_eq!(stage.validate(&other.access).await.status, 200);
    stage.rotate(&other.refresh).await;
}

#[rocket::async_test]
async fn without_a_good_token_nobody_is_signed_out() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let answer = stage.request(Method::Post, PATH).send().await;
    answer.is_error(
        401,
        "Authorization header required",
        "authorization_required",
    );
    for token in ["x", "a.b.c", &pair.refresh] {
        let answer = stage.ask(Method::Post, PATH, token).await;
        answer.is_error(401, "Invalid or expired token", "invalid_token");
    }
    assert_eq!(stage.validate(&pair.access).await.status, 200);
}

#[rocket::async_test]
async fn a_second_sign_out_says_that_the_session_is_over() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.ask(Method::Post, PATH, &pair.access).await;
    let answer = stage.ask(Method::Post, PATH, &pair.access).await;
    answer.is_error(401, "Invalid or expired token", "session_revoked");
}
