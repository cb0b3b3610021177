//! What a client of the API can do: in good order, again, too late, and after it was signed out.

use serde_json::json;

use crate::stage::Stage;
use crate::talk::Answer;

const FIRST: &str = "canary-Pw one 1ü";
const SECOND: &str = "canary-Pw two/2&";
const WRONG: &str = "canary-Pw wrong?3";
const SHORT_OF_A_DIGIT: &str = "canary-Pw-without";

fn login(stage: &Stage, password: &str) -> Answer {
    let body = json!({"username": "ann", "password": password});
    stage
        .ask("POST /api/auth/login")
        .json(body.to_string())
        .send()
}

fn refresh(stage: &Stage, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    stage
        .ask("POST /api/auth/refresh")
        .json(body.to_string())
        .send()
}

/// One byte of the signature is another.
fn damaged(token: &str) -> String {
    let (head, last) = token.split_at(token.len() - 5);
    let other = if last.starts_with('A') { 'B' } else { 'A' };
    format!("{head}{other}{}", &last[1..])
}

#[test]
fn nothing_that_a_client_sends_or_gets_is_left_anywhere() {
    let mut stage = Stage::new();
    stage.settings.push(("HUB_REFRESH_GRACE", "0s".to_owned()));
    stage.restart();
    for password in [FIRST, SECOND, WRONG, SHORT_OF_A_DIGIT] {
        stage.secret("a password", password);
    }
    let ask = |line: &str, token: &str| stage.ask(line).bearer(token).send();
    for (password, status) in [(SHORT_OF_A_DIGIT, 400), (FIRST, 201), (FIRST, 409)] {
        let body = json!({"username": "ann", "email": "ann@example.com", "password": password});
        let call = stage.ask("POST /api/auth/register");
        call.json(body.to_string()).send().is(status);
    }
    login(&stage, WRONG).is(401);
    let first = login(&stage, FIRST).is(200);
    let second = login(&stage, FIRST).is(200);
    let access = first.text("access_token");
    for line in [
        "GET /api/auth/validate",
        "POST /api/auth/validate",
        "GET /api/auth/me",
        "GET /api/auth/sessions",
    ] {
        let answer = ask(line, &access).is(200);
        stage.show(line, &answer.body);
        ask(line, &damaged(&access)).is(401);
        ask(line, &first.text("refresh_token")).is(401);
    }
    let renewed = refresh(&stage, &first.text("refresh_token")).is(200);
    refresh(&stage, &damaged(&renewed.text("refresh_token"))).is(401);
    refresh(&stage, &renewed.text("access_token")).is(401);
    // Used twice: the session ends, with an alert in the log and a row in the audit.
    let reused = refresh(&stage, &first.text("refresh_token")).is(401);
    assert_eq!(reused.text("code"), "token_reused");
    refresh(&stage, &renewed.text("refresh_token")).is(401);
    ask("GET /api/auth/me", &renewed.text("access_token")).is(401);
    let change = |token: &str, current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        let call = stage.ask("POST /api/auth/password").bearer(token);
        call.json(body.to_string()).send()
    };
    let access = second.text("access_token");
    change(&access, WRONG, SECOND).is(401);
    change(&access, FIRST, SHORT_OF_A_DIGIT).is(400);
    let changed = change(&access, FIRST, SECOND).is(200);
    let access = changed.text("access_token");
    let profile = json!({"bio": "likes birds", "website_url": "https://example.com"});
    let call = stage.ask("PATCH /api/auth/me").bearer(&access);
    call.json(profile.to_string()).send().is(200);
    let third = login(&stage, SECOND).is(200);
    ask("DELETE /api/auth/sessions/0123456789abcdef", &access).is(404);
    ask("POST /api/auth/logout", &third.text("access_token")).is(200);
    ask("POST /api/auth/logout", &third.text("access_token")).is(401);
    refresh(&stage, &third.text("refresh_token")).is(401);
    ask("POST /api/auth/logout-all", &access).is(200);
    refresh(&stage, &changed.text("refresh_token")).is(401);
    let log = stage.finish();
    // That it was logged shows that it would have been found.
    for told in ["/api/auth/refresh", "/api/auth/password", "came again"] {
        assert!(log.contains(told), "{told}: {log}");
    }
}

#[test]
fn a_retry_that_gets_the_same_bytes_leaves_them_nowhere() {
    let stage = Stage::new();
    stage.secret("a password", FIRST);
    let body = json!({"username": "ann", "email": "ann@example.com", "password": FIRST});
    let registered = stage
        .ask("POST /api/auth/register")
        .json(body.to_string())
        .send()
        .is(201);
    let token = registered.text("refresh_token");
    let once = refresh(&stage, &token).is(200).text("refresh_token");
    let again = refresh(&stage, &token).is(200).text("refresh_token");
    assert_eq!(once, again);
    // Two generations on, and the straggler's answer.
    refresh(&stage, &once).is(200);
    refresh(&stage, &once).is(200);
    refresh(&stage, &token).is(200);
    stage.finish();
}
