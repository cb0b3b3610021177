//! `DELETE /api/auth/sessions/{id}`.

use rocket::http::Method;

use crate::answer::session_of;
use crate::stage::Stage;

fn path(id: &str) -> String {
    format!("/api/auth/sessions/{id}")
}

#[rocket::async_test]
async fn a_caller_ends_another_of_their_own_sessions() {
    let stage = Stage::new().await;
    let kept = stage.register("alice").await;
    let lost = stage.login("alice").await;
    let id = session_of(&lost.access);
    for _ in 0..2 {
        let answer = stage.ask(Method::Delete, &path(&id), &kept.access).await;
        answer.is(200, r#"{"message":"Session revoked"}"#);
    }
    assert_eq!(stage.refresh(&lost.refresh).await.code(), "session_revoked");
    assert_eq!(stage.validate(&lost.access).await.code(), "session_revoked");
    assert_eq!(stage.validate(&kept.access).await.status, 200);
    assert_eq!(
        stage.number("SELECT count(*) FROM audit WHERE action = 'session.end'"),
        1
    );
}

#[rocket::async_test]
async fn a_caller_may_end_the_session_that_asks() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let id = session_of(&pair.access);
    let answer = stage.ask(Method::Delete, &path(&id), &pair.access).await;
    answer.is(200, r#"{"message":"Session revoked"}"#);
    assert_eq!(stage.validate(&pair.access).await.code(), "session_revoked");
}

#[rocket::async_test]
async fn somebody_elses_session_and_none_at_all_are_not_found_alike() {
    let stage = Stage::new().await;
    let alice = stage.register("alice").await;
    let bob = stage.register("bob").await;
    let bobs = session_of(&bob.access);
    for id in [
        &*bobs,
        "0000000000000001",
        "0000000000000000",
        "ffffffffffffffff",
        "1",
        "-1",
        &bobs.to_uppercase(),
        "%27%20OR%201=1",
        "%00",
        "..%2fme",
    ] {
        if *id == session_of(&alice.access) {
            continue;
        }
        let answer = stage.ask(Method::Delete, &path(id), &alice.access).await;
        answer.is_error(404, "Session not found", "session_not_found");
    }
    assert_eq!(stage.validate(&bob.access).await.status, 200);
}

#[rocket::async_test]
async fn without_a_good_token_it_answers_as_me_does() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let path = path(&session_of(&pair.access));
    let answer = stage.request(Method::Delete, &path).send().await;
    answer.is_error(
        401,
        "Authorization header required",
        "authorization_required",
    );
    let answer = stage.ask(Method::Delete, &path, &pair.refresh).await;
    answer.is_error(
        401,
        "Invalid token: Signature verification failed",
        "invalid_token",
    );
    assert_eq!(stage.validate(&pair.access).await.status, 200);
}
