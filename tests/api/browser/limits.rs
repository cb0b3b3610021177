//! How long the administrators' pages stay open, each limit to the second; and what closes them at once.

use std::time::Duration;

use hub::features::browser::model::{ADMIN_ABSOLUTE, ADMIN_IDLE, PROOF};
use hub::types::role::Role;

use crate::browsing::Browser;
use crate::stage::{DAY, PASSWORD, SECOND, Stage};

const LAST_DAY_BUT_A_SECOND: Duration = Duration::from_secs(24 * 3_600 - 1);

/// Whether the administrators' pages are open.
async fn is_open(browser: &Browser<'_>) -> bool {
    browser.get("/admin/sudo").await.status == 200
}

#[rocket::async_test]
async fn they_close_after_fifteen_idle_minutes() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    for _ in 0..3 {
        stage.clock.advance(ADMIN_IDLE);
        assert!(is_open(&browser).await);
    }
    stage.clock.advance(ADMIN_IDLE + SECOND);
    assert!(!is_open(&browser).await);
}

#[rocket::async_test]
async fn they_close_after_eight_hours_however_busy() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let step = Duration::from_mins(10);
    for _ in 0..48 {
        assert!(is_open(&browser).await);
        stage.clock.advance(step);
    }
    assert!(is_open(&browser).await);
    stage.clock.advance(SECOND);
    assert!(!is_open(&browser).await);
    assert_eq!(48 * step, ADMIN_ABSOLUTE);
}

#[rocket::async_test]
async fn a_proof_gives_the_cookie_another_value_and_the_old_one_opens_nothing() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let old = browser.cookie("hub_admin").expect("held");
    stage.clock.advance(PROOF + SECOND);
    let answer = browser
        .confirm(
            "/admin/sudo?next=/admin/users",
            &[("password", PASSWORD), ("next", "/admin/users")],
        )
        .await;
    assert_eq!(answer.header("Location"), Some("/admin/users"));
    assert_ne!(browser.cookie("hub_admin"), Some(old.clone()));
    assert!(is_open(&browser).await);
    let thief = Browser::new(&stage);
    thief.set_cookie("hub_admin", &old);
    assert!(!is_open(&thief).await);
    let actions: Vec<_> = stage.audit().into_iter().map(|row| row.action).collect();
    assert_eq!(actions.last().map(String::as_str), Some("proof.given"));
}

#[rocket::async_test]
async fn a_wrong_proof_changes_nothing_and_is_told_in_the_audit() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let old = browser.cookie("hub_admin");
    let answer = browser
        .confirm("/admin/sudo", &[("password", "wrong horse 7")])
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(browser.cookie("hub_admin"), old);
    let last = stage.audit().pop().expect("rows");
    assert_eq!(
        (last.action.as_str(), last.target.as_deref()),
        ("proof.refused", Some("user:1"))
    );
}

#[rocket::async_test]
async fn whatever_ends_the_session_or_the_right_closes_them_at_the_next_request() {
    for act in [
        "UPDATE sessions SET ended_at = 1, end_reason = 'administrator' WHERE browser = 1",
        "UPDATE users SET is_active = 0",
        "DELETE FROM users",
        "UPDATE users SET role = 'USER'",
        "UPDATE sessions SET ends_at = 0 WHERE browser = 1",
    ] {
        let stage = Stage::new().await;
        stage.register_as("ann", Role::SuperAdmin).await;
        let browser = Browser::of(&stage, "ann").await;
        assert!(is_open(&browser).await);
        stage.sql(act);
        assert!(!is_open(&browser).await, "{act}");
    }
}

#[rocket::async_test]
async fn a_restart_of_the_machine_closes_the_administrators_pages_but_signs_nobody_out() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    stage.clock.reboot();
    assert!(!is_open(&browser).await);
    let page = browser.get("/login").await;
    assert!(
        page.body
            .contains("signed in as <strong><bdi>ann</bdi></strong>"),
        "{}",
        page.body
    );
}

#[rocket::async_test]
async fn a_browser_stays_signed_in_as_long_as_it_comes_back_within_a_month_and_never_past_the_end()
{
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let signed_in = async || {
        // `/login` only looks; a page of the account is what counts as being seen.
        browser.get("/login").await.body.contains("signed in as")
    };
    stage.clock.advance(29 * DAY + LAST_DAY_BUT_A_SECOND);
    assert!(signed_in().await);
    stage.clock.advance(SECOND);
    assert!(!signed_in().await);
    // Seen every day, it ends 90 days after its sign-in.
    let browser = Browser::of(&stage, "ann").await;
    for _ in 0..89 {
        stage.clock.advance(DAY);
        assert_eq!(browser.get("/account").await.status, 200);
    }
    stage.clock.advance(LAST_DAY_BUT_A_SECOND);
    assert_eq!(browser.get("/account").await.status, 200);
    stage.clock.advance(SECOND);
    assert_eq!(browser.get("/account").await.status, 303);
}
