//! Refreshing while somebody sets the clock: no step opens a window or ends a session.

use std::time::Duration;

use hub::types::time::{Clock, HandClock};

use crate::stage::{DAY, HOUR, SECOND, Stage};

const REFUSED: &str = "Invalid or expired refresh token";

fn step_back(clock: &HandClock, span: Duration) {
    clock.set_wall(clock.now().wall.minus(span));
}

fn step_ahead(clock: &HandClock, span: Duration) {
    clock.set_wall(clock.now().wall.plus(span));
}

#[rocket::async_test]
async fn a_step_of_the_clock_does_not_close_the_window() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.advance(5 * SECOND);
    step_back(&stage.clock, HOUR);
    assert_eq!(stage.rotate(&first.refresh).await.refresh, second.refresh);
    step_ahead(&stage.clock, 3 * HOUR);
    assert_eq!(stage.rotate(&first.refresh).await.refresh, second.refresh);
    step_back(&stage.clock, 20_000 * DAY);
    assert_eq!(stage.rotate(&first.refresh).await.refresh, second.refresh);
}

#[rocket::async_test]
async fn a_clock_set_back_does_not_open_the_window_again() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.advance(HOUR);
    step_back(&stage.clock, HOUR);
    let answer = stage.refresh(&first.refresh).await;
    answer.is_error(401, REFUSED, "token_reused");
    assert_eq!(stage.refresh(&second.refresh).await.code(), "token_reused");
}

#[rocket::async_test]
async fn after_a_restart_of_the_machine_doubt_ends_nothing() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.reboot();
    for step in [step_ahead, step_back] {
        step(&stage.clock, 5 * SECOND);
        let answer = stage.refresh(&first.refresh).await;
        answer.is_error(401, REFUSED, "token_reused");
        assert_eq!(stage.validate(&second.access).await.status, 200);
    }
    step_back(&stage.clock, DAY);
    let answer = stage.refresh(&first.refresh).await;
    answer.is_error(401, REFUSED, "token_reused");
    // A straggler is in no better a place than a parent.
    let third = stage.rotate(&second.refresh).await;
    let answer = stage.refresh(&first.refresh).await;
    answer.is_error(401, REFUSED, "token_reused");
    stage.rotate(&third.refresh).await;
}

#[rocket::async_test]
async fn after_a_restart_of_the_machine_reuse_past_the_grace_is_still_found() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.reboot();
    stage.clock.advance(11 * SECOND);
    let answer = stage.refresh(&first.refresh).await;
    answer.is_error(401, REFUSED, "token_reused");
    assert_eq!(stage.refresh(&second.refresh).await.code(), "token_reused");
}

#[rocket::async_test]
async fn a_clock_far_ahead_refuses_but_ends_nothing_for_when_it_is_right_again() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let right = stage.clock.now().wall;
    for span in [40 * DAY, 100 * DAY, 29_000 * DAY] {
        step_ahead(&stage.clock, span);
        assert_eq!(stage.refresh(&pair.refresh).await.status, 401);
        assert_eq!(stage.validate(&pair.access).await.status, 401);
        stage.clock.set_wall(right);
    }
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn a_rotation_under_a_clock_set_back_never_dates_back() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    stage.clock.advance(HOUR);
    let second = stage.rotate(&first.refresh).await;
    step_back(&stage.clock, HOUR);
    let third = stage.rotate(&second.refresh).await;
    let issued = |token: &str| crate::answer::claims(token)["iat"].as_i64();
    assert_eq!(issued(&third.refresh), issued(&second.refresh));
}
