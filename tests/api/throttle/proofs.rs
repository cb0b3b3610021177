//! The password again, of somebody who is signed in, and codes: counted by session and by network, never against the sign-in.

use std::time::Duration;

use hub::store::audit::Action;
use hub::types::role::Role;

use super::{STRANGER, WRONG, is_held, login_from};
use crate::browsing::Browser;
use crate::second_factors::owner::Owner;
use crate::stage::{PASSWORD, PEER, SECOND, Stage};

const NEW: &str = "another horse 8";

#[rocket::async_test]
async fn wrong_current_passwords_hold_back_that_session_and_no_sign_in() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for _ in 0..5 {
        let answer = stage.change_password(&pair.access, WRONG, NEW).await;
        answer.is_error(401, "Invalid credentials", "invalid_credentials");
    }
    is_held(
        &stage.change_password(&pair.access, PASSWORD, NEW).await,
        30,
    );
    for address in [PEER, STRANGER] {
        assert_eq!(
            login_from(&stage, address, "alice", PASSWORD).await.status,
            200
        );
    }
    let other = stage.login("alice").await;
    let answer = stage.change_password(&other.access, WRONG, NEW).await;
    assert_eq!(answer.status, 401);
    let refused = Action::ProofRefused.as_str();
    let rows = stage.audit();
    let refused = rows.iter().filter(|row| row.action == refused).count();
    assert_eq!(refused, 6);
    stage.clock.advance(30 * SECOND);
    assert_eq!(
        stage
            .change_password(&pair.access, PASSWORD, NEW)
            .await
            .status,
        200
    );
}

#[rocket::async_test]
async fn a_right_password_forgets_the_wrong_ones_of_its_session() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    for _ in 0..4 {
        assert_eq!(
            stage.change_password(&pair.access, WRONG, NEW).await.status,
            401
        );
    }
    let answer = stage.change_password(&pair.access, PASSWORD, NEW).await;
    assert_eq!(answer.status, 200);
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 0);
}

#[rocket::async_test]
async fn the_page_that_asks_for_the_password_again_says_when_to_come_back() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    for _ in 0..5 {
        let answer = browser.confirm("/admin/sudo", &[("password", WRONG)]).await;
        assert_eq!(answer.status, 422);
    }
    let answer = browser
        .confirm("/admin/sudo", &[("password", PASSWORD)])
        .await;
    assert_eq!(
        (answer.status, answer.header("Retry-After")),
        (429, Some("30"))
    );
    assert!(
        answer.body.contains("Try again in 30 seconds."),
        "{}",
        answer.body
    );
    stage.clock.advance(30 * SECOND);
    let answer = browser
        .confirm("/admin/sudo", &[("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}

#[rocket::async_test]
async fn so_do_the_pages_of_ones_own_account_which_count_together() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    // Long enough ago that the password is asked for again.
    stage.clock.advance(Duration::from_mins(6));
    let wrong = [
        ("current_password", WRONG),
        ("new_password", NEW),
        ("new_password_again", NEW),
    ];
    let second_factor = "/account/second-factor";
    for _ in 0..3 {
        browser.get("/account").await;
        assert_eq!(browser.post("/account/password", &wrong).await.status, 422);
    }
    for _ in 0..2 {
        let answer = browser.confirm(second_factor, &wrong[..1]).await;
        assert_eq!(answer.status, 422);
    }
    let right = [("current_password", PASSWORD)];
    let answer = browser.confirm(second_factor, &right).await;
    assert_eq!(
        (answer.status, answer.header("Retry-After")),
        (429, Some("30"))
    );
    browser.get("/account").await;
    let answer = browser.post("/account/password", &wrong).await;
    assert_eq!(
        (answer.status, answer.header("Retry-After")),
        (429, Some("30"))
    );
    assert!(
        answer.body.contains("Try again in 30 seconds."),
        "{}",
        answer.body
    );
    stage.clock.advance(30 * SECOND);
    assert_eq!(browser.confirm(second_factor, &right).await.status, 303);
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 0);
}

#[rocket::async_test]
async fn codes_wait_by_user_and_say_so() {
    let stage = Stage::new().await;
    let (owner, _) = Owner::with_phone(&stage, "ann").await;
    stage.clock.advance(Duration::from_mins(1));
    let browser = Browser::new(&stage);
    browser.sign_in("ann", PASSWORD).await;
    let path = "/login/second-factor";
    browser.get(path).await;
    let wrong = owner.wrong_code();
    for _ in 0..5 {
        let answer = browser.post(path, &[("code", &wrong)]).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
    }
    let answer = browser.post(path, &[("code", &owner.code(0))]).await;
    assert_eq!(
        (answer.status, answer.header("Retry-After")),
        (429, Some("30"))
    );
    stage.clock.advance(30 * SECOND);
    let answer = browser.post(path, &[("code", &owner.code(0))]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}
