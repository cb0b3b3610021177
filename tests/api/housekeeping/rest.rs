//! What waited, what failed, where somebody was known, and links.

use std::time::Duration;

use hub::features::admin::setup::link;
use hub::features::browser::model::HALF_SIGN_IN;

use super::{a_second_less_than, run};
use crate::browsing::Browser;
use crate::second_factors::owner::Owner;
use crate::stage::{DAY, HOUR, PASSWORD, SECOND, Stage};

const STEP: Duration = Duration::from_secs(30);

#[rocket::async_test]
async fn a_password_that_waits_for_its_second_factor_leaves_when_it_is_good_for_nothing() {
    let stage = Stage::new().await;
    Owner::with_phone(&stage, "ann").await;
    stage.clock.advance(2 * STEP);
    Browser::new(&stage).sign_in("ann", PASSWORD).await;
    let halves = "SELECT count(*) FROM half_sign_ins";
    stage.clock.advance(HALF_SIGN_IN);
    assert_eq!(run(&stage).await, None);
    assert_eq!(stage.number(halves), 1);
    stage.clock.advance(SECOND);
    assert_eq!(run(&stage).await.as_deref(), Some("half_sign_ins=1"));
    assert_eq!(stage.number(halves), 0);
}

#[rocket::async_test]
async fn failures_leave_a_day_after_the_last_one() {
    let stage = Stage::new().await;
    stage.login_with("nobody", PASSWORD).await;
    stage.clock.advance(HOUR);
    stage.login_with("nobody", PASSWORD).await;
    stage.clock.advance(a_second_less_than(DAY));
    assert_eq!(run(&stage).await, None);
    stage.clock.advance(SECOND);
    assert_eq!(run(&stage).await.as_deref(), Some("failures=1"));
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 0);
}

#[rocket::async_test]
async fn a_network_is_forgotten_ninety_days_after_the_last_session_began_there() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.clock.advance(DAY);
    stage.login("alice").await;
    stage.clock.advance(a_second_less_than(90 * DAY));
    assert_eq!(run(&stage).await, None);
    stage.clock.advance(SECOND);
    assert_eq!(run(&stage).await.as_deref(), Some("networks=1"));
    assert_eq!(stage.number("SELECT count(*) FROM known_networks"), 0);
}

#[rocket::async_test]
async fn a_setup_link_leaves_a_week_after_it_was_made() {
    let stage = Stage::new().await;
    let cause = stage.cause();
    tokio::task::block_in_place(|| link::fresh(stage.hub(), cause)).expect("a link");
    stage.clock.advance(a_second_less_than(7 * DAY));
    assert_eq!(run(&stage).await, None);
    stage.clock.advance(SECOND);
    assert_eq!(run(&stage).await.as_deref(), Some("setup_links=1"));
    assert_eq!(stage.number("SELECT count(*) FROM setup_link"), 0);
}

#[rocket::async_test]
async fn more_than_one_batch_of_a_kind_leaves_in_one_run() {
    let stage = Stage::new().await;
    stage.sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450)
         INSERT INTO failed_attempts SELECT unhex(printf('%064x', i)), X'', 1, 0, 0, 1 FROM n;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450)
         INSERT INTO former_users SELECT i FROM n;",
    );
    stage.clock.advance(DAY);
    assert_eq!(
        run(&stage).await.as_deref(),
        Some("former_users=450 failures=450")
    );
}
