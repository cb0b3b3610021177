//! The document of the API and what receivers get: every event stands in it, and its example is what the courier sends.

use std::collections::BTreeMap;
use std::time::Duration;

use hub::features::admin::users::delete_user::DeleteUser;
use hub::features::admin::users::set_active::SetActive;
use hub::features::admin::webhooks::send_test::SendTest;
use hub::features::webhooks::courier::Courier;
use hub::features::webhooks::described::kinds;
use hub::features::webhooks::model::Kind;
use rocket::http::Method;
use serde_json::{Value, json};

use super::receiver::{Received, Receiver};
use super::{add, stage};
use crate::docs::documented::{DOCUMENT, fits};
use crate::docs::examples::masked;
use crate::stage::{FIRST, HOUR, PASSWORD, Stage};

const AGENT: &str = "curl/8.5.0";

fn described(kind: &str) -> &'static Value {
    &DOCUMENT["webhooks"][kind]["post"]
}

/// What the examples' user sends.
async fn ask(stage: &Stage, path: &str, body: Value) -> crate::answer::Answer {
    let call = stage.request(Method::Post, path);
    let call = call.header("User-Agent", AGENT);
    call.json(body.to_string()).send().await
}

/// The user of the examples does, and suffers, everything that is told of.
async fn everything_happens(stage: &Stage) {
    let account =
        json!({"username": "johndoe123", "email": "john@example.com", "password": PASSWORD});
    let first = ask(stage, "/api/auth/register", account).await.pair();
    let out = stage.ask(Method::Post, "/api/auth/logout", &first.access);
    assert_eq!(out.await.status, 200);
    let name = json!({"username": "johndoe123", "password": PASSWORD});
    let second = ask(stage, "/api/auth/login", name).await.pair();
    for status in [200, 401] {
        let token = json!({"refresh_token": second.refresh});
        let answer = ask(stage, "/api/auth/refresh", token).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        stage.clock.advance(HOUR);
    }
    let wrong = json!({"username": "johndoe123", "password": "wrong horse 7"});
    for _ in 0..10 {
        stage.clock.advance(HOUR);
        assert_eq!(
            ask(stage, "/api/auth/login", wrong.clone()).await.status,
            401
        );
    }
    let (user, cause) = (FIRST, stage.cause());
    let active = false;
    stage
        .apply(SetActive {
            user,
            active,
            now: stage.now(),
            cause,
        })
        .await;
    let cause = stage.cause();
    stage
        .apply(DeleteUser {
            user,
            now: stage.now(),
            cause,
        })
        .await;
}

/// What stands under a name in a list of objects.
fn named<'list>(list: &'list Value, name: &str) -> &'list Value {
    let mut all = list.as_array().expect("a list").iter();
    all.find(|one| one["name"] == name).expect(name)
}

#[rocket::async_test]
async fn each_event_stands_in_the_document_and_its_example_is_what_a_receiver_gets() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    let made = add(&stage, "all", &receiver.url(), &Kind::WANTED).await;
    everything_happens(&stage).await;
    stage
        .apply(SendTest {
            id: made.id,
            cause: stage.cause(),
        })
        .await;
    stage.managed::<Courier>().wake();
    // Made, signed in, out, in again, reused, ended, failures, disabled, deleted, and the test.
    let messages = receiver.has(10).await;
    let mut told: BTreeMap<String, Vec<Received>> = BTreeMap::new();
    for message in messages {
        told.entry(message.kind()).or_default().push(message);
    }
    let mut known: Vec<&str> = kinds().map(Kind::as_str).collect();
    let webhooks = DOCUMENT["webhooks"].as_object().expect("webhooks");
    let documented: Vec<&str> = webhooks.keys().map(String::as_str).collect();
    known.sort_unstable();
    let mut sorted = documented.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, known);
    for kind in documented {
        let operation = described(kind);
        let content = &operation["requestBody"]["content"]["application/json"];
        let messages = told
            .get(kind)
            .unwrap_or_else(|| panic!("{kind} never came"));
        for message in messages {
            fits(&message.json(), &content["schema"], kind);
            for parameter in operation["parameters"].as_array().expect("headers") {
                let name = parameter["name"].as_str().expect("a name");
                assert_eq!(parameter["in"], "header");
                let example = parameter["example"].as_str().expect("an example");
                assert_eq!(shape(message.header(name)), shape(example), "{kind} {name}");
            }
        }
        // To the letter, but for the ids and the times.
        assert_eq!(
            masked(&messages[0].json()),
            masked(&content["example"]),
            "{kind}"
        );
        assert_eq!(messages[0].header("content-type"), "application/json");
    }
    // The example of an ended session is a sign-out; of a reused one, one that follows.
    assert_eq!(
        told["session.ended"][1].json()["data"]["why"],
        "token_reused"
    );
}

/// A text with its digits and letters as what they are.
fn shape(text: &str) -> String {
    let (begin, rest) = match text.split_once(['_', ',']) {
        Some((begin, rest)) => (begin, rest),
        None => ("", text),
    };
    let kind = |c: char| {
        if c.is_ascii_alphanumeric() || "+/".contains(c) {
            'x'
        } else {
            c
        }
    };
    format!("{begin}|{}", rest.chars().map(kind).collect::<String>())
}

#[test]
fn every_event_is_described_as_a_request_that_a_receiver_answers() {
    let groups = DOCUMENT["tags"].as_array().expect("tags");
    for kind in kinds() {
        let (kind, operation) = (kind.as_str(), described(kind.as_str()));
        for text in ["summary", "description", "operationId"] {
            let words = operation[text].as_str().unwrap_or_default();
            assert!(words.len() > 5, "{kind} {text}");
        }
        assert!(groups.iter().any(|tag| tag["name"] == operation["tags"][0]));
        assert_eq!(operation["requestBody"]["required"], true, "{kind}");
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema["properties"]["type"]["enum"], json!([kind]));
        assert_eq!(schema["required"], json!(["type", "timestamp", "data"]));
        let answers = operation["responses"].as_object().expect("answers");
        let statuses: Vec<&str> = answers.keys().map(String::as_str).collect();
        assert_eq!(statuses, ["2XX", "3XX", "default"], "{kind}");
        assert!(operation["security"].is_null(), "{kind}");
        let signature = named(&operation["parameters"], "webhook-signature");
        assert_eq!(signature["required"], true);
    }
}

#[rocket::async_test]
async fn an_event_without_a_user_and_a_session_without_an_address_fit_too() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    add(
        &stage,
        "failures",
        &receiver.url(),
        &[Kind::SignInFailures, Kind::SessionEnded],
    )
    .await;
    stage.register("alice").await;
    stage.sql("UPDATE sessions SET address = NULL");
    stage.sql("UPDATE sessions SET ended_at = rotated_at, end_reason = 'restored'");
    let body = json!({"username": "nobody", "password": "wrong horse 7"});
    for _ in 0..10 {
        stage.clock.advance(Duration::from_hours(1));
        ask(&stage, "/api/auth/login", body.clone()).await;
    }
    stage.managed::<Courier>().wake();
    for message in receiver.has(2).await {
        let content = &described(&message.kind())["requestBody"]["content"]["application/json"];
        fits(&message.json(), &content["schema"], &message.kind());
        assert!(message.json()["data"]["address"].is_null() || message.kind() != "session.ended");
    }
}
