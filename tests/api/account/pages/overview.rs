//! `GET /account`.

use rocket::http::Method;
use serde_json::json;

use crate::answer::session_of;
use crate::browsing::Browser;
use crate::stage::{DAY, PASSWORD, Stage};

#[rocket::async_test]
async fn nobody_sees_an_account_without_signing_in() {
    let stage = Stage::new().await;
    for (path, next) in [
        ("/account", "%2Faccount"),
        ("/account/second-factor", "%2Faccount%2Fsecond-factor"),
        (
            "/account/sessions/revoke-others",
            "%2Faccount%2Fsessions%2Frevoke-others",
        ),
    ] {
        let answer = Browser::new(&stage).get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        let to = format!("/login?next={next}");
        assert_eq!(answer.header("Location"), Some(&*to));
    }
}

#[rocket::async_test]
async fn it_shows_ones_own_profile_and_sessions_and_nobody_elses() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    stage.register("bob").await;
    stage.sql("UPDATE users SET bio = 'I am ' || username");
    let browser = Browser::of(&stage, "ann").await;
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("Cache-Control"), Some("no-store"));
    assert!(page.body.contains("ann@example.com") && page.body.contains("I am ann"));
    assert!(!page.body.contains("bob"));
    // The one of the registration and this one, which is marked.
    assert_eq!(page.body.matches("/revoke\"").count(), 2);
    assert_eq!(page.body.matches("This session").count(), 1);
    for secret in ["eyJ", "$argon2", "hub_session"] {
        assert!(!page.body.contains(secret), "{secret}");
    }
}

#[rocket::async_test]
async fn what_a_client_calls_itself_is_text() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let hostile = "<script>alert(1)</script>\"'&\u{202e}{{ 7 * 7 }}";
    let body = json!({"username": "ann", "password": PASSWORD}).to_string();
    let call = stage.request(Method::Post, "/api/auth/login").json(body);
    let answer = call.header("User-Agent", hostile).send().await;
    assert_eq!(answer.status, 200);
    let browser = Browser::of(&stage, "ann").await;
    let page = browser.get("/account").await.body;
    assert!(!page.contains("<script>alert"), "{page}");
    // The list names the device only; what its client says in full stands on the page that asks before it is ended.
    let session = session_of(&answer.pair().access);
    let path = format!("/account/sessions/{session}/revoke");
    let page = browser.get(&path).await.body;
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;"), "{page}");
    assert!(page.contains(r"\u{202e}{{ 7 * 7 }}"), "{page}");
}

#[rocket::async_test]
async fn with_hundreds_of_sessions_the_page_stays_small_and_shows_the_one_in_use() {
    let stage = Stage::without_limits().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    stage.clock.advance(DAY);
    // The longest name that a client can have, in letters that HTML writes with six.
    let name = "'".repeat(256);
    for _ in 0..60 {
        let body = json!({"username": "ann", "password": PASSWORD}).to_string();
        let call = stage.request(Method::Post, "/api/auth/login").json(body);
        assert_eq!(call.header("User-Agent", &name).send().await.status, 200);
    }
    let page = browser.get("/account").await.body;
    assert!(page.len() <= 50_000, "{}", page.len());
    assert_eq!(page.matches("This session").count(), 1);
    assert!(page.contains("These are the newest."));
}
