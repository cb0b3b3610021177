//! What the feed of revocations told leaves when no token is left that it could have been about.

use rocket::http::Method;

use super::{a_second_less_than, run};
use crate::stage::{DAY, HOUR, SECOND, Stage};

async fn end_one(stage: &Stage) {
    let pair = stage.login("alice").await;
    let answer = stage.ask(Method::Post, "/api/auth/logout", &pair.access);
    assert_eq!(answer.await.status, 200);
}

fn rows(stage: &Stage) -> i64 {
    stage.number("SELECT count(*) FROM revocations")
}

#[rocket::async_test]
async fn what_was_told_leaves_an_hour_after_the_last_token_of_then_and_the_last_row_stays() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for _ in 0..3 {
        end_one(&stage).await;
    }
    assert_eq!(rows(&stage), 4);
    assert_eq!(run(&stage).await, None);
    stage.clock.advance(HOUR);
    end_one(&stage).await;
    assert_eq!(run(&stage).await, None);
    stage.clock.advance(a_second_less_than(DAY));
    assert_eq!(run(&stage).await, None);
    stage.clock.advance(SECOND);
    assert_eq!(run(&stage).await.as_deref(), Some("revocations=4"));
    assert_eq!(rows(&stage), 1);
    let last = stage.number("SELECT max(id) FROM revocations");
    stage.clock.advance(2 * DAY);
    for _ in 0..2 {
        assert_ne!(run(&stage).await.as_deref(), Some("revocations=1"));
    }
    assert_eq!(stage.number("SELECT max(id) FROM revocations"), last);
    assert_eq!(stage.number("SELECT count(*) FROM revocation_ages"), 1);
}

#[rocket::async_test]
async fn a_wrong_clock_removes_nothing_that_was_told() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    end_one(&stage).await;
    end_one(&stage).await;
    run(&stage).await;
    let right = hub::types::time::Clock::now(stage.clock.as_ref()).wall;
    stage.clock.set_wall(right.plus(40 * DAY));
    assert_eq!(run(&stage).await, None);
    assert_eq!(rows(&stage), 3);
}

#[rocket::async_test]
async fn more_than_a_batch_leaves_in_one_run() {
    let stage = Stage::new().await;
    stage.sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
         INSERT INTO revocations (kind) SELECT 'reset' FROM n",
    );
    run(&stage).await;
    stage.clock.advance(2 * DAY);
    assert_eq!(run(&stage).await.as_deref(), Some("revocations=1200"));
    assert_eq!(rows(&stage), 1);
}
