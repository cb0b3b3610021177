//! How long a replaced key still verifies, and what for.

use std::sync::Arc;
use std::time::Duration;

use hub::crypto::keyring::Purpose;
use hub::crypto::ring::MAX_COUNTING_KEYS;
use hub::hub::Hub;
use hub::hub::keys::RotationError;
use hub::store::Mode;
use hub::types::entropy::SeededEntropy;
use hub::types::ids::KeyId;
use hub::types::time::Clock;

use super::{lines, rotate_key, rotate_key_from, signed_by};
use crate::stage::{DAY, HOUR, SECOND, Stage, config};

/// Settings under which a token can outlive what its key may verify: its own lifetime was longer when it was made.
const SHORT: [(&str, &str); 2] = [("access_ttl", "1h"), ("refresh_ttl", "2d")];

#[rocket::async_test]
async fn old_tokens_work_after_a_rotation_and_new_ones_are_of_the_new_key() {
    let stage = Stage::new().await;
    let old = stage.register("alice").await;
    assert_eq!(signed_by(&stage, &old.access, Purpose::Access), Some(1));
    assert_eq!(rotate_key(&stage).await, 2);
    assert_eq!(lines(stage.directory.path()), 2);
    assert_eq!(stage.validate(&old.access).await.status, 200);
    stage.clock.advance(SECOND);
    let new = stage.rotate(&old.refresh).await;
    for (token, purpose) in [
        (&new.access, Purpose::Access),
        (&new.refresh, Purpose::Refresh),
    ] {
        assert_eq!(signed_by(&stage, token, purpose), Some(2));
        assert!(token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
    }
    assert_eq!(stage.validate(&new.access).await.status, 200);
    assert_eq!(stage.validate(&old.access).await.status, 200);
    let bob = stage.register("bob").await;
    assert_eq!(signed_by(&stage, &bob.refresh, Purpose::Refresh), Some(2));
    // They are the same after a restart.
    let stage = Stage::on(stage.close(), &[], 100).await;
    assert_eq!(stage.validate(&old.access).await.status, 200);
    stage.rotate(&new.refresh).await;
}

#[rocket::async_test]
async fn a_replaced_key_verifies_access_tokens_as_long_as_one_can_live_and_not_a_second_longer() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let stage = Stage::on(stage.close(), &SHORT, 100).await;
    rotate_key(&stage).await;
    stage.clock.advance(3_599 * SECOND);
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.clock.advance(SECOND);
    let answer = stage.validate(&pair.access).await;
    answer.is_not_valid(
        "Invalid token: Signature verification failed",
        "invalid_token",
    );
    // The refresh token of the same key has its own time.
    let pair = stage.rotate(&pair.refresh).await;
    assert_eq!(stage.validate(&pair.access).await.status, 200);
}

#[rocket::async_test]
async fn a_key_that_another_process_replaced_verifies_access_tokens_no_longer() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let stage = Stage::on(stage.close(), &SHORT, 100).await;
    let (config, cause) = (config(stage.directory.path(), &SHORT), stage.cause());
    let clock = Arc::clone(&stage.clock);
    let rotated = tokio::task::spawn_blocking(move || {
        let entropy = Arc::new(SeededEntropy::new(101));
        let other = Hub::open(config, Mode::CommandLine, clock, entropy).expect("a hub");
        other.rotation().run(None, &cause).expect("rotated").id
    });
    assert_eq!(rotated.await.expect("no panic"), KeyId(2));
    // Nobody has told this process: the request itself has to find out.
    stage.clock.advance(HOUR);
    let answer = stage.validate(&pair.access).await;
    answer.is_not_valid(
        "Invalid token: Signature verification failed",
        "invalid_token",
    );
    let pair = stage.rotate(&pair.refresh).await;
    assert_eq!(signed_by(&stage, &pair.access, Purpose::Access), Some(2));
}

#[rocket::async_test]
async fn a_replaced_key_verifies_refresh_tokens_as_long_as_one_can_live_and_not_a_second_longer() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.register("alice").await, stage.register("bob").await);
    let stage = Stage::on(stage.close(), &SHORT, 100).await;
    rotate_key(&stage).await;
    stage.clock.advance((2 * 86_400 - 1) * SECOND);
    stage.rotate(&alice.refresh).await;
    stage.clock.advance(SECOND);
    let answer = stage.refresh(&bob.refresh).await;
    answer.is_error(401, "Invalid or expired refresh token", "invalid_token");
}

#[rocket::async_test]
async fn a_token_past_its_own_time_is_told_so_while_its_key_still_counts() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    rotate_key(&stage).await;
    stage.clock.advance(25 * HOUR);
    let answer = stage.validate(&pair.access).await;
    answer.is_not_valid("Token has expired", "token_expired");
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn a_clock_set_ahead_and_back_costs_no_key() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    rotate_key(&stage).await;
    let now = stage.clock.now().wall;
    stage
        .clock
        .set_wall(now.plus(Duration::from_hours(24 * 3_650)));
    assert_eq!(stage.validate(&pair.access).await.status, 401);
    stage.login("alice").await;
    // Also a Hub that was started under the wrong time.
    let directory = stage.close();
    let stage = Stage::on(directory, &[], 100).await;
    assert_eq!(lines(stage.directory.path()), 2);
    stage.clock.set_wall(now);
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn a_rotation_that_would_make_too_many_keys_count_is_refused_until_the_oldest_is_done_with() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    for id in 2..=MAX_COUNTING_KEYS {
        stage.clock.advance(HOUR);
        assert_eq!(usize::try_from(rotate_key(&stage).await), Ok(id));
    }
    let refused = rotate_key_from(&stage, None).await.expect_err("too often");
    assert!(matches!(refused, RotationError::TooOften { .. }));
    let text = refused.to_string();
    assert!(text.contains("done with at 2025-10-06T16:30:45"), "{text}");
    assert_eq!(lines(stage.directory.path()), MAX_COUNTING_KEYS);
    // The first of them all still verifies.
    stage.rotate(&first.refresh).await;
    stage.clock.advance(30 * DAY);
    rotate_key(&stage).await;
}

#[rocket::async_test]
async fn whoever_confirms_twice_rotates_once() {
    let stage = Stage::new().await;
    let one = rotate_key_from(&stage, Some(KeyId(1))).await;
    assert_eq!(one.expect("rotated").id, KeyId(2));
    let again = rotate_key_from(&stage, Some(KeyId(1))).await;
    assert!(matches!(again, Err(RotationError::Overtaken)));
    assert_eq!(lines(stage.directory.path()), 2);
    let rows = stage.audit();
    let row = rows.last().expect("a row");
    assert_eq!(row.action, "key.rotate");
    assert_eq!(row.target.as_deref(), Some("key:2"));
    let detail = row.detail.as_deref().expect("a detail");
    assert!(
        detail.starts_with("fingerprint=") && detail.ends_with(" replaces=1"),
        "{detail}"
    );
    assert_eq!(
        rows.iter().filter(|row| row.action == "key.rotate").count(),
        1
    );
}

#[rocket::async_test]
async fn a_key_from_the_configuration_is_not_the_hubs_to_rotate() {
    let key = "5b1f0c7ad9e3428617fc90b2a4d86e3550ce17f98a23b46d0e91c7385df2ab64";
    let stage = Stage::with(&[("secret_key", key)]).await;
    let refused = rotate_key_from(&stage, None).await.expect_err("refused");
    let text = refused.to_string();
    assert!(
        text.contains("HUB_SECRET_KEY") && text.contains("secret.key"),
        "{text}"
    );
    assert_eq!(stage.number("SELECT count(*) FROM keys"), 1);
    assert!(!stage.place().secret_key().exists());
}

#[rocket::async_test]
async fn whoever_holds_a_replaced_key_and_the_database_makes_nothing_of_what_came_after() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    rotate_key(&stage).await;
    stage.clock.advance(SECOND);
    let next = stage.rotate(&pair.refresh).await;
    // The same generation of the same row, made with the replaced key.
    let id = crate::answer::session_of(&next.refresh)
        .parse()
        .expect("an id");
    let read = stage
        .store
        .read(|db| hub::features::sessions::store::load(db, id));
    let (session, _) = read.expect("readable").expect("there");
    let forged = |generation| {
        let facts = hub::crypto::jwt::RefreshFacts {
            session: session.id,
            user: session.user,
            salt: &session.salt,
            generation,
            issued: stage.clock.now().wall.seconds(),
            expires: stage.clock.now().wall.seconds() + 1_000,
            key: KeyId(1),
        };
        let token = stage.hub().tokens.sign_refresh(&facts).expect("signed");
        token.reveal().to_owned()
    };
    let answer = stage.refresh(&forged(2)).await;
    answer.is_error(401, "Invalid or expired refresh token", "invalid_token");
    stage.rotate(&next.refresh).await;
}
