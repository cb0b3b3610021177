//! `POST /api/auth/login`.

use hub::features::admin::users::set_active::SetActive;
use rocket::http::Method;
use serde_json::json;

use crate::answer::{claims, full_user, session_of};
use crate::stage::{FIRST, PASSWORD, SECOND, Stage};

#[rocket::async_test]
async fn a_good_sign_in_answers_every_field_in_the_order_of_the_contract() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let answer = stage.login_with("alice", PASSWORD).await;
    let pair = answer.pair();
    let (access, refresh, user) = (&pair.access, &pair.refresh, full_user(1, "alice"));
    answer.is(
        200,
        &format!(
            r#"{{"message":"Login successful","access_token":"{access}","refresh_token":"{refresh}","user":{user}}}"#
        ),
    );
    for secret in [PASSWORD, "argon2", "hash", "salt"] {
        assert!(!answer.body.contains(secret), "{secret}");
    }
}

#[rocket::async_test]
async fn a_name_is_found_in_any_case_and_shown_as_typed() {
    let stage = Stage::new().await;
    stage.register("JohnDoe").await;
    for name in ["johndoe", "JOHNDOE", "JohnDoe"] {
        let answer = stage.login_with(name, PASSWORD).await;
        assert_eq!(answer.json()["user"]["username"], "JohnDoe");
    }
}

#[rocket::async_test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let wrong = stage.login_with("alice", "correct horse 8").await;
    let unknown = stage.login_with("nobody", PASSWORD).await;
    wrong.is_error(401, "Invalid credentials", "invalid_credentials");
    assert_eq!(wrong.body, unknown.body);
    let without_id = |answer: &crate::answer::Answer| {
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| name != "X-Request-Id");
        headers.sort();
        headers
    };
    assert_eq!(without_id(&wrong), without_id(&unknown));
}

#[rocket::async_test]
async fn what_is_no_name_or_no_possible_password_is_answered_like_a_wrong_one() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let long = "a1".repeat(600);
    for (name, password) in [
        ("alice@example.com", PASSWORD),
        (" alice", PASSWORD),
        ("alice ", PASSWORD),
        ("alice\0", PASSWORD),
        ("al%", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("x", PASSWORD),
        ("alice", &*long),
        ("alice", "correct horse 7 "),
        ("alice", "Correct horse 7"),
        ("alice", "correct horse 7\0"),
        ("alice", "correct horse"),
    ] {
        let answer = stage.login_with(name, password).await;
        answer.is_error(401, "Invalid credentials", "invalid_credentials");
    }
}

#[rocket::async_test]
async fn a_locked_out_user_hears_so_only_with_the_right_password() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let lock_out = |active| SetActive {
        user: FIRST,
        active,
        now: stage.now(),
        cause: stage.cause(),
    };
    stage.apply(lock_out(false)).await;
    let right = stage.login_with("alice", PASSWORD).await;
    right.is_error(401, "Account is disabled", "user_disabled");
    let wrong = stage.login_with("alice", "correct horse 8").await;
    wrong.is_error(401, "Invalid credentials", "invalid_credentials");
    stage.apply(lock_out(true)).await;
    stage.login("alice").await;
}

#[rocket::async_test]
async fn every_sign_in_is_a_session_of_its_own_whatever_the_client_brings_along() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    let call = stage.request(Method::Post, "/api/auth/login");
    let answer = call
        .bearer(&first.access)
        .header("Cookie", "session=planted; sid=planted")
        .json(body)
        .send()
        .await;
    assert_eq!(answer.header("Set-Cookie"), None);
    let second = answer.pair();
    assert_ne!(session_of(&first.access), session_of(&second.access));
    assert_ne!(claims(&first.access)["jti"], claims(&second.access)["jti"]);
    for pair in [first, second] {
        assert_eq!(stage.validate(&pair.access).await.status, 200);
    }
}

#[rocket::async_test]
async fn two_users_on_one_device_never_get_each_others_tokens() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.register("bob").await;
    let (alice, bob) = (stage.login("alice").await, stage.login("bob").await);
    assert_ne!(session_of(&alice.refresh), session_of(&bob.refresh));
    stage.clock.advance(SECOND);
    let alice = stage.refresh(&alice.refresh).await;
    assert_eq!(alice.json()["user"]["username"], "alice");
    let bob = stage.refresh(&bob.refresh).await;
    assert_eq!(bob.json()["user"]["username"], "bob");
}
