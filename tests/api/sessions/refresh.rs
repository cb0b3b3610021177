//! `POST /api/auth/refresh`: rotation, retries and stragglers.

use std::collections::HashSet;
use std::time::Duration;

use hub::features::admin::users::set_role::SetRole;
use hub::features::sessions::lineage::{self, Kind};
use hub::store::StoreError;
use hub::types::role::Role;
use rocket::futures::future::{join, join_all};

use crate::answer::{claims, public_user, session_of};
use crate::stage::{FIRST, HOUR, SECOND, Stage};

const REFUSED: &str = "Invalid or expired refresh token";

/// What the lineage tells of the session of a token: kinds and generations, oldest first.
pub fn lineage_of(stage: &Stage, token: &str) -> Vec<(Kind, i64)> {
    let session = session_of(token).parse().expect("a session");
    let read = stage
        .store
        .read::<_, StoreError>(|db| lineage::of_session(db, session));
    let events = read.expect("readable").into_iter();
    events.map(|event| (event.kind, event.generation)).collect()
}

#[rocket::async_test]
async fn a_good_refresh_answers_every_field_in_the_order_of_the_contract() {
    let stage = Stage::new().await;
    let first = stage.register("johndoe123").await;
    let answer = stage.refresh(&first.refresh).await;
    let second = answer.pair();
    let (access, refresh, user) = (
        &second.access,
        &second.refresh,
        public_user(1, "johndoe123"),
    );
    answer.is(
        200,
        &format!(
            r#"{{"message":"Token refreshed successfully","access_token":"{access}","refresh_token":"{refresh}","user":{user}}}"#
        ),
    );
    assert!(!answer.body.contains("email"));
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.access, second.access);
    assert_eq!(session_of(&first.refresh), session_of(&second.refresh));
    assert_eq!(claims(&second.refresh)["gen"], 2);
}

#[rocket::async_test]
async fn a_refresh_shows_the_role_of_now() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let change = SetRole {
        user: FIRST,
        role: Role::Admin,
        cause: stage.cause(),
    };
    stage.apply(change).await;
    let answer = stage.refresh(&pair.refresh).await;
    assert_eq!(answer.json()["user"]["role"], "ADMIN");
    assert!(!crate::answer::claims_text(&answer.pair().access).contains("ADMIN"));
}

#[rocket::async_test]
async fn a_rotation_leaves_the_older_access_token_good() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    for pair in [first, second] {
        assert_eq!(stage.validate(&pair.access).await.status, 200);
    }
}

#[rocket::async_test]
async fn a_retry_within_the_grace_gets_the_same_successor_byte_by_byte() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    stage.clock.advance(SECOND);
    let second = stage.rotate(&first.refresh).await;
    for _ in 0..10 {
        stage.clock.advance(SECOND);
        let again = stage.rotate(&first.refresh).await;
        assert_eq!(again.refresh, second.refresh);
        assert_ne!(again.access, second.access);
        assert_eq!(stage.validate(&again.access).await.status, 200);
    }
    let lineage = lineage_of(&stage, &first.refresh);
    assert_eq!(lineage[..2], [(Kind::Start, 1), (Kind::Rotate, 2)]);
    assert_eq!(lineage[2..], [(Kind::Retry, 1); 10]);
}

#[rocket::async_test]
async fn the_twenty_first_retry_is_refused_and_the_session_lives() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    for _ in 0..20 {
        assert_eq!(stage.rotate(&first.refresh).await.refresh, second.refresh);
    }
    let tired = stage.refresh(&first.refresh).await;
    tired.is_error(401, REFUSED, "token_reused");
    assert_eq!(
        lineage_of(&stage, &first.refresh).last(),
        Some(&(Kind::Straggler, 1))
    );
    assert_eq!(stage.validate(&second.access).await.status, 200);
    // The next generation has twenty of its own.
    let third = stage.rotate(&second.refresh).await;
    assert_eq!(stage.rotate(&second.refresh).await.refresh, third.refresh);
}

#[rocket::async_test]
async fn a_late_answer_never_leaves_a_used_token_with_tabs_that_keep_the_last_one() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    // Its answer is slow.
    let slow = stage.rotate(&first.refresh).await;
    stage.clock.advance(SECOND);
    // Another tab has the successor already.
    let other = stage.rotate(&second.refresh).await;
    assert_eq!(other.refresh, second.refresh);
    assert_ne!(other.access, second.access);
    assert_eq!(stage.validate(&other.access).await.status, 200);
    // Whichever came last, what it left is good on the next day.
    stage.clock.advance(24 * HOUR);
    let third = stage.rotate(&slow.refresh).await;
    assert_ne!(third.refresh, second.refresh);
    assert_eq!(
        lineage_of(&stage, &first.refresh),
        [
            (Kind::Start, 1),
            (Kind::Rotate, 2),
            (Kind::Retry, 1),
            (Kind::Retry, 2),
            (Kind::Rotate, 3)
        ]
    );
}

#[rocket::async_test]
async fn a_session_settles_for_one_grace_from_its_rotation_on_however_often_it_is_asked() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.rotate(&first.refresh).await;
    for _ in 0..10 {
        stage.clock.advance(SECOND);
        assert_eq!(stage.rotate(&second.refresh).await.refresh, second.refresh);
    }
    assert_eq!(stage.number("SELECT retries FROM sessions"), 11);
    stage.clock.advance(Duration::from_micros(1));
    let third = stage.rotate(&second.refresh).await;
    assert_ne!(third.refresh, second.refresh);
    // Nobody asked for the third again, so it has nothing to wait for.
    assert_ne!(stage.rotate(&third.refresh).await.refresh, third.refresh);
}

#[rocket::async_test]
async fn after_twenty_answers_of_either_kind_a_session_settles_no_more() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    for used in [&first, &second].into_iter().cycle().take(20) {
        assert_eq!(stage.rotate(&used.refresh).await.refresh, second.refresh);
    }
    let tired = stage.refresh(&first.refresh).await;
    tired.is_error(401, REFUSED, "token_reused");
    let third = stage.rotate(&second.refresh).await;
    assert_ne!(third.refresh, second.refresh);
    assert_eq!(stage.number("SELECT generation FROM sessions"), 3);
    assert_eq!(stage.number("SELECT retries FROM sessions"), 0);
}

#[rocket::async_test]
async fn in_strict_mode_a_session_never_settles() {
    let stage = Stage::with(&[("refresh_grace", "0s")]).await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    // As left behind by a Hub that was less strict.
    stage.sql("UPDATE sessions SET retries = 1");
    assert_ne!(stage.rotate(&second.refresh).await.refresh, second.refresh);
}

#[rocket::async_test]
async fn a_straggler_gets_the_present_pair_byte_by_byte_and_makes_no_generation() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.advance(3 * SECOND);
    let third = stage.rotate(&second.refresh).await;
    stage.clock.advance(3 * SECOND);
    let fourth = stage.rotate(&third.refresh).await;
    stage.clock.advance(4 * SECOND);
    // Ten seconds after its first use for the eldest.
    for straggler in [&first, &second, &first] {
        let late = stage.rotate(&straggler.refresh).await;
        assert_eq!(late.refresh, fourth.refresh);
        assert_ne!(late.access, fourth.access);
        assert_eq!(stage.validate(&late.access).await.status, 200);
    }
    assert_eq!(stage.number("SELECT generation FROM sessions"), 4);
    assert_eq!(stage.number("SELECT retries FROM sessions"), 3);
    let lineage = lineage_of(&stage, &first.refresh);
    assert_eq!(
        lineage[4..],
        [
            (Kind::Straggler, 1),
            (Kind::Straggler, 2),
            (Kind::Straggler, 1)
        ]
    );
    stage.rotate(&fourth.refresh).await;
}

#[rocket::async_test]
async fn retries_and_stragglers_share_one_bound_and_beyond_it_the_session_lives() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    let third = stage.rotate(&second.refresh).await;
    for round in 0..20 {
        let used = [&first, &second][round % 2];
        assert_eq!(stage.rotate(&used.refresh).await.refresh, third.refresh);
    }
    for used in [&first, &second] {
        let tired = stage.refresh(&used.refresh).await;
        tired.is_error(401, REFUSED, "token_reused");
    }
    assert_eq!(stage.number("SELECT retries FROM sessions"), 20);
    assert_eq!(stage.validate(&third.access).await.status, 200);
    // The next generation has twenty of its own.
    let fourth = stage.rotate(&third.refresh).await;
    assert_eq!(stage.rotate(&first.refresh).await.refresh, fourth.refresh);
}

#[rocket::async_test]
async fn of_sixty_four_tabs_with_one_token_every_200_carries_the_same_successor() {
    let stage = Stage::without_limits().await;
    let first = stage.register("alice").await;
    let answers = join_all((0..64).map(|_| stage.refresh(&first.refresh))).await;
    let good: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert_eq!(good.len(), 21, "one rotation and twenty retries");
    let successors: HashSet<_> = good.iter().map(|answer| answer.pair().refresh).collect();
    assert_eq!(successors.len(), 1);
    assert_eq!(stage.number("SELECT generation FROM sessions"), 2);
    assert_eq!(stage.number("SELECT ended_at IS NULL FROM sessions"), 1);
    for successor in successors {
        stage.rotate(&successor).await;
    }
}

#[rocket::async_test]
async fn after_a_sign_out_is_answered_no_racing_refresh_has_left_a_good_token() {
    let stage = Stage::new().await;
    let method = rocket::http::Method::Post;
    for round in 0..20 {
        let pair = stage.register(&format!("user{round}")).await;
        let racing = join_all((0..3).map(|_| stage.refresh(&pair.refresh)));
        let sign_out = stage.ask(method, "/api/auth/logout", &pair.access);
        let (answers, signed_out) = join(racing, sign_out).await;
        assert_eq!(signed_out.status, 200);
        for answer in answers.iter().filter(|answer| answer.status == 200) {
            let late = answer.pair();
            assert_eq!(stage.refresh(&late.refresh).await.code(), "session_revoked");
            assert_eq!(stage.validate(&late.access).await.code(), "session_revoked");
        }
        assert_eq!(stage.refresh(&pair.refresh).await.code(), "session_revoked");
    }
}

#[rocket::async_test]
async fn the_lineage_tells_every_rotation_and_keeps_the_last_hundred() {
    let stage = Stage::new().await;
    let mut pair = stage.register("alice").await;
    for _ in 0..119 {
        stage.clock.advance(Duration::from_mins(1));
        pair = stage.rotate(&pair.refresh).await;
    }
    let lineage = lineage_of(&stage, &pair.refresh);
    let expected: Vec<_> = (21..=120)
        .map(|generation| (Kind::Rotate, generation))
        .collect();
    assert_eq!(lineage, expected);
    assert_eq!(stage.number("SELECT count(*) FROM lineage"), 100);
    assert_eq!(stage.number("SELECT lineage_length FROM sessions"), 120);
    assert_eq!(stage.number("SELECT generation FROM sessions"), 120);
}

#[rocket::async_test]
async fn a_rotation_writes_no_audit_row_and_no_new_session_row() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let before = stage.audit();
    let pair = stage.rotate(&pair.refresh).await;
    stage.rotate(&pair.refresh).await;
    assert_eq!(stage.audit(), before);
    assert_eq!(stage.number("SELECT count(*) FROM sessions"), 1);
}

#[rocket::async_test]
async fn no_token_and_no_hash_of_one_is_in_the_database() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.refresh("canary.canary.canary").await;
    stage.sql("PRAGMA wal_checkpoint(FULL)");
    let bytes = std::fs::read(stage.place().database()).expect("a file");
    for token in [
        &first.access,
        &first.refresh,
        &second.access,
        &second.refresh,
    ] {
        for part in token.split('.').skip(1).chain(["eyJ", "canary"]) {
            let found = bytes
                .windows(part.len())
                .any(|window| window == part.as_bytes());
            assert!(!found, "{part}");
        }
        let jti = claims(token)["jti"].to_string();
        let jti = jti.trim_matches('"').as_bytes();
        assert!(!bytes.windows(jti.len()).any(|window| window == jti));
    }
}
