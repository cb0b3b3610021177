//! `/admin/sessions/{id}` and its end: what an administrator reads of a session, and what nobody else does.

use hub::types::role::Role;
use rocket::http::Method;
use serde_json::json;

use crate::answer::{Answer, session_of};
use crate::browsing::Browser;
use crate::stage::{DAY, HOUR, PASSWORD, SECOND, Stage};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const HOME: (&str, &str) = ("203.0.113.50", FIREFOX);
const AWAY: (&str, &str) = ("198.51.100.9", CHROME);

async fn sign_in(stage: &Stage, from: (&str, &str)) -> String {
    let body = json!({"username": "alice", "password": PASSWORD});
    let call = stage.request(Method::Post, "/api/auth/login").peer(from.0);
    let call = call.header("User-Agent", from.1).json(body.to_string());
    call.send().await.pair().refresh
}

async fn refresh(stage: &Stage, token: &str, from: (&str, &str)) -> Answer {
    let body = json!({"refresh_token": token});
    let call = stage
        .request(Method::Post, "/api/auth/refresh")
        .peer(from.0);
    let call = call.header("User-Agent", from.1).json(body.to_string());
    call.send().await
}

/// A stage with an administrator, whose browser comes too once the story is told.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.register_as("ann", Role::Admin).await;
    stage
}

fn page_of(token: &str) -> String {
    format!("/admin/sessions/{}", session_of(token))
}

/// A session whose second token was used at home and, four hours later, elsewhere.
async fn stolen(stage: &Stage) -> String {
    let first = sign_in(stage, HOME).await;
    stage.clock.advance(HOUR);
    let second = refresh(stage, &first, HOME).await.pair().refresh;
    stage.clock.advance(HOUR);
    refresh(stage, &second, HOME).await.pair();
    stage.clock.advance(4 * HOUR);
    assert_eq!(refresh(stage, &second, AWAY).await.status, 401);
    first
}

#[rocket::async_test]
async fn a_stolen_token_is_told_with_its_evidence_and_drawn_in_red() {
    let stage = stage().await;
    let token = stolen(&stage).await;
    let page = Browser::of(&stage, "ann").await.get(&page_of(&token)).await;
    assert_eq!(page.status, 200);
    for part in [
        "Used twice from different addresses 4 h apart: likely stolen",
        "<a href=\"#event-3\">event 3</a>, <a href=\"#event-4\">event 4</a>",
        "whoever came second was refused and got nothing",
        "class=\"lineage-node reuse\"",
        "class=\"lineage-tie reuse\"",
        "class=\"lineage-node disputed\"",
        "<li id=\"event-4\" value=\"4\" class=\"bad\">",
        "Reuse detected",
        "a used token came again",
        "203.0.113.50 · Firefox on Linux",
        "198.51.100.9 · Chrome on Windows",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    assert!(!page.body.contains("End this session"));
}

#[rocket::async_test]
async fn a_quiet_session_says_so_and_when_its_last_access_token_dies_elsewhere() {
    let stage = stage().await;
    let first = sign_in(&stage, HOME).await;
    stage.clock.advance(HOUR);
    refresh(&stage, &first, HOME).await.pair();
    // A retry carries an access token of its own.
    stage.clock.advance(5 * SECOND);
    refresh(&stage, &first, HOME).await.pair();
    let page = Browser::of(&stage, "ann").await.get(&page_of(&first)).await;
    for part in [
        "Nothing unusual",
        "1 rotation from one network with one client.",
        "at the latest at 2025-09-07 16:30:50 UTC",
        "same address; same client",
        "1 × again",
        "App: access and refresh tokens",
        "lineage-node present",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
}

#[rocket::async_test]
async fn ending_a_session_asks_first_and_then_the_client_is_refused() {
    let stage = stage().await;
    let token = sign_in(&stage, HOME).await;
    let other = sign_in(&stage, HOME).await;
    let ann = Browser::of(&stage, "ann").await;
    let path = format!("{}/revoke", page_of(&token));
    let asked = ann.get(&path).await;
    for part in ["End this session?", "session_revoked", "203.0.113.50"] {
        assert!(asked.body.contains(part), "{part}");
    }
    let done = ann.post(&path, &[]).await;
    assert_eq!(
        (done.status, done.header("Location")),
        (303, Some(&*page_of(&token)))
    );
    let page = ann.get(&page_of(&token)).await;
    assert!(page.body.contains("The session is ended."));
    assert!(page.body.contains("an administrator ended it"));
    assert!(
        page.body
            .contains("This Hub refuses its access tokens since")
    );
    assert_eq!(
        refresh(&stage, &token, HOME).await.code(),
        "session_revoked"
    );
    refresh(&stage, &other, HOME).await.pair();
    let row = stage.audit().pop().expect("a row");
    assert_eq!((&*row.action, &*row.actor), ("session.end", "user:2"));
    assert_eq!(row.detail.as_deref(), Some("reason=administrator user=1"));
}

#[rocket::async_test]
async fn what_was_ended_before_is_told_and_left_as_it_was() {
    let stage = stage().await;
    let token = sign_in(&stage, HOME).await;
    let ann = Browser::of(&stage, "ann").await;
    let path = format!("{}/revoke", page_of(&token));
    ann.get(&path).await;
    ann.post(&path, &[]).await;
    let rows = stage.audit().len();
    let again = ann.post(&path, &[]).await;
    assert_eq!(again.header("Location"), Some(&*page_of(&token)));
    assert!(
        ann.get(&page_of(&token))
            .await
            .body
            .contains("nothing was changed")
    );
    assert_eq!(ann.get(&path).await.status, 303);
    assert_eq!(stage.audit().len(), rows);
}

#[rocket::async_test]
async fn whoever_ends_their_own_session_is_signed_out() {
    let stage = stage().await;
    let ann = Browser::of(&stage, "ann").await;
    let id = stage.text("SELECT printf('%016x', id) FROM sessions WHERE browser = 1");
    let page = ann.get(&format!("/admin/sessions/{id}")).await;
    assert!(page.body.contains("This session"));
    assert!(page.body.contains("Browser: signed in at this Hub"));
    let path = format!("/admin/sessions/{id}/revoke");
    let asked = ann.get(&path).await;
    assert!(
        asked.body.contains("This is your own session"),
        "{}",
        asked.body
    );
    let done = ann.post(&path, &[]).await;
    assert_eq!(done.header("Location"), Some("/login"));
    assert_eq!(ann.get("/admin/sudo").await.status, 303);
}

#[rocket::async_test]
async fn a_deleted_users_session_is_still_shown() {
    let stage = stage().await;
    let token = sign_in(&stage, HOME).await;
    stage
        .apply(hub::features::admin::users::delete_user::DeleteUser {
            user: crate::stage::FIRST,
            now: stage.now(),
            cause: stage.cause(),
        })
        .await;
    let page = Browser::of(&stage, "ann").await.get(&page_of(&token)).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Session of a deleted user"));
    assert!(page.body.contains("its user was deleted"));
}

#[rocket::async_test]
async fn what_is_no_session_is_not_found_and_only_administrators_look() {
    let stage = stage().await;
    let token = sign_in(&stage, HOME).await;
    let ann = Browser::of(&stage, "ann").await;
    for id in ["0123456789abcdef", "x", "0", "%3Cb%3E", "0123456789ABCDEF"] {
        for path in [
            format!("/admin/sessions/{id}"),
            format!("/admin/sessions/{id}/revoke"),
        ] {
            assert_eq!(ann.get(&path).await.status, 404, "{path}");
        }
    }
    ann.get(&format!("{}/revoke", page_of(&token))).await;
    let nobody = ann
        .post("/admin/sessions/0123456789abcdef/revoke", &[])
        .await;
    assert_eq!(nobody.status, 404);
    let alice = Browser::of(&stage, "alice").await;
    assert_eq!(alice.get(&page_of(&token)).await.status, 403);
    let stranger = Browser::new(&stage).get(&page_of(&token)).await;
    assert_eq!(stranger.status, 303);
}

#[rocket::async_test]
async fn hostile_clients_stay_text_and_a_hundred_of_them_fit_into_fifty_kilobytes() {
    let stage = stage().await;
    let nasty = |number: usize| {
        let filling = "\"'<>&/\u{202e}<script>alert(1)</script>";
        format!("{number}{}", filling.repeat(12))
    };
    let mut token = sign_in(&stage, ("2001:db8:1::1", &nasty(0))).await;
    let path = page_of(&token);
    for number in 1..110 {
        stage.clock.advance(DAY / 3);
        let address = format!("2001:db8:{number}:5678:9abc:def0:1234:5678");
        let answer = refresh(&stage, &token, (&address, &nasty(number))).await;
        token = answer.pair().refresh;
    }
    let page = Browser::of(&stage, "ann").await.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("<script>alert"));
    assert!(!page.body.contains('\u{202e}'));
    assert!(page.body.contains("older events are no longer kept"));
    assert_eq!(page.body.matches("<li id=\"event-").count(), 100);
    assert!(page.body.len() <= 50_000, "{} bytes", page.body.len());
}
