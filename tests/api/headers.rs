//! What every answer carries, whatever made it.

use std::collections::HashSet;

use rocket::http::Method;

use crate::answer::Answer;
use crate::stage::{PASSWORD, Stage};

/// One answer of every kind: good ones, refused ones, pages, files.
async fn one_of_each(stage: &Stage) -> Vec<Answer> {
    let pair = stage.register("alice").await;
    stage.sql("PRAGMA ignore_check_constraints = ON");
    vec![
        stage
            .register_with("bob", "bob@example.com", PASSWORD)
            .await,
        stage.login_with("alice", PASSWORD).await,
        stage.login_with("alice", "correct horse 8").await,
        stage.refresh(&pair.refresh).await,
        stage.refresh("x").await,
        stage.refresh("").await,
        stage.validate(&pair.access).await,
        stage.validate("x").await,
        stage.me(&pair.access).await,
        stage
            .ask(Method::Get, "/api/auth/sessions", &pair.access)
            .await,
        stage
            .ask(Method::Post, "/api/auth/logout", &pair.access)
            .await,
        stage.get("/api/status").await,
        stage.get("/healthz").await,
        stage.get("/readyz").await,
        stage.get("/nowhere").await,
        stage.get("/api/auth/login").await,
        stage
            .request(Method::Options, "/api/auth/login")
            .send()
            .await,
        stage.request(Method::Head, "/api/status").send().await,
        stage
            .request(Method::Post, "/api/auth/login")
            .body("x")
            .send()
            .await,
        stage
            .request(Method::Post, "/api/auth/login")
            .json("x".repeat(20_000))
            .send()
            .await,
        stage.get("/").await,
        stage
            .request(Method::Get, "/nowhere")
            .header("Accept", "text/html")
            .send()
            .await,
    ]
}

#[rocket::async_test]
async fn every_answer_has_its_own_id_and_may_not_be_kept_or_guessed_at() {
    let stage = Stage::new().await;
    let mut ids = HashSet::new();
    for answer in one_of_each(&stage).await {
        for (name, value) in [
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("X-Frame-Options", "DENY"),
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
            ),
        ] {
            assert_eq!(answer.header(name), Some(value), "{}", answer.body);
        }
        // With `no-referrer` the forms of a page would come from the origin `null`.
        let is_page = answer.header("Content-Type") == Some("text/html; charset=utf-8");
        let referrer = if is_page {
            "same-origin"
        } else {
            "no-referrer"
        };
        assert_eq!(answer.header("Referrer-Policy"), Some(referrer));
        let id = answer.header("X-Request-Id").expect("an id");
        assert_eq!(id.len(), 24);
        assert!(ids.insert(id.to_owned()), "{id} twice");
        for absent in [
            "Server",
            "Set-Cookie",
            "Strict-Transport-Security",
            "X-Powered-By",
            "Permissions-Policy",
            "Vary",
        ] {
            assert_eq!(answer.header(absent), None, "{absent}");
        }
        let allowed = answer
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("Access-Control"));
        assert!(!allowed);
    }
}

#[rocket::async_test]
async fn behind_an_https_address_browsers_are_told_to_stay_there() {
    let stage = Stage::with(&[("public_url", "https://hub.example.com")]).await;
    for answer in one_of_each(&stage).await {
        let strict = answer.header("Strict-Transport-Security");
        assert_eq!(strict, Some("max-age=63072000; includeSubDomains"));
    }
}

#[rocket::async_test]
async fn a_request_id_that_a_client_sends_is_not_taken_over() {
    let stage = Stage::new().await;
    let planted = "aaaaaaaaaaaaaaaaaaaaaaaa";
    let call = stage.request(Method::Get, "/api/status");
    let answer = call.header("X-Request-Id", planted).send().await;
    assert_ne!(answer.header("X-Request-Id"), Some(planted));
}

#[rocket::async_test]
async fn head_answers_like_get_without_a_body() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for path in [
        "/api/status",
        "/healthz",
        "/api/auth/validate",
        "/api/auth/me",
        "/api/auth/sessions",
    ] {
        let head = stage.ask(Method::Head, path, &pair.access).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        assert_eq!(
            head.header("Content-Type"),
            Some("application/json; charset=utf-8")
        );
    }
    let refused = stage.request(Method::Head, "/api/auth/me").send().await;
    assert_eq!((refused.status, refused.body.as_str()), (401, ""));
}

#[rocket::async_test]
async fn people_get_a_page_and_programs_json_outside_the_api() {
    let stage = Stage::new().await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = stage
        .request(Method::Get, "/nowhere")
        .header("Accept", browser);
    let page = page.send().await;
    assert_eq!(page.status, 404);
    assert_eq!(
        page.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.body.contains("Not found"));
    let id = page.header("X-Request-Id").expect("an id");
    assert!(page.body.contains(id));
    stage
        .get("/nowhere")
        .await
        .is_error(404, "Not found", "not_found");
    let api = stage
        .request(Method::Get, "/api/nowhere")
        .header("Accept", browser);
    api.send().await.is_error(404, "Not found", "not_found");
}

#[rocket::async_test]
async fn a_forged_host_is_repeated_nowhere() {
    let stage = Stage::with(&[("public_url", "https://hub.example.com")]).await;
    for path in ["/", "/api/status", "/nowhere", "/api/auth/me"] {
        let call = stage
            .request(Method::Get, path)
            .header("Accept", "text/html");
        let call = call
            .header("Host", "evil.example")
            .header("X-Forwarded-Host", "evil.example");
        let answer = call.header("X-Forwarded-Proto", "http").send().await;
        assert!(!answer.body.contains("evil"));
        assert!(
            answer
                .headers
                .iter()
                .all(|(_, value)| !value.contains("evil"))
        );
    }
}
