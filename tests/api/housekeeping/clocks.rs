//! No step of the wall clock, no start of the machine and no move to another makes anything leave.

use std::time::Duration;

use hub::types::time::{Clock, Timestamp};

use super::{a_second_less_than, run};
use crate::stage::{DAY, HOUR, SECOND, SEED, Stage};
use crate::state::state;

/// What the database holds, but for how much time it has seen pass.
fn held(stage: &Stage) -> crate::state::State {
    let mut tables = state(stage);
    tables.retain(|table, _| table != "lived" && table != "revocation_ages");
    tables
}

/// The steps that a clock takes: an hour, forty days, to 1970 and to 2106.
fn steps(right: Timestamp) -> [Timestamp; 6] {
    [
        right.plus(HOUR),
        right.minus(HOUR),
        right.plus(40 * DAY),
        right.minus(40 * DAY),
        Timestamp::from_seconds(0),
        Timestamp::from_seconds(4_294_967_295),
    ]
}

/// The one session there is stays for so long, to the second, and no longer.
async fn leaves_after(stage: &Stage, span: Duration) {
    let sessions = || stage.number("SELECT count(*) FROM sessions");
    stage.clock.advance(a_second_less_than(span));
    run(stage).await;
    assert_eq!(sessions(), 1);
    stage.clock.advance(SECOND);
    run(stage).await;
    assert_eq!(sessions(), 0);
}

#[rocket::async_test]
async fn a_step_of_the_clock_deletes_nothing_ends_nothing_and_opens_nothing_again() {
    let stage = Stage::without_limits().await;
    let mut pair = stage.register("alice").await;
    let ended = stage.login("alice").await;
    stage
        .ask(
            rocket::http::Method::Post,
            "/api/auth/logout",
            &ended.access,
        )
        .await;
    stage.login_with("alice", "wrong horse 7").await;
    for _ in 0..3 {
        // What is due by the right clock leaves first.
        run(&stage).await;
        let right = stage.clock.now().wall;
        for wrong in steps(right) {
            let before = held(&stage);
            stage.clock.set_wall(wrong);
            assert_eq!(run(&stage).await, None, "{wrong}");
            assert_eq!(held(&stage), before, "{wrong}");
            assert_eq!(stage.refresh(&ended.refresh).await.status, 401);
            stage.clock.set_wall(right);
            assert_eq!(run(&stage).await, None);
            assert_eq!(held(&stage), before, "back from {wrong}");
            assert_eq!(
                stage.refresh(&ended.refresh).await.code(),
                "session_revoked"
            );
            stage.clock.advance(11 * SECOND);
            pair = stage.rotate(&pair.refresh).await;
            stage
                .clock
                .set_wall(stage.clock.now().wall.minus(11 * SECOND));
        }
        stage.clock.advance(DAY);
    }
}

#[rocket::async_test]
async fn under_load_a_step_of_the_clock_deletes_nothing_and_ends_nobodys_session() {
    let stage = Stage::without_limits().await;
    let mut pairs = vec![stage.register("alice").await];
    for _ in 0..9 {
        pairs.push(stage.login("alice").await);
    }
    for wrong in steps(stage.clock.now().wall) {
        let right = stage.clock.now().wall;
        let load = async {
            let mut refused = 0;
            for _ in 0..3 {
                for pair in &mut pairs {
                    let answer = stage.refresh(&pair.refresh).await;
                    if answer.status == 200 {
                        *pair = answer.pair();
                    } else {
                        refused += 1;
                    }
                }
            }
            refused
        };
        let jump = async {
            stage.clock.set_wall(wrong);
            for _ in 0..4 {
                assert_eq!(run(&stage).await, None);
            }
            stage.clock.set_wall(right);
            assert_eq!(run(&stage).await, None);
        };
        rocket::tokio::join!(load, jump);
        assert_eq!(
            stage.number("SELECT count(*) FROM sessions WHERE ended_at IS NULL"),
            10
        );
    }
    // A session that was rotated under a clock far ahead has tokens from there. They are good, and stay so.
    stage.clock.advance(SECOND);
    for pair in &pairs {
        assert_eq!(stage.refresh(&pair.refresh).await.status, 200);
    }
}

#[rocket::async_test]
async fn time_that_the_machine_was_off_for_counts_for_nothing() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.clock.advance(60 * DAY);
    run(&stage).await;
    stage.clock.reboot();
    stage.clock.set_wall(stage.clock.now().wall.plus(200 * DAY));
    for _ in 0..60 {
        assert_eq!(stage.number("SELECT count(*) FROM sessions"), 1);
        run(&stage).await;
        stage.clock.advance(DAY);
    }
    run(&stage).await;
    assert_eq!(stage.number("SELECT count(*) FROM sessions"), 0);
}

#[rocket::async_test]
async fn a_restart_of_the_server_within_one_boot_loses_no_time() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let at = stage.clock.now();
    // The next stage's clock begins where this one's began: the same boot, 120 days later.
    let stage = Stage::on(stage.close(), &[], SEED + 1).await;
    assert_eq!(stage.clock.now(), at);
    leaves_after(&stage, 120 * DAY).await;
}

#[rocket::async_test]
async fn a_database_on_another_machine_counts_from_its_start_there_and_knows_what_it_brought() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.clock.advance(100 * DAY);
    run(&stage).await;
    let right = stage.clock.now().wall;
    let stage = Stage::on(stage.close(), &[], SEED + 1).await;
    // Up for a year before it got the database.
    stage.clock.reboot();
    stage.clock.set_wall(right.plus(365 * DAY));
    stage.sql("UPDATE lived SET boot = 77");
    stage.sql("UPDATE boots SET boot = 77");
    stage.sql("UPDATE sessions SET rotated_boot = 77");
    run(&stage).await;
    assert_eq!(stage.number("SELECT count(*) FROM sessions"), 1);
    leaves_after(&stage, 20 * DAY).await;
}

#[rocket::async_test]
async fn rows_of_a_boot_that_no_server_saw_count_from_when_they_were_met() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.sql("UPDATE sessions SET rotated_boot = 99");
    stage.clock.advance(150 * DAY);
    run(&stage).await;
    leaves_after(&stage, 120 * DAY).await;
}

#[rocket::async_test]
async fn a_step_ahead_forgets_no_wrong_password() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.clock.advance(Duration::from_hours(2));
    for _ in 0..5 {
        stage.login_with("nobody", "wrong horse 7").await;
    }
    stage.clock.set_wall(stage.clock.now().wall.plus(40 * DAY));
    // Each failure takes old ones along; these are none.
    stage.login_with("somebody", "wrong horse 7").await;
    run(&stage).await;
    assert_eq!(stage.number("SELECT max(failures) FROM failed_attempts"), 5);
    assert_eq!(
        stage.login_with("nobody", "wrong horse 7").await.status,
        429
    );
}
