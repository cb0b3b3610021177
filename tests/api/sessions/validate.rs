//! `GET` and `POST /api/auth/validate`.

use hub::features::admin::users::set_role::SetRole;
use hub::types::role::Role;
use rocket::http::Method;

use crate::answer::full_user;
use crate::stage::{BEGINNING_SECONDS, FIRST, Stage};

const PATH: &str = "/api/auth/validate";

#[rocket::async_test]
async fn a_good_token_answers_every_field_in_order_by_either_method() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let (user, expires) = (full_user(1, "alice"), BEGINNING_SECONDS + 86_400);
    let body =
        format!(r#"{{"valid":true,"user":{user},"token_type":"access","expires_at":{expires}}}"#);
    stage.validate(&pair.access).await.is(200, &body);
    stage
        .ask(Method::Post, PATH, &pair.access)
        .await
        .is(200, &body);
    for (kind, given) in [
        ("application/json", "{}"),
        ("text/plain", "x"),
        ("application/json", "["),
    ] {
        let call = stage.request(Method::Post, PATH).bearer(&pair.access);
        let answer = call.header("Content-Type", kind).body(given).send().await;
        answer.is(200, &body);
    }
}

#[rocket::async_test]
async fn without_a_bearers_header_it_is_not_valid() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for method in [Method::Get, Method::Post] {
        let answer = stage.request(method, PATH).send().await;
        answer.is_not_valid("Authorization header required", "authorization_required");
        for header in [
            String::new(),
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            format!("Basic {}", pair.access),
            format!("Bearer{}", pair.access),
            pair.access.clone(),
        ] {
            let answer = stage.request(method, PATH).header("Authorization", &header);
            let answer = answer.send().await;
            answer.is_not_valid("Authorization header required", "authorization_required");
        }
    }
}

#[rocket::async_test]
async fn two_authorization_headers_count_as_none() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let call = stage.request(Method::Get, PATH).bearer(&pair.access);
    let answer = call.bearer(&pair.access).send().await;
    answer.is_not_valid("Authorization header required", "authorization_required");
}

#[rocket::async_test]
async fn a_token_anywhere_but_in_the_header_counts_for_nothing() {
    let stage = Stage::new().await;
    let access = stage.register("alice").await.access;
    for name in ["token", "access_token", "Authorization", "jwt"] {
        let answer = stage.get(&format!("{PATH}?{name}={access}")).await;
        answer.is_not_valid("Authorization header required", "authorization_required");
        let call = stage.request(Method::Post, PATH);
        let body = serde_json::json!({name: access}).to_string();
        let answer = call.header("Cookie", &format!("{name}={access}"));
        let answer = answer
            .header("X-Access-Token", &access)
            .json(body)
            .send()
            .await;
        answer.is_not_valid("Authorization header required", "authorization_required");
    }
}

#[rocket::async_test]
async fn a_text_that_is_no_token_gets_its_reason_and_one_code() {
    let stage = Stage::new().await;
    let access = stage.register("alice").await.access;
    let (signed, signature) = access.rsplit_once('.').expect("three parts");
    for (token, reason) in [
        ("x".to_owned(), "Not enough segments"),
        ("a.b".to_owned(), "Not enough segments"),
        (format!("{access}.x"), "Not enough segments"),
        ("a.b.c".to_owned(), "Invalid header"),
        (
            format!("{signed}.{}", "A".repeat(43)),
            "Signature verification failed",
        ),
        (format!("{signed}.{signature}="), "Invalid token encoding"),
        ("x".repeat(5_000), "Invalid token encoding"),
    ] {
        let answer = stage.validate(&token).await;
        answer.is_not_valid(&format!("Invalid token: {reason}"), "invalid_token");
        let answer = stage.me(&token).await;
        answer.is_error(401, &format!("Invalid token: {reason}"), "invalid_token");
    }
}

#[rocket::async_test]
async fn a_new_role_shows_at_the_next_request() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let change = SetRole {
        user: FIRST,
        role: Role::SuperAdmin,
        cause: stage.cause(),
    };
    stage.apply(change).await;
    let answer = stage.validate(&pair.access).await;
    assert_eq!(answer.json()["user"]["role"], "SUPERADMIN");
    stage.sql("UPDATE users SET premium_tier = 'GOLD'");
    let answer = stage.validate(&pair.access).await;
    assert_eq!(answer.json()["user"]["premium_tier"], "GOLD");
}
