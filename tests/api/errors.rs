//! Paths and methods that are none.

use rocket::http::Method;

use crate::stage::Stage;

/// Every path of the API with the methods that it knows.
const PATHS: [(&str, &str); 13] = [
    ("/api/auth/register", "POST"),
    ("/api/auth/login", "POST"),
    ("/api/auth/refresh", "POST"),
    ("/api/auth/logout", "POST"),
    ("/api/auth/logout-all", "POST"),
    ("/api/auth/password", "POST"),
    ("/api/auth/validate", "GET, HEAD, POST"),
    ("/api/auth/me", "GET, HEAD, PATCH"),
    ("/api/auth/sessions", "GET, HEAD"),
    ("/api/auth/sessions/0123456789abcdef", "DELETE"),
    ("/api/status", "GET, HEAD"),
    ("/healthz", "GET, HEAD"),
    ("/readyz", "GET, HEAD"),
];

#[rocket::async_test]
async fn an_unknown_method_is_405_with_what_the_path_allows() {
    let stage = Stage::new().await;
    for (path, allow) in PATHS {
        for method in [
            Method::Get,
            Method::Post,
            Method::Put,
            Method::Patch,
            Method::Delete,
            Method::Options,
        ] {
            if allow.split(", ").any(|known| known == method.as_str()) {
                continue;
            }
            let answer = stage.request(method, path).json("{}").send().await;
            answer.is_error(405, "Method not allowed", "method_not_allowed");
            assert_eq!(answer.header("Allow"), Some(allow), "{method} {path}");
        }
    }
    for method in [Method::Trace, Method::Connect] {
        let answer = stage.request(method, "/api/auth/login").send().await;
        assert!(
            matches!(answer.status, 404 | 405 | 501),
            "{}",
            answer.status
        );
    }
}

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
