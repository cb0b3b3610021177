//! `/account/sessions/<id>/revoke` and `/account/sessions/revoke-others`.

use crate::answer::session_of;
use crate::browsing::Browser;
use crate::stage::Stage;

fn path(session: &str) -> String {
    format!("/account/sessions/{session}/revoke")
}

#[rocket::async_test]
async fn one_of_ones_own_sessions_is_named_and_ended() {
    let stage = Stage::new().await;
    let app = stage.register("ann").await;
    let kept = stage.login("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let session = session_of(&app.access);
    let page = browser.get(&path(&session)).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&session) && page.body.contains("203.0.113.7"));
    let answer = browser.post(&path(&session), &[]).await;
    assert_eq!(answer.header("Location"), Some("/account"));
    assert_eq!(stage.refresh(&app.refresh).await.code(), "session_revoked");
    stage.rotate(&kept.refresh).await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("The session is ended."));
    // It is gone from the list, and its page with it; sent once more, the form is answered alike.
    assert!(!page.body.contains(&session));
    assert_eq!(browser.get(&path(&session)).await.status, 404);
    browser.get("/account").await;
    assert_eq!(browser.post(&path(&session), &[]).await.status, 303);
    assert!(
        browser
            .get("/account")
            .await
            .body
            .contains("had ended before")
    );
}

#[rocket::async_test]
async fn somebody_elses_session_is_not_found_and_goes_on() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let bob = stage.register("bob").await;
    let browser = Browser::of(&stage, "ann").await;
    browser.get("/account").await;
    let foreign = session_of(&bob.access);
    for session in [foreign.as_str(), "0123456789abcdef", "nonsense", "1"] {
        assert_eq!(browser.get(&path(session)).await.status, 404, "{session}");
        browser.get("/account").await;
        let answer = browser.post(&path(session), &[]).await;
        assert_eq!(answer.status, 404, "{session}");
    }
    stage.rotate(&bob.refresh).await;
}

#[rocket::async_test]
async fn ending_the_session_in_use_signs_out() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let current = stage.number("SELECT id FROM sessions WHERE browser = 1");
    let path = path(&format!("{current:016x}"));
    let page = browser.get(&path).await;
    assert!(page.body.contains("Sign out here?"));
    let answer = browser.post(&path, &[]).await;
    assert_eq!(answer.header("Location"), Some("/login"));
    assert_eq!(browser.cookie("hub_session"), None);
    let reason = format!("SELECT end_reason FROM sessions WHERE id = {current}");
    assert_eq!(stage.text(&reason), "signed_out");
}

#[rocket::async_test]
async fn all_others_are_counted_and_ended_and_this_one_stays() {
    let stage = Stage::new().await;
    let app = stage.register("ann").await;
    let bob = stage.register("bob").await;
    let other = Browser::of(&stage, "ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let path = "/account/sessions/revoke-others";
    let page = browser.get(path).await;
    assert!(page.body.contains("2 other sessions"), "{}", page.body);
    let answer = browser.post(path, &[]).await;
    assert_eq!(answer.header("Location"), Some("/account"));
    assert!(
        browser
            .get("/account")
            .await
            .body
            .contains("2 other sessions are ended.")
    );
    assert_eq!(stage.refresh(&app.refresh).await.code(), "session_revoked");
    assert_eq!(other.get("/account").await.status, 303);
    stage.rotate(&bob.refresh).await;
    let page = browser.get(path).await;
    assert!(page.body.contains("No other sessions"));
}
