//! What answers say of themselves. (What every one of them carries is held on the binary itself: `tests/answers/walk.rs`.)

use rocket::http::Method;

use crate::stage::Stage;

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
