//! `GET /api/openapi.json`.

use rocket::http::Method;

use crate::docs::documented::DOCUMENT;
use crate::stage::Stage;

#[rocket::async_test]
async fn the_document_is_served_and_whoever_has_it_is_told_so() {
    let stage = Stage::new().await;
    let answer = stage.get("/api/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("Content-Type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(answer.header("Cache-Control"), Some("no-cache"));
    assert_eq!(answer.json(), *DOCUMENT);
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
    let tag = answer.header("ETag").expect("a tag");
    let call = stage.request(Method::Get, "/api/openapi.json");
    let again = call.header("If-None-Match", tag).send().await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("ETag"), Some(tag));
    let call = stage.request(Method::Get, "/api/openapi.json");
    let other = call.header("If-None-Match", "\"0\"").send().await;
    assert_eq!((other.status, other.body), (200, answer.body));
}
