//! `GET` and `PATCH /api/auth/me`.

use hub::features::admin::users::delete_user::DeleteUser;
use rocket::http::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, full_user_open};
use crate::stage::{BEGINNING, FIRST, SECOND, Stage};

const PATH: &str = "/api/auth/me";

async fn patch(stage: &Stage, access: &str, body: &Value) -> Answer {
    let call = stage.request(Method::Patch, PATH).bearer(access);
    call.json(body.to_string()).send().await
}

#[rocket::async_test]
async fn the_callers_profile_has_every_field_in_order() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let user = full_user_open(1, "alice");
    let answer = stage.me(&pair.access).await;
    answer.is(200, &format!(r#"{{"user":{user},"is_premium":false}}}}"#));
    stage.sql("UPDATE users SET premium_tier = 'GOLD'");
    let answer = stage.me(&pair.access).await;
    assert_eq!(answer.json()["user"]["is_premium"], true);
}

#[rocket::async_test]
async fn without_a_good_token_the_strings_are_those_of_validate() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for method in [Method::Get, Method::Patch] {
        let answer = stage.request(method, PATH).send().await;
        answer.is_error(
            401,
            "Authorization header required",
            "authorization_required",
        );
        let answer = stage.ask(method, PATH, "a.b").await;
        answer.is_error(401, "Invalid token: Not enough segments", "invalid_token");
        let answer = stage.ask(method, PATH, &pair.refresh).await;
        answer.is_error(
            401,
            "Invalid token: Signature verification failed",
            "invalid_token",
        );
    }
    let change = DeleteUser {
        user: FIRST,
        now: stage.now(),
        cause: stage.cause(),
    };
    stage.apply(change).await;
    let answer = stage.me(&pair.access).await;
    answer.is_error(401, "User not found", "user_not_found");
}

#[rocket::async_test]
async fn a_change_answers_the_whole_profile_in_order() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.clock.advance(SECOND);
    let body = json!({
        "bio": "Hello,\n🦀", "website_url": "https://example.com/", "profile_photo_url": "http://example.com/a.png",
        "email": "New@Example.com",
    });
    let answer = patch(&stage, &pair.access, &body).await;
    let user = format!(
        r#"{{"id":1,"username":"alice","email":"New@Example.com","email_verified":false,"bio":"Hello,\n🦀","profile_photo_url":"http://example.com/a.png","website_url":"https://example.com/","created_at":"{BEGINNING}","updated_at":"2025-09-06T15:30:46.123456","is_active":true,"role":"USER","premium_tier":"FREE","is_premium":false}}"#
    );
    answer.is(
        200,
        &format!(r#"{{"message":"Profile updated successfully","user":{user}}}"#),
    );
    let answer = stage.me(&pair.access).await;
    answer.is(200, &format!(r#"{{"user":{user}}}"#));
}

#[rocket::async_test]
async fn null_and_blank_empty_a_field_and_absent_keeps_it() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let full = json!({"bio": "a", "website_url": "https://b.example", "profile_photo_url": "https://c.example"});
    patch(&stage, &pair.access, &full).await;
    let answer = patch(&stage, &pair.access, &json!({"bio": null})).await;
    let user = &answer.json()["user"];
    assert_eq!(user["bio"], Value::Null);
    assert_eq!(user["website_url"], "https://b.example");
    let answer = patch(
        &stage,
        &pair.access,
        &json!({"website_url": "", "profile_photo_url": "  "}),
    )
    .await;
    let user = &answer.json()["user"];
    assert_eq!(user["website_url"], Value::Null);
    assert_eq!(user["profile_photo_url"], Value::Null);
}

#[rocket::async_test]
async fn every_broken_rule_has_a_text_of_its_own_and_changes_nothing() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let rows = stage.audit();
    let address = "must be an http or https address of at most 2048 bytes";
    let (website, photo) = (
        format!("website_url {address}"),
        format!("profile_photo_url {address}"),
    );
    for (body, text, code) in [
        (
            json!({"bio": "x".repeat(501)}),
            "Bio must be at most 500 characters",
            "bio_length",
        ),
        (
            json!({"bio": "a\u{0}b"}),
            "Bio must not contain control characters",
            "bio_characters",
        ),
        (json!({"bio": 5}), "bio must be text or null", "wrong_type"),
        (
            json!({"website_url": []}),
            "website_url must be text or null",
            "wrong_type",
        ),
        (
            json!({"profile_photo_url": {}}),
            "profile_photo_url must be text or null",
            "wrong_type",
        ),
        (
            json!({"email": true}),
            "email must be text or null",
            "wrong_type",
        ),
        (
            json!({"website_url": "javascript:alert(1)"}),
            &*website,
            "url_form",
        ),
        (
            json!({"website_url": "https://a b.example"}),
            &*website,
            "url_form",
        ),
        (
            json!({"profile_photo_url": "data:image/png,x"}),
            &*photo,
            "url_form",
        ),
        (
            json!({"profile_photo_url": format!("https://e.com/{}", "a".repeat(2048))}),
            &*photo,
            "url_form",
        ),
        (
            json!({"email": "plain"}),
            "Invalid email format",
            "email_form",
        ),
        (json!({"email": null}), "Invalid email format", "email_form"),
        (json!({"email": " "}), "Invalid email format", "email_form"),
        (
            json!({"bio": "fine", "email": "plain"}),
            "Invalid email format",
            "email_form",
        ),
        (
            json!({"email": format!("{}@{}.com", "a".repeat(64), "b".repeat(200))}),
            "Email must be at most 254 bytes",
            "email_length",
        ),
    ] {
        patch(&stage, &pair.access, &body)
            .await
            .is_error(400, text, code);
    }
    let user = full_user_open(1, "alice");
    let answer = stage.me(&pair.access).await;
    answer.is(200, &format!(r#"{{"user":{user},"is_premium":false}}}}"#));
    assert_eq!(stage.audit(), rows);
}

#[rocket::async_test]
async fn somebody_elses_address_is_taken_in_any_case_and_ones_own_is_not() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.register("bob").await;
    for email in ["bob@example.com", "BOB@Example.com"] {
        let answer = patch(&stage, &pair.access, &json!({"email": email, "bio": "x"})).await;
        answer.is_error(409, "Email already registered", "email_taken");
    }
    assert_eq!(
        stage.number("SELECT count(*) FROM users WHERE bio IS NOT NULL"),
        0
    );
    stage.sql("UPDATE users SET email_verified = 1");
    let answer = patch(&stage, &pair.access, &json!({"email": "ALICE@example.com"})).await;
    assert_eq!(answer.json()["user"]["email"], "ALICE@example.com");
    assert_eq!(answer.json()["user"]["email_verified"], true);
    let answer = patch(&stage, &pair.access, &json!({"email": "other@example.com"})).await;
    assert_eq!(answer.json()["user"]["email_verified"], false);
}

#[rocket::async_test]
async fn fields_that_are_not_the_callers_to_set_are_dropped() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let stored = "SELECT id || username || role || premium_tier || is_active || email_verified || created_at || password_hash FROM users";
    let before = stage.text(stored);
    let body = json!({
        "role": "SUPERADMIN", "premium_tier": "GOLD", "id": 77, "is_active": false, "email_verified": true, "username": "root",
        "created_at": "1999-01-01T00:00:00.000000", "password": "another horse 8", "password_hash": "x", "user_id": 2,
        "bio": "Hello",
    });
    let answer = patch(&stage, &pair.access, &body).await;
    assert_eq!(answer.json()["user"]["bio"], "Hello");
    assert_eq!(stage.text(stored), before);
}
