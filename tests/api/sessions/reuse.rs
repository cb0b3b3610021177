//! `POST /api/auth/refresh`: a used token that comes again ends its session for both holders; one from nowhere ends nothing.

use std::time::Duration;

use hub::features::sessions::lineage::Kind;
use rocket::http::Method;

use crate::answer::session_of;
use crate::sessions::refresh::lineage_of;
use crate::stage::{SECOND, Stage};

const REFUSED: &str = "Invalid or expired refresh token";

#[rocket::async_test]
async fn a_second_use_after_the_grace_ends_the_session_for_both_holders() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.advance(10 * SECOND);
    stage.clock.advance(Duration::from_micros(1));
    let thief = stage.refresh(&first.refresh).await;
    thief.is_error(401, REFUSED, "token_reused");
    let owner = stage.refresh(&second.refresh).await;
    owner.is_error(401, REFUSED, "token_reused");
    for access in [&first.access, &second.access] {
        let answer = stage.validate(access).await;
        answer.is_not_valid("Token has been revoked", "token_reused");
    }
    assert_eq!(
        lineage_of(&stage, &first.refresh),
        [
            (Kind::Start, 1),
            (Kind::Rotate, 2),
            (Kind::Reuse, 1),
            (Kind::End, 2)
        ]
    );
    let rows = stage.audit();
    let row = rows.last().expect("a row");
    let session = session_of(&first.refresh);
    assert_eq!(row.action, "session.reuse");
    assert_eq!(row.actor, "user:1");
    assert_eq!(row.target, Some(format!("session:{session}")));
    assert_eq!(row.detail.as_deref(), Some("reason=reuse user=1"));
    assert_eq!(row.address.as_deref(), Some("203.0.113.7"));
    assert_eq!(row.request_id.as_deref(), thief.header("X-Request-Id"));
}

#[rocket::async_test]
async fn reuse_ends_its_own_session_only_and_is_told_once() {
    let stage = Stage::new().await;
    let other = stage.register("alice").await;
    let first = stage.login("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.advance(11 * SECOND);
    stage.refresh(&first.refresh).await;
    let told = stage.audit().len();
    for token in [&first.refresh, &second.refresh, &first.refresh] {
        let answer = stage.refresh(token).await;
        answer.is_error(401, REFUSED, "token_reused");
    }
    assert_eq!(stage.audit().len(), told);
    assert_eq!(
        stage.number("SELECT count(*) FROM audit WHERE action = 'session.reuse'"),
        1
    );
    assert_eq!(stage.validate(&other.access).await.status, 200);
    stage.rotate(&other.refresh).await;
    stage.login("alice").await;
}

#[rocket::async_test]
async fn an_ancestor_used_before_the_grace_is_reuse_however_fresh_its_descendants_are() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let mut last = stage.rotate(&first.refresh).await;
    for _ in 0..5 {
        stage.clock.advance(3 * SECOND);
        last = stage.rotate(&last.refresh).await;
    }
    let answer = stage.refresh(&first.refresh).await;
    answer.is_error(401, REFUSED, "token_reused");
    let owner = stage.refresh(&last.refresh).await;
    owner.is_error(401, REFUSED, "token_reused");
}

#[rocket::async_test]
async fn a_straggler_a_microsecond_after_the_grace_of_its_own_first_use_is_reuse() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.advance(5 * SECOND);
    let third = stage.rotate(&second.refresh).await;
    stage.clock.advance(5 * SECOND);
    // A straggler's answer does not begin its window anew, nor does the rotation since.
    assert_eq!(stage.rotate(&first.refresh).await.refresh, third.refresh);
    stage.clock.advance(Duration::from_micros(1));
    let late = stage.refresh(&first.refresh).await;
    late.is_error(401, REFUSED, "token_reused");
    let owner = stage.refresh(&third.refresh).await;
    owner.is_error(401, REFUSED, "token_reused");
    assert_eq!(stage.text("SELECT end_reason FROM sessions"), "reuse");
}

#[rocket::async_test]
async fn a_lineage_flooded_until_it_forgets_gives_a_long_used_token_nothing() {
    let stage = Stage::without_limits().await;
    let first = stage.register("alice").await;
    let mut used = stage.rotate(&first.refresh).await;
    stage.clock.advance(20 * SECOND);
    for _ in 0..3 {
        used = stage.rotate(&used.refresh).await;
    }
    // A client in a loop: a hundred events within the grace, and the first rotation is remembered no more.
    let last = stage.rotate(&used.refresh).await;
    for _ in 0..100 {
        stage.refresh(&used.refresh).await;
    }
    // The next generation has answers of its own to give.
    let last = stage.rotate(&last.refresh).await;
    // Used long ago, which nobody can tell any more: nothing is given, and nothing ended on a doubt.
    let stolen = stage.refresh(&first.refresh).await;
    stolen.is_error(401, REFUSED, "token_reused");
    assert_eq!(stage.validate(&last.access).await.status, 200);
    stage.clock.advance(10 * SECOND);
    stage.clock.advance(Duration::from_micros(1));
    stage.refresh(&first.refresh).await;
    assert_eq!(stage.text("SELECT end_reason FROM sessions"), "reuse");
}

#[rocket::async_test]
async fn an_ancestor_older_than_the_whole_lineage_is_reuse() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let mut last = stage.rotate(&first.refresh).await;
    for _ in 0..110 {
        stage.clock.advance(SECOND);
        last = stage.rotate(&last.refresh).await;
    }
    let answer = stage.refresh(&first.refresh).await;
    answer.is_error(401, REFUSED, "token_reused");
    assert_eq!(stage.refresh(&last.refresh).await.code(), "token_reused");
}

#[rocket::async_test]
async fn in_strict_mode_every_second_use_is_reuse() {
    let stage = Stage::with(&[("refresh_grace", "0s")]).await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    let again = stage.refresh(&first.refresh).await;
    again.is_error(401, REFUSED, "token_reused");
    let owner = stage.refresh(&second.refresh).await;
    owner.is_error(401, REFUSED, "token_reused");
    assert_eq!(stage.audit().last().expect("a row").action, "session.reuse");
    // A straggler no less.
    let first = stage.login("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.rotate(&second.refresh).await;
    let late = stage.refresh(&first.refresh).await;
    late.is_error(401, REFUSED, "token_reused");
    assert_eq!(
        stage.number("SELECT count(*) FROM sessions WHERE end_reason = 'reuse'"),
        2
    );
}

#[rocket::async_test]
async fn the_grace_is_as_long_as_configured() {
    let stage = Stage::with(&[("refresh_grace", "60s")]).await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.advance(60 * SECOND);
    assert_eq!(stage.rotate(&first.refresh).await.refresh, second.refresh);
    stage.clock.advance(SECOND);
    let answer = stage.refresh(&first.refresh).await;
    answer.is_error(401, REFUSED, "token_reused");
}

#[rocket::async_test]
async fn a_token_ahead_of_the_database_is_refused_and_ends_nothing() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    // As after an old backup was put back.
    stage.sql("UPDATE sessions SET generation = 1, previous_at = NULL, previous_steady = NULL, previous_boot = NULL");
    let answer = stage.refresh(&second.refresh).await;
    answer.is_error(401, REFUSED, "invalid_token");
    assert_eq!(stage.number("SELECT ended_at IS NULL FROM sessions"), 1);
    stage.rotate(&first.refresh).await;
}

#[rocket::async_test]
async fn a_token_of_another_salt_or_an_unknown_session_is_refused_and_ends_nothing() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.sql("UPDATE sessions SET salt = zeroblob(16)");
    let answer = stage.refresh(&pair.refresh).await;
    answer.is_error(401, REFUSED, "invalid_token");
    assert_eq!(stage.number("SELECT ended_at IS NULL FROM sessions"), 1);
    stage.sql("DELETE FROM sessions");
    let answer = stage.refresh(&pair.refresh).await;
    answer.is_error(401, REFUSED, "invalid_token");
    let answer = stage.validate(&pair.access).await;
    answer.is_not_valid("Token has been revoked", "session_revoked");
}

#[rocket::async_test]
async fn a_user_locked_out_behind_the_hubs_back_is_refused_and_the_session_ended() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.sql("UPDATE users SET is_active = 0");
    let answer = stage.ask(Method::Get, "/api/auth/me", &pair.access).await;
    answer.is_error(401, "Token has been revoked", "user_disabled");
    let answer = stage.refresh(&pair.refresh).await;
    answer.is_error(401, REFUSED, "user_disabled");
    assert_eq!(
        stage.text("SELECT end_reason FROM sessions"),
        "user_disabled"
    );
    stage.sql("UPDATE users SET is_active = 1");
    let answer = stage.refresh(&pair.refresh).await;
    answer.is_error(401, REFUSED, "user_disabled");
}
