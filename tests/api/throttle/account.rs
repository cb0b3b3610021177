//! `POST /api/auth/login` and `POST /login` at one account: five wrong passwords are free, then each wait is twice the last.

use std::time::Duration;

use hub::crypto::hasher::Comer;
use hub::features::admin::users::set_active::SetActive;
use hub::features::admin::users::set_password::SetPassword;
use hub::store::audit::Action;
use hub::types::password::Password;
use rocket::futures::future::join_all;

use super::{STRANGER, WRONG, fail, is_held, login_from};
use crate::answer::Answer;
use crate::browsing::Browser;
use crate::stage::{DAY, FIRST, HOUR, PASSWORD, SECOND, Stage};

#[rocket::async_test]
async fn the_waits_double_to_a_quarter_of_an_hour_and_a_try_at_the_time_told_is_judged() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 5).await;
    for seconds in [30, 60, 120, 240, 480, 900, 900, 900] {
        is_held(
            &login_from(&stage, STRANGER, "alice", PASSWORD).await,
            seconds,
        );
        let wait = Duration::from_secs(u64::from(seconds));
        stage
            .clock
            .advance(wait.saturating_sub(Duration::from_micros(1)));
        is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 1);
        stage.clock.advance(Duration::from_micros(1));
        fail(&stage, STRANGER, "alice", 1).await;
    }
    // Never for ever.
    stage.clock.advance(900 * SECOND);
    let answer = login_from(&stage, STRANGER, "alice", PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[rocket::async_test]
async fn a_right_password_forgets_what_failed_before_it() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 4).await;
    assert_eq!(stage.number("SELECT sum(failures) FROM failed_attempts"), 4);
    let answer = login_from(&stage, STRANGER, "alice", PASSWORD).await;
    assert_eq!(answer.status, 200);
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 0);
    fail(&stage, STRANGER, "alice", 5).await;
}

#[rocket::async_test]
async fn an_unknown_name_and_a_disabled_user_are_held_back_alike() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.register("bob").await;
    let now = stage.now();
    let (active, cause) = (false, stage.cause());
    let change = SetActive {
        user: FIRST,
        active,
        now,
        cause,
    };
    stage.apply(change).await;
    let without_id = |answer: Answer| {
        let mut headers = answer.headers;
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("X-Request-Id"));
        (answer.status, headers, answer.body)
    };
    for number in 0..8 {
        let mut answers = Vec::new();
        for name in ["alice", "bob", "nobody"] {
            answers.push(without_id(login_from(&stage, STRANGER, name, WRONG).await));
        }
        assert_eq!(answers[0], answers[1], "{number}");
        assert_eq!(answers[0], answers[2], "{number}");
        assert_eq!(answers[0].0, if number < 5 { 401 } else { 429 });
    }
    // Three rows alike, none with a name in it.
    assert_eq!(
        stage.number("SELECT count(*) FROM failed_attempts WHERE failures = 5"),
        3
    );
}

#[rocket::async_test]
async fn the_right_password_of_a_disabled_user_is_no_way_round_the_count() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.sql("UPDATE users SET is_active = 0");
    for _ in 0..5 {
        let answer = login_from(&stage, STRANGER, "alice", PASSWORD).await;
        answer.is_error(401, "Account is disabled", "user_disabled");
    }
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 30);
}

#[rocket::async_test]
async fn every_spelling_of_a_name_is_one_account() {
    let stage = Stage::new().await;
    stage.register("Alice").await;
    for name in ["alice", "ALICE", "aLICE", "Alice", "alicE"] {
        fail(&stage, STRANGER, name, 1).await;
    }
    for name in ["alice", "ALICE", "Alice"] {
        is_held(&login_from(&stage, STRANGER, name, PASSWORD).await, 30);
    }
    fail(&stage, STRANGER, "alice2", 1).await;
}

#[rocket::async_test]
async fn an_address_typed_as_the_name_opens_no_second_way_to_the_account() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 5).await;
    let answer = login_from(&stage, STRANGER, "alice@example.com", PASSWORD).await;
    answer.is_error(401, "Invalid credentials", "invalid_credentials");
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 30);
}

#[rocket::async_test]
async fn two_hundred_guesses_at_once_are_compared_no_more_often_than_one_after_another() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let addresses: Vec<String> = (0..200).map(|n| format!("198.51.100.{n}")).collect();
    let guesses = addresses
        .iter()
        .map(|address| login_from(&stage, address, "alice", WRONG));
    let answers = join_all(guesses).await;
    let judged = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!((judged, stage.hub().hasher.compared()), (5, 5));
    assert!(
        answers
            .iter()
            .all(|answer| [401, 429].contains(&answer.status))
    );
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 30);
}

#[rocket::async_test]
async fn whoever_signs_in_at_twenty_places_at_once_is_let_in_at_all_of_them() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    // Neither from where the account is known nor within what one address has to itself.
    let addresses: Vec<String> = (0..20).map(|n| format!("198.51.100.{n}")).collect();
    let sign_ins = addresses
        .iter()
        .map(|address| login_from(&stage, address, "alice", PASSWORD));
    let answers = join_all(sign_ins).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200; 20]);
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 0);
}

#[rocket::async_test]
async fn the_audit_tells_when_a_wait_begins_and_a_try_within_it_leaves_nothing() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 5).await;
    let rows = stage.audit();
    let details: Vec<_> = rows
        .iter()
        .filter(|row| row.action == Action::SignInRefused.as_str())
        .map(|row| row.detail.clone().unwrap_or_default())
        .collect();
    let plain = "reason=wrong_password";
    let last = "reason=wrong_password in_a_row=5";
    assert_eq!(details, [plain, plain, plain, plain, last]);
    let before = stage.number("SELECT sum(failures) FROM failed_attempts");
    for _ in 0..20 {
        let answer = login_from(&stage, STRANGER, "alice", WRONG).await;
        assert_eq!(answer.status, 429);
    }
    assert_eq!(stage.audit(), rows);
    assert_eq!(
        stage.number("SELECT sum(failures) FROM failed_attempts"),
        before
    );
    assert_eq!(stage.hub().hasher.compared(), 5);
}

#[rocket::async_test]
async fn neither_the_name_nor_what_was_typed_for_it_is_in_the_database() {
    let stage = Stage::new().await;
    fail(&stage, STRANGER, "hunter2hunter2", 1).await;
    let rows = stage.number(
        "SELECT count(*) FROM failed_attempts WHERE instr(lower(hex(subject)), lower(hex('hunter2'))) > 0",
    );
    assert_eq!(rows, 0);
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 1);
}

#[rocket::async_test]
async fn a_password_set_by_an_administrator_forgets_the_failures_from_everywhere() {
    let stage = Stage::new().await;
    stage.register("Alice").await;
    fail(&stage, STRANGER, "alice", 5).await;
    fail(&stage, crate::stage::PEER, "alice", 5).await;
    let hasher = &stage.hub().hasher;
    let hash = hasher
        .make(Password::new("another horse 8"), Comer::Nameless)
        .await;
    let change = SetPassword {
        user: FIRST,
        password_hash: hash.expect("a hash"),
        attempt_keys: std::sync::Arc::clone(&stage.hub().attempt_keys),
        now: stage.now(),
        cause: stage.cause(),
    };
    stage.apply(change).await;
    for address in [STRANGER, crate::stage::PEER] {
        let answer = login_from(&stage, address, "alice", "another horse 8").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[rocket::async_test]
async fn failures_are_forgotten_after_a_day_without_one_and_their_rows_leave_with_later_ones() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for name in ["anna", "bert", "cleo"] {
        fail(&stage, STRANGER, name, 1).await;
    }
    fail(&stage, STRANGER, "alice", 5).await;
    stage.clock.advance(DAY.saturating_sub(SECOND));
    fail(&stage, STRANGER, "alice", 1).await;
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 60);
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 4);
    stage.clock.advance(DAY);
    stage.clock.advance(HOUR);
    fail(&stage, STRANGER, "alice", 5).await;
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 1);
}

#[rocket::async_test]
async fn the_page_says_when_to_come_back_and_keeps_the_name_but_not_the_password() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::new(&stage);
    for _ in 0..5 {
        assert_eq!(browser.sign_in("ann", WRONG).await.status, 422);
    }
    let answer = browser.sign_in("ann", PASSWORD).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("Retry-After"), Some("30"));
    assert!(
        answer
            .body
            .contains("Too many tries. Try again in 30 seconds.")
    );
    assert!(answer.body.contains(r#"value="ann""#), "{}", answer.body);
    assert!(!answer.body.contains(PASSWORD));
    assert_eq!(browser.cookie("hub_session"), None);
    stage.clock.advance(30 * SECOND);
    assert_eq!(browser.sign_in("ann", PASSWORD).await.status, 303);
}
