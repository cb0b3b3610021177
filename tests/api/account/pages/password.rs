//! `POST /account/password`.

use std::time::Duration;

use hub::types::role::Role;

use crate::answer::Answer;
use crate::browsing::Browser;
use crate::stage::{PASSWORD, Stage};

const NEW: &str = "another horse 8";

async fn change(browser: &Browser<'_>, current: &str, new: &str, again: &str) -> Answer {
    browser.get("/account").await;
    let fields = [
        ("current_password", current),
        ("new_password", new),
        ("new_password_again", again),
    ];
    browser.post("/account/password", &fields).await
}

#[rocket::async_test]
async fn this_browser_goes_on_with_a_new_cookie_and_everything_else_is_signed_out() {
    let stage = Stage::new().await;
    let app = stage.register("ann").await;
    let stranger = stage.register("bob").await;
    let other = Browser::of(&stage, "ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let before = browser.cookie("hub_session").expect("a cookie");
    let answer = change(&browser, PASSWORD, NEW, NEW).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("Location"), Some("/account"));
    let after = browser.cookie("hub_session").expect("a cookie");
    assert_ne!(before, after);
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("2 other sessions were signed out"),
        "{}",
        page.body
    );
    assert_eq!(stage.refresh(&app.refresh).await.code(), "password_changed");
    assert_eq!(other.get("/account").await.status, 303);
    stage.rotate(&stranger.refresh).await;
    // A copy of the old cookie opens nothing.
    let copy = Browser::new(&stage);
    copy.set_cookie("hub_session", &before);
    assert_eq!(copy.get("/account").await.status, 303);
    assert_eq!(stage.login_with("ann", PASSWORD).await.status, 401);
    assert_eq!(stage.login_with("ann", NEW).await.status, 200);
    let actions: Vec<_> = stage.audit().into_iter().map(|row| row.action).collect();
    assert!(actions.contains(&"password.change".to_owned()));
}

#[rocket::async_test]
async fn a_wrong_current_password_changes_nothing_and_leaves_its_trace() {
    let stage = Stage::new().await;
    let app = stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let answer = change(&browser, "wrong horse 9", NEW, NEW).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("That is not your password."));
    for typed in ["wrong horse", NEW] {
        assert!(!answer.body.contains(typed), "{typed}");
    }
    assert_eq!(stage.audit().pop().expect("rows").action, "proof.refused");
    stage.rotate(&app.refresh).await;
    assert_eq!(stage.login_with("ann", PASSWORD).await.status, 200);
}

#[rocket::async_test]
async fn every_rule_is_told_at_its_field() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    for (current, new, again, fields) in [
        ("", "short1", "", vec!["current_password", "new_password"]),
        (PASSWORD, "ann12345678", "ann12345678", vec!["new_password"]),
        (PASSWORD, "password123", "password123", vec!["new_password"]),
        (PASSWORD, NEW, "another horse 9", vec!["new_password_again"]),
    ] {
        let answer = change(&browser, current, new, again).await;
        assert_eq!(answer.status, 422, "{new}");
        for field in fields {
            let at_field = format!("id=\"error-{field}\"");
            assert!(answer.body.contains(&at_field), "{new}: {field}");
        }
    }
    assert_eq!(stage.login_with("ann", PASSWORD).await.status, 200);
}

#[rocket::async_test]
async fn the_administrators_pages_stay_open_to_this_browser_and_only_with_a_new_value() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let before = browser.cookie("hub_admin").expect("a cookie");
    change(&browser, PASSWORD, NEW, NEW).await;
    let after = browser.cookie("hub_admin").expect("a cookie");
    assert_ne!(before, after);
    assert_eq!(browser.get("/admin/sudo").await.status, 200);
    browser.set_cookie("hub_admin", &before);
    assert_eq!(browser.get("/admin/sudo").await.status, 303);
}

#[rocket::async_test]
async fn a_new_password_opens_no_administrators_pages_that_had_closed() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    stage.clock.advance(Duration::from_mins(16));
    let answer = change(&browser, PASSWORD, NEW, NEW).await;
    assert_eq!(answer.status, 303);
    assert_eq!(browser.get("/account").await.status, 200);
    assert_eq!(browser.get("/admin/sudo").await.status, 303);
    let rows = "SELECT count(*) FROM browser_cookies WHERE area = 'admin'";
    assert_eq!(stage.number(rows), 0);
}

#[rocket::async_test]
async fn a_browser_without_the_administrators_cookie_closes_their_pages() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let admin = browser.cookie("hub_admin").expect("a cookie");
    // Somebody who copied the one cookie only.
    browser.set_cookie("hub_admin", "");
    change(&browser, PASSWORD, NEW, NEW).await;
    browser.set_cookie("hub_admin", &admin);
    assert_eq!(browser.get("/admin/sudo").await.status, 303);
}
