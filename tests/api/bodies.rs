//! What every endpoint says to bodies that are none.

use rocket::http::Method;
use serde_json::{Value, json};

use crate::stage::{PASSWORD, Stage};

const REFRESH_REQUIRED: (&str, &str) = ("Refresh token is required", "refresh_token_required");
const NO_DATA: (&str, &str) = ("No data provided", "no_data");

/// An endpoint that reads a body.
struct Endpoint {
    method: Method,
    path: &'static str,
    /// A body that has every required field.
    whole: Value,
    /// The answer when there is no JSON object.
    no_object: (&'static str, &'static str),
    /// The answer when a required field is missing.
    missing: (&'static str, &'static str),
}

fn endpoints(refresh: &str) -> [Endpoint; 4] {
    [
        Endpoint {
            method: Method::Post,
            path: "/api/auth/register",
            whole: json!({"username": "bob", "email": "bob@example.com", "password": PASSWORD}),
            no_object: NO_DATA,
            missing: (
                "Username, email and password are required",
                "missing_fields",
            ),
        },
        Endpoint {
            method: Method::Post,
            path: "/api/auth/login",
            whole: json!({"username": "alice", "password": PASSWORD}),
            no_object: NO_DATA,
            missing: ("Username/email and password are required", "missing_fields"),
        },
        Endpoint {
            method: Method::Post,
            path: "/api/auth/refresh",
            whole: json!({"refresh_token": refresh}),
            no_object: REFRESH_REQUIRED,
            missing: REFRESH_REQUIRED,
        },
        Endpoint {
            method: Method::Post,
            path: "/api/auth/password",
            whole: json!({"current_password": PASSWORD, "new_password": "another horse 8"}),
            no_object: NO_DATA,
            missing: (
                "Current password and new password are required",
                "missing_fields",
            ),
        },
    ]
}

/// What is no JSON object; the deepest is past any parser's patience.
fn no_objects() -> Vec<Vec<u8>> {
    let deep = 5_000;
    let object = format!("{}1{}", r#"{"a":"#.repeat(2_000), "}".repeat(2_000));
    vec![
        b"{".to_vec(),
        b"}".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"true".to_vec(),
        b"17".to_vec(),
        b"\"text\"".to_vec(),
        b" ".to_vec(),
        b"not json".to_vec(),
        b"{'username': 'alice'}".to_vec(),
        b"{\"username\": \"alice\",}".to_vec(),
        b"{\"username\": \"alice\"} trailing".to_vec(),
        b"{\"username\": \"\xff\xfe\"}".to_vec(),
        b"{\"username\": \"\\ud800\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"username=alice&password=x".to_vec(),
        format!("{}{}", "[".repeat(deep), "]".repeat(deep)).into_bytes(),
        "[".repeat(10_000).into_bytes(),
        object.into_bytes(),
        format!(r#"{{"refresh_token":{}"#, "[".repeat(10_000)).into_bytes(),
    ]
}

#[rocket::async_test]
async fn a_body_that_is_no_json_object_is_answered_in_each_endpoints_own_words() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let rows = stage.audit();
    for endpoint in endpoints(&pair.refresh) {
        let (text, code) = endpoint.no_object;
        for body in no_objects() {
            let call = stage.request(endpoint.method, endpoint.path);
            let answer = call.bearer(&pair.access).json(&body).send().await;
            answer.is_error(400, text, code);
        }
    }
    for body in no_objects() {
        let call = stage
            .request(Method::Patch, "/api/auth/me")
            .bearer(&pair.access);
        call.json(&body)
            .send()
            .await
            .is_error(400, "No data provided", "no_data");
    }
    assert_eq!(stage.audit(), rows);
}

#[rocket::async_test]
async fn no_body_and_an_empty_object_miss_every_field() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for endpoint in endpoints(&pair.refresh) {
        let (text, code) = endpoint.missing;
        let request = || {
            stage
                .request(endpoint.method, endpoint.path)
                .bearer(&pair.access)
        };
        request().send().await.is_error(400, text, code);
        request().json("").send().await.is_error(400, text, code);
        request().json("{}").send().await.is_error(400, text, code);
        request()
            .json(r#"{"other":1}"#)
            .send()
            .await
            .is_error(400, text, code);
        // Without a body its type is of no matter.
        let plain = request().header("Content-Type", "text/plain");
        plain.send().await.is_error(400, text, code);
    }
}

#[rocket::async_test]
async fn a_required_field_of_another_type_or_blank_is_missing() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for endpoint in endpoints(&pair.refresh) {
        let (text, code) = endpoint.missing;
        let fields = endpoint.whole.as_object().expect("an object");
        for name in fields.keys() {
            let mut bodies = vec![];
            for wrong in [
                json!(null),
                json!(5),
                json!(1.5),
                json!(true),
                json!(false),
                json!([]),
                json!({}),
                json!(["x"]),
                json!({"$ne": null}),
                json!(""),
                json!(" "),
                json!("\t\n \u{a0}"),
            ] {
                let mut body = endpoint.whole.clone();
                body[name] = wrong;
                bodies.push(body);
            }
            let mut without = fields.clone();
            without.remove(name);
            bodies.push(Value::Object(without));
            for body in bodies {
                let call = stage
                    .request(endpoint.method, endpoint.path)
                    .bearer(&pair.access);
                let answer = call.json(body.to_string()).send().await;
                answer.is_error(400, text, code);
            }
        }
    }
}

#[rocket::async_test]
async fn another_content_type_with_a_body_is_415() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let profile = Endpoint {
        method: Method::Patch,
        path: "/api/auth/me",
        whole: json!({"bio": "x"}),
        no_object: NO_DATA,
        missing: NO_DATA,
    };
    for endpoint in endpoints(&pair.refresh).into_iter().chain([profile]) {
        for kind in [
            None,
            Some("text/plain"),
            Some("text/plain; charset=application/json"),
            Some("text/json"),
            Some("application/jsonp"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("application/octet-stream"),
            Some("application/problem+json"),
            Some("application"),
            Some("json"),
            Some("*/*"),
            Some(""),
        ] {
            let mut call = stage
                .request(endpoint.method, endpoint.path)
                .bearer(&pair.access);
            if let Some(kind) = kind {
                call = call.header("Content-Type", kind);
            }
            let answer = call.body(endpoint.whole.to_string()).send().await;
            answer.is_error(
                415,
                "Content-Type must be application/json",
                "unsupported_media_type",
            );
        }
    }
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
    assert_eq!(stage.number("SELECT generation FROM sessions"), 1);
}

#[rocket::async_test]
async fn json_may_have_parameters_and_any_case() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    for kind in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json;charset=UTF-8; x=y",
    ] {
        let call = stage.request(Method::Post, "/api/auth/login");
        let answer = call.header("Content-Type", kind).body(&body).send().await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.body);
    }
}

#[rocket::async_test]
async fn more_than_16_kib_is_413_and_16_kib_is_not() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for endpoint in endpoints(&pair.refresh) {
        let whole = endpoint.whole.to_string();
        let filled = |length: usize| {
            let start = whole.trim_end_matches('}');
            let rest = length - start.len() - r#","x":""}"#.len();
            format!(r#"{start},"x":"{}"}}"#, "y".repeat(rest))
        };
        let request = || {
            stage
                .request(endpoint.method, endpoint.path)
                .bearer(&pair.access)
        };
        for length in [16 * 1024 + 1, 1024 * 1024] {
            let answer = request().json(filled(length)).send().await;
            answer.is_error(413, "Request body too large", "body_too_large");
        }
        let answer = request().json(filled(16 * 1024)).send().await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.body);
    }
}
