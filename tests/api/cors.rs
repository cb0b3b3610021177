//! Calls from other origins' pages.

use rocket::http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::stage::{PASSWORD, Stage};

const APP: &str = "https://app.example.com";

async fn preflight(stage: &Stage, path: &str, origin: &str) -> Answer {
    let call = stage
        .request(Method::Options, path)
        .header("Origin", origin);
    let call = call.header("Access-Control-Request-Method", "POST");
    let asked = "authorization, content-type";
    call.header("Access-Control-Request-Headers", asked)
        .send()
        .await
}

async fn status_from(stage: &Stage, origin: &str) -> Answer {
    let call = stage.request(Method::Get, "/api/status");
    call.header("Origin", origin).send().await
}

#[track_caller]
fn allows_nothing(answer: &Answer) {
    for (name, value) in &answer.headers {
        assert!(
            !name.to_lowercase().starts_with("access-control"),
            "{name}: {value}"
        );
    }
}

#[rocket::async_test]
async fn until_origins_are_configured_there_are_none() {
    let stage = Stage::new().await;
    let answer = status_from(&stage, APP).await;
    assert_eq!(answer.status, 200);
    allows_nothing(&answer);
    assert_eq!(answer.header("Vary"), None);
    let answer = preflight(&stage, "/api/auth/login", APP).await;
    answer.is_error(405, "Method not allowed", "method_not_allowed");
    assert_eq!(answer.header("Allow"), Some("POST"));
    allows_nothing(&answer);
}

#[rocket::async_test]
async fn a_configured_origin_may_read_answers_and_never_with_credentials() {
    let stage = Stage::with(&[(
        "cors_origins",
        "https://app.example.com, http://localhost:3000",
    )])
    .await;
    for origin in [APP, "http://localhost:3000"] {
        let mut answers = vec![status_from(&stage, origin).await];
        for path in ["/api/auth/me", "/api/nowhere", "/api/auth/login"] {
            let call = stage.request(Method::Get, path).header("Origin", origin);
            answers.push(call.send().await);
        }
        let call = stage
            .request(Method::Post, "/api/auth/login")
            .header("Origin", origin);
        let body = json!({"username": "alice", "password": PASSWORD}).to_string();
        answers.push(call.json(body).send().await);
        for answer in answers {
            assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(origin));
            let exposed = answer.header("Access-Control-Expose-Headers");
            assert_eq!(exposed, Some("Retry-After, X-Request-Id"));
            assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
            assert_eq!(answer.header("Vary"), Some("Origin"));
        }
    }
}

#[rocket::async_test]
async fn its_browser_is_told_what_it_may_send() {
    let stage = Stage::with(&[("cors_origins", APP)]).await;
    for path in [
        "/api/auth/login",
        "/api/auth/me",
        "/api/auth/sessions/0123456789abcdef",
    ] {
        let answer = preflight(&stage, path, APP).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        for (name, value) in [
            ("Access-Control-Allow-Origin", APP),
            ("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE"),
            (
                "Access-Control-Allow-Headers",
                "Authorization, Content-Type",
            ),
            ("Access-Control-Max-Age", "7200"),
            ("Vary", "Origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
        assert!(answer.header("X-Request-Id").is_some());
    }
}

#[rocket::async_test]
async fn no_other_origin_is_reflected() {
    let stage = Stage::with(&[("cors_origins", APP)]).await;
    for origin in [
        "null",
        "*",
        "",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com/",
        "https://app.example.com.",
        "https://app.example.com:443",
        "https://user@app.example.com",
        "file://",
        "https://APP.example.com",
        " https://app.example.com.evil.example",
        "https://app.example.com.evil.example",
        "https://evilapp.example.com",
        "https://evil.example/https://app.example.com",
        "https://x.app.example.com",
        "https://example.com",
        "HTTPS://APP.EXAMPLE.COM",
        "https://app.example.com https://evil.example",
        "https://app.example.com\u{0}",
        "https://app.example.com@evil.example",
    ] {
        let answer = status_from(&stage, origin).await;
        assert_eq!(answer.status, 200);
        allows_nothing(&answer);
        assert_eq!(
            answer.header("Vary"),
            Some("Origin"),
            "a cache must tell them apart"
        );
        let answer = preflight(&stage, "/api/auth/login", origin).await;
        answer.is_error(405, "Method not allowed", "method_not_allowed");
        allows_nothing(&answer);
    }
    let call = stage
        .request(Method::Get, "/api/status")
        .header("Origin", APP);
    allows_nothing(&call.header("Origin", "https://evil.example").send().await);
}

#[rocket::async_test]
async fn pages_of_a_configured_origin_and_of_no_other_may_import_the_client() {
    let client = "/static/hub-client.js";
    let stage = Stage::with(&[("cors_origins", APP)]).await;
    let import = async |origin: &str| {
        let call = stage.request(Method::Get, client);
        call.header("Origin", origin).send().await
    };
    let answer = import(APP).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(APP));
    assert_eq!(answer.header("Vary"), Some("Origin"));
    for other in ["https://evil.example", "null", "https://x.app.example.com"] {
        let answer = import(other).await;
        allows_nothing(&answer);
        assert_eq!(answer.header("Vary"), Some("Origin"));
    }
    let alone = Stage::new().await;
    let call = alone.request(Method::Get, client).header("Origin", APP);
    let answer = call.send().await;
    allows_nothing(&answer);
    assert_eq!(answer.header("Vary"), None);
}

#[rocket::async_test]
async fn nothing_but_the_api_and_the_client_is_for_other_origins() {
    let stage = Stage::with(&[("cors_origins", APP)]).await;
    let style = hub::http::assets::url("style.css").expect("a style sheet");
    for path in ["/", "/healthz", "/readyz", "/nowhere", "/apix", &style] {
        for method in [Method::Get, Method::Options] {
            let call = stage.request(method, path).header("Origin", APP);
            let answer = call
                .header("Access-Control-Request-Method", "GET")
                .send()
                .await;
            allows_nothing(&answer);
        }
    }
}
