//! `GET /api/auth/sessions`.

use rocket::http::Method;
use serde_json::{Value, json};

use crate::answer::session_of;
use crate::stage::{BEGINNING, BEGINNING_SECONDS, DAY, HOUR, PASSWORD, Pair, SECOND, Stage};

const PATH: &str = "/api/auth/sessions";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

async fn sign_in_with(stage: &Stage, user_agent: &str, peer: &str) -> Pair {
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    let call = stage.request(Method::Post, "/api/auth/login").peer(peer);
    let answer = call
        .header("User-Agent", user_agent)
        .json(body)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.pair()
}

async fn list(stage: &Stage, access: &str) -> Vec<Value> {
    let answer = stage.ask(Method::Get, PATH, access).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["sessions"]
        .as_array()
        .expect("a list")
        .clone()
}

#[rocket::async_test]
async fn a_session_shows_every_field_in_order_and_no_token() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.sql("DELETE FROM sessions");
    let pair = sign_in_with(&stage, FIREFOX, "198.51.100.9").await;
    stage.clock.advance(HOUR);
    let call = stage.request(Method::Post, "/api/auth/refresh");
    let body = json!({"refresh_token": pair.refresh}).to_string();
    let call = call.peer("2001:db8::9").header("User-Agent", "curl/8.5.0");
    assert_eq!(call.json(body).send().await.status, 200);
    let (id, end) = (
        session_of(&pair.access),
        BEGINNING_SECONDS + 3_600 + 30 * 86_400,
    );
    let answer = stage.ask(Method::Get, PATH, &pair.access).await;
    answer.is(
        200,
        &format!(
            r#"{{"sessions":[{{"id":"{id}","created_at":"{BEGINNING}","last_used_at":"2025-09-06T16:30:45.123456","expires_at":{end},"ip":"2001:db8::9","user_agent":"curl/8.5.0","device":"curl","rotations":1,"current":true}}]}}"#
        ),
    );
    for secret in ["eyJ", "salt", "token"] {
        assert!(!answer.body.contains(secret), "{secret}");
    }
}

#[rocket::async_test]
async fn the_newest_stands_first_and_the_callers_own_is_marked() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    stage.register("bob").await;
    stage.clock.advance(SECOND);
    let second = sign_in_with(&stage, FIREFOX, "198.51.100.9").await;
    stage.clock.advance(SECOND);
    let third = sign_in_with(&stage, "", "198.51.100.9").await;
    let listed = list(&stage, &second.access).await;
    let ids: Vec<_> = listed
        .iter()
        .map(|session| session["id"].as_str())
        .collect();
    let expected = [&third, &second, &first].map(|pair| session_of(&pair.access));
    assert_eq!(
        ids,
        expected
            .iter()
            .map(|id| Some(id.as_str()))
            .collect::<Vec<_>>()
    );
    let marks: Vec<_> = listed
        .iter()
        .map(|session| session["current"].clone())
        .collect();
    assert_eq!(marks, [false, true, false]);
    let devices: Vec<_> = listed
        .iter()
        .map(|session| session["device"].clone())
        .collect();
    assert_eq!(devices[..2], ["Unknown device", "Firefox on Linux"]);
}

#[rocket::async_test]
async fn sessions_that_were_ended_or_ran_out_are_not_listed() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.clock.advance(30 * DAY);
    let ended = stage.login("alice").await;
    stage
        .ask(Method::Post, "/api/auth/logout", &ended.access)
        .await;
    let present = stage.login("alice").await;
    let listed = list(&stage, &present.access).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], session_of(&present.access));
}

#[rocket::async_test]
async fn a_hostile_name_of_a_client_is_cut_and_made_visible() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for (sent, shown) in [
        ("a\u{202e}b".to_owned(), r"a\u{202e}b".to_owned()),
        (
            "x\u{1b}[31m\u{7}".to_owned(),
            r"x\u{1b}[31m\u{7}".to_owned(),
        ),
        (
            "<script>alert(1)</script>".to_owned(),
            "<script>alert(1)</script>".to_owned(),
        ),
        ("z".repeat(5_000), "z".repeat(256)),
    ] {
        stage.clock.advance(SECOND);
        sign_in_with(&stage, &sent, "198.51.100.9").await;
        let listed = list(&stage, &pair.access).await;
        assert_eq!(listed[0]["user_agent"], shown);
        assert_eq!(listed[0]["device"], "Unknown device");
    }
}

#[rocket::async_test]
async fn without_a_good_token_it_answers_as_me_does() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let answer = stage.get(PATH).await;
    answer.is_error(
        401,
        "Authorization header required",
        "authorization_required",
    );
    let answer = stage.ask(Method::Get, PATH, &pair.refresh).await;
    answer.is_error(
        401,
        "Invalid token: Signature verification failed",
        "invalid_token",
    );
}
