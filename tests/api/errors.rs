//! Paths and methods that are none. (What each path allows is held on the binary itself: `tests/answers/walk.rs`.)

use rocket::http::Method;

use crate::stage::Stage;

#[rocket::async_test]
async fn an_unknown_path_is_404_whatever_the_method() {
    let stage = Stage::new().await;
    for path in [
        "/api",
        "/api/",
        "/api/auth",
        "/api/auth/",
        "/api/auth/loginx",
        "/api/auth/login/x",
        "/api/auth/sessions/a/b",
        "/API/auth/login",
        "/api/v1/auth/login",
        "/api/auth/%2e%2e/status",
        "/api/auth/..%2f..%2fhub.db",
        "/api/auth/users",
        "/admin/../secret.key",
        "/hub.db",
        "/.env",
    ] {
        for method in [Method::Get, Method::Post, Method::Delete, Method::Options] {
            let answer = stage.request(method, path).send().await;
            answer.is_error(404, "Not found", "not_found");
        }
    }
}

#[rocket::async_test]
async fn a_form_field_does_not_change_the_method() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let path = format!(
        "/api/auth/sessions/{}",
        crate::answer::session_of(&pair.access)
    );
    let call = stage.request(Method::Post, &path).bearer(&pair.access);
    let form = call.header("Content-Type", "application/x-www-form-urlencoded");
    let answer = form.body("_method=delete").send().await;
    answer.is_error(405, "Method not allowed", "method_not_allowed");
    assert_eq!(stage.validate(&pair.access).await.status, 200);
}
