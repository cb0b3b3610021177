//! Sessions leave with all that hangs on them, in batches that are bounded, and the audit tells.

use hub::features::housekeeping::model::Policy;
use hub::features::housekeeping::remove_sessions::RemoveSessions;
use hub::features::housekeeping::store::Place;
use hub::features::sessions::end::EndSession;
use hub::features::sessions::model::EndReason;
use hub::features::sessions::store::many::tally;
use hub::store::StoreError;
use hub::store::audit::{self, Chain};
use hub::types::time::{Clock, Timestamp};

use super::{a_second_less_than, run};
use crate::answer::session_of;
use crate::browsing::Browser;
use crate::stage::{BEGINNING_MICROS, DAY, Pair, SECOND, Stage};

const SESSIONS: &str = "SELECT count(*) FROM sessions";

/// Ends a session as an administrator does.
async fn end(stage: &Stage, pair: &Pair) {
    let change = EndSession {
        session: session_of(&pair.access).parse().expect("a session"),
        owner: None,
        reason: EndReason::Administrator,
        cause: stage.cause(),
    };
    stage.apply(change).await;
}

#[rocket::async_test]
async fn an_unused_session_leaves_ninety_days_after_its_last_token_expired_and_not_a_second_before()
{
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.clock.advance(10 * DAY);
    stage.rotate(&pair.refresh).await;
    stage.clock.advance(a_second_less_than(120 * DAY));
    assert_eq!(run(&stage).await.as_deref(), Some("networks=1"));
    assert_eq!(stage.number(SESSIONS), 1);
    stage.clock.advance(SECOND);
    assert_eq!(run(&stage).await.as_deref(), Some("sessions=1 events=2"));
    assert_eq!(stage.number(SESSIONS), 0);
    assert_eq!(stage.number("SELECT count(*) FROM lineage"), 0);
}

#[rocket::async_test]
async fn a_session_that_was_ended_stays_ninety_days_from_then() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.clock.advance(119 * DAY);
    end(&stage, &pair).await;
    stage.clock.advance(a_second_less_than(90 * DAY));
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 1);
    assert_eq!(stage.number("SELECT count(*) FROM lineage"), 2);
    stage.clock.advance(SECOND);
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 0);
}

#[rocket::async_test]
async fn how_long_it_stays_is_configured() {
    let stage = Stage::with(&[("keep_ended_sessions", "2d"), ("session_max_age", "30d")]).await;
    stage.register("alice").await;
    stage.clock.advance(a_second_less_than(32 * DAY));
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 1);
    stage.clock.advance(SECOND);
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 0);
}

#[rocket::async_test]
async fn a_session_in_use_is_never_touched_and_its_client_goes_on() {
    let stage = Stage::with(&[("session_max_age", "366d")]).await;
    let mut pair = stage.register("alice").await;
    let idle = stage.login("alice").await;
    for _ in 0..12 {
        stage.clock.advance(29 * DAY);
        run(&stage).await;
        pair = stage.rotate(&pair.refresh).await;
    }
    // The other one is not used but has a year to live: until then a token from longer lives could be good.
    assert_eq!(stage.number(SESSIONS), 2);
    stage.clock.advance(18 * DAY);
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 1);
    assert_eq!(stage.refresh(&idle.refresh).await.code(), "token_expired");
    assert_eq!(stage.number("SELECT generation FROM sessions"), 13);
}

#[rocket::async_test]
async fn the_tokens_of_a_session_that_left_stay_refused_wherever_the_clock_is_set() {
    let stage = Stage::new().await;
    let ended = stage.register("alice").await;
    let unused = stage.login("alice").await;
    end(&stage, &ended).await;
    stage.clock.advance(120 * DAY);
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 0);
    for pair in [&ended, &unused] {
        let answer = stage.refresh(&pair.refresh).await;
        answer.is_error(401, "Invalid or expired refresh token", "token_expired");
        let answer = stage.validate(&pair.access).await;
        answer.is_not_valid("Token has expired", "token_expired");
    }
    let signed_at = Timestamp::from_micros(BEGINNING_MICROS);
    for wall in [signed_at, Timestamp::from_seconds(0)] {
        stage.clock.set_wall(wall);
        for pair in [&ended, &unused] {
            let answer = stage.refresh(&pair.refresh).await;
            answer.is_error(401, "Invalid or expired refresh token", "invalid_token");
            let answer = stage.validate(&pair.access).await;
            answer.is_not_valid("Token has been revoked", "session_revoked");
        }
    }
}

#[rocket::async_test]
async fn a_browsers_session_leaves_with_its_cookies_and_only_when_it_cannot_have_been_used() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let browser = Browser::of(&stage, "alice").await;
    stage.sql("DELETE FROM sessions WHERE browser = 0");
    // Seen on the last day of its life.
    for _ in 0..3 {
        stage.clock.advance(29 * DAY);
        assert_eq!(browser.get("/account").await.status, 200);
    }
    stage.clock.advance(120 * DAY);
    // By the wall clock it was unused for long enough; its row tells only when it began on the other.
    run(&stage).await;
    assert_eq!(stage.number("SELECT count(*) FROM browser_cookies"), 1);
    stage.clock.advance(3 * DAY);
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 0);
    assert_eq!(stage.number("SELECT count(*) FROM browser_cookies"), 0);
}

#[rocket::async_test]
async fn a_batch_looks_at_so_many_sessions_and_removes_no_more() {
    let stage = Stage::without_limits().await;
    stage.register("alice").await;
    for _ in 0..24 {
        stage.login("alice").await;
    }
    stage.clock.advance(120 * DAY);
    let mut place = Some(Place::FIRST);
    let mut batches = Vec::new();
    while let Some(after) = place {
        let removed = stage
            .apply(RemoveSessions {
                now: stage.clock.now(),
                policy: Policy {
                    refresh_ttl: 30 * DAY,
                    keep: 90 * DAY,
                },
                after,
                most: 10,
            })
            .await;
        batches.push(removed.sessions);
        place = removed.next;
    }
    assert_eq!(batches, [10, 10, 5]);
}

#[rocket::async_test]
async fn what_is_old_by_the_wall_clock_only_does_not_stand_in_the_way_of_what_is_old() {
    let stage = Stage::without_limits().await;
    stage.register("alice").await;
    // Begun under a clock that stood in the past, so that they come first.
    stage.clock.set_wall(Timestamp::from_seconds(0));
    for _ in 0..120 {
        stage.login("alice").await;
    }
    // They are a day younger than the first one.
    stage.sql("UPDATE sessions SET rotated_steady = rotated_steady + 86400000000 WHERE rotated_at < 1000000000");
    stage
        .clock
        .set_wall(Timestamp::from_micros(BEGINNING_MICROS));
    stage.clock.advance(120 * DAY);
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 120);
    stage.clock.advance(DAY);
    run(&stage).await;
    assert_eq!(stage.number(SESSIONS), 0);
}

#[rocket::async_test]
async fn the_numbers_of_sessions_stay_right_and_the_audit_whole_with_one_row_a_run() {
    let stage = Stage::without_limits().await;
    let ended = stage.register("alice").await;
    let reused = stage.login("alice").await;
    stage.rotate(&reused.refresh).await;
    stage.clock.advance(11 * SECOND);
    assert_eq!(stage.refresh(&reused.refresh).await.code(), "token_reused");
    end(&stage, &ended).await;
    for _ in 0..60 {
        stage.login("alice").await;
    }
    stage.clock.advance(60 * DAY);
    let young = stage.login("alice").await;
    stage.clock.advance(60 * DAY);
    let before = stage.audit().len();
    assert_eq!(run(&stage).await.as_deref(), Some("sessions=62 events=66"));
    let told = stage
        .store
        .read::<_, StoreError>(tally::tally)
        .expect("told");
    assert_eq!((told.live, told.ended, told.reused), (1, 0, 0));
    assert_eq!(
        stage.number("SELECT id FROM sessions"),
        i64::from_str_radix(session_of(&young.access).as_str(), 16).expect("a key")
    );
    let rows = stage.audit();
    assert_eq!(rows.len(), before + 1);
    let row = rows.last().expect("a row");
    assert_eq!(
        (row.action.as_str(), row.actor.as_str()),
        ("housekeeping.remove", "system")
    );
    assert_eq!(row.detail.as_deref(), Some("sessions=62 events=66"));
    let chain = stage.store.read(audit::verify).expect("walked");
    assert!(matches!(chain, Chain::Whole { .. }), "{chain:?}");
    // Nothing is left to be done, nor to be told.
    assert_eq!(run(&stage).await, None);
    assert_eq!(stage.audit().len(), before + 1);
}

#[rocket::async_test]
async fn what_a_run_that_was_cut_off_removed_is_told_by_the_next_one() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.login("alice").await;
    stage.clock.advance(120 * DAY);
    let cut_off = RemoveSessions {
        now: stage.clock.now(),
        policy: Policy {
            refresh_ttl: 30 * DAY,
            keep: 90 * DAY,
        },
        after: Place::FIRST,
        most: 1,
    };
    stage.apply(cut_off).await;
    assert_eq!(
        run(&stage).await.as_deref(),
        Some("sessions=2 events=2 networks=1")
    );
}

#[rocket::async_test]
async fn a_deleted_user_is_forgotten_with_the_last_of_their_sessions() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.register("bob").await;
    stage.sql("DELETE FROM users");
    assert_eq!(stage.refresh(&pair.refresh).await.code(), "user_not_found");
    stage.sql("DELETE FROM sessions WHERE user_id = 2");
    assert_eq!(run(&stage).await.as_deref(), Some("former_users=1"));
    assert_eq!(stage.number("SELECT id FROM former_users"), 1);
    stage.clock.advance(120 * DAY);
    run(&stage).await;
    assert_eq!(stage.number("SELECT count(*) FROM former_users"), 0);
}
