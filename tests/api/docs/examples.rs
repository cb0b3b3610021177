//! The examples of the document are what a Hub answers to them.

use std::collections::BTreeMap;

use hub::types::time::Timestamp;
use rocket::http::Method;
use serde_json::Value;

use crate::answer::session_of;
use crate::docs::documented::{DOCUMENT, resolved};
use crate::stage::{Pair, Stage};

/// Every operation with its method and path.
fn operations() -> Vec<(Method, &'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("methods") {
            let method = method.to_uppercase().parse().expect("a method");
            operations.push((method, path.as_str(), operation));
        }
    }
    operations
}

/// The body that an operation's example sends.
fn sent(operation: &'static Value) -> &'static Value {
    &operation["requestBody"]["content"]["application/json"]["example"]
}

fn body_of(id: &str) -> &'static Value {
    let all = operations();
    let found = all
        .iter()
        .find(|(.., operation)| operation["operationId"] == id);
    sent(found.expect(id).2)
}

/// A value with everything that differs from run to run named by its kind, so that another kind in its place is seen.
pub fn masked(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    ("expires_at", Value::Number(seconds)) => {
                        assert!(seconds.as_i64().is_some_and(|at| at > 1_700_000_000));
                        Value::from("(seconds)")
                    }
                    (_, value) => masked(value),
                };
                (name.clone(), value)
            })
            .collect(),
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::String(text) => Value::from(kind(text).unwrap_or(text)),
        other => other.clone(),
    }
}

fn kind(text: &str) -> Option<&'static str> {
    if let Some("(time)") = text.strip_suffix('Z').and_then(kind) {
        return Some("(time in UTC)");
    }
    let parts: Vec<&str> = text.split('.').collect();
    let is_base64url = |part: &&str| {
        part.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if parts.len() == 3 && text.starts_with("eyJ") && parts.iter().all(is_base64url) {
        let claims = crate::answer::claims(text);
        return Some(if claims["type"] == "access" {
            "(access)"
        } else {
            "(refresh)"
        });
    }
    if text.len() == 26 && text.as_bytes()[10] == b'T' && parts.len() == 2 {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        return (digits == 20).then_some("(time)");
    }
    let is_id = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then_some("(session)")
}

/// The one success of an operation: its status and its example.
fn success(operation: &'static Value) -> (u16, &'static Value) {
    let responses = operation["responses"].as_object().expect("responses");
    let (status, response) = responses
        .iter()
        .find(|(status, _)| status.starts_with('2'))
        .expect("a success");
    let content = &resolved(response)["content"]["application/json"];
    (status.parse().expect("a status"), &content["example"])
}

/// Sends an operation's example request to a Hub where the example's user is signed in, as the only one.
async fn ask(
    stage: &Stage,
    method: Method,
    path: &str,
    operation: &'static Value,
    pair: Option<&Pair>,
) -> crate::answer::Answer {
    let path = match pair {
        Some(pair) => path.replace("{id}", &session_of(&pair.access)),
        None => path.to_owned(),
    };
    let mut call = stage
        .request(method, &path)
        .header("User-Agent", "curl/8.5.0");
    if operation["security"].is_array() {
        call = call.bearer(&pair.expect("somebody is signed in").access);
    }
    let mut body = sent(operation).clone();
    if let (Some(token), Some(pair)) = (body.get_mut("refresh_token"), pair) {
        *token = Value::from(pair.refresh.as_str());
    }
    if body.is_null() {
        call.send().await
    } else {
        call.json(body.to_string()).send().await
    }
}

#[rocket::async_test]
async fn each_example_request_is_answered_with_its_example_answer() {
    let mut asked = 0;
    for (method, path, operation) in operations() {
        let id = operation["operationId"].as_str().expect("an id");
        // A stream takes another token and does not end; its events are written by what writes the example.
        if id == "revocations" {
            continue;
        }
        let stage = Stage::new().await;
        let pair = match id {
            "register" => None,
            _ => Some(signed_in(&stage, id).await),
        };
        let answer = ask(&stage, method, path, operation, pair.as_ref()).await;
        let (status, example) = success(operation);
        assert_eq!(answer.status, status, "{id}: {}", answer.body);
        if id == "openapi" {
            assert!(example.is_null());
            continue;
        }
        assert_eq!(masked(&answer.json()), masked(example), "{id}");
        asked += 1;
    }
    assert!(asked > 14, "{asked}");
}

/// Signs the example's user in, with as many sessions as the example has.
async fn signed_in(stage: &Stage, id: &str) -> Pair {
    let made = stage
        .request(Method::Post, "/api/auth/register")
        .header("User-Agent", "curl/8.5.0")
        .json(body_of("register").to_string());
    let made = made.send().await;
    assert_eq!(made.status, 201, "{}", made.body);
    if id == "logoutAll" {
        let login = body_of("login");
        stage.post("/api/auth/login", login).await;
    }
    made.pair()
}

#[test]
fn every_example_request_and_answer_has_its_kinds() {
    // What is masked is masked as what it is: an access token in the place of a refresh token is seen.
    let (_, example) = success(
        operations()
            .iter()
            .find(|(.., found)| found["operationId"] == "login")
            .expect("login")
            .2,
    );
    let masked = masked(example);
    assert_eq!(masked["access_token"], "(access)");
    assert_eq!(masked["refresh_token"], "(refresh)");
    assert_eq!(masked["user"]["created_at"], "(time)");
    assert_eq!(kind("2025-09-06T15:30:45.123456"), Some("(time)"));
    assert_eq!(kind("2025-09-06T15:30:45.123456Z"), Some("(time in UTC)"));
    assert_eq!(kind("2025-09-06T15:30:45Z"), None);
    assert!(Timestamp::from_seconds(1_757_172_645).to_string().len() == 26);
}

/// Codes of errors that a request can bring about by itself, with what it sends.
#[rocket::async_test]
async fn each_refusal_of_a_body_is_answered_as_its_example_says() {
    let stage = Stage::new().await;
    let pair = signed_in(&stage, "").await;
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for (method, path, operation) in operations() {
        if operation["requestBody"].is_null() {
            continue;
        }
        for body in ["[]", "{}", r#"{"bio": 1}"#, "x"] {
            let mut call = stage.request(method, path);
            if operation["security"].is_array() {
                call = call.bearer(&pair.access);
            }
            let call = if body == "x" {
                call.header("Content-Type", "text/plain").body(body)
            } else {
                call.json(body)
            };
            // The stage itself holds each answer against the document.
            let answer = call.send().await;
            if answer.status >= 400 {
                *told.entry(answer.code()).or_default() += 1;
            }
        }
    }
    let codes: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(
        codes,
        [
            "missing_fields",
            "no_data",
            "refresh_token_required",
            "unsupported_media_type",
            "wrong_type"
        ]
    );
}
