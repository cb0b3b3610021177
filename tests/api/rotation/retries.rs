//! A retry is answered in the same bytes, whatever key is the present one by then.

use hub::crypto::keyring::Purpose;
use hub::types::salt::Salt;

use super::{rotate_key, signed_by};
use crate::stage::{DAY, FIRST, SECOND, Stage};

#[rocket::async_test]
async fn a_retry_gets_the_same_bytes_across_rotations_and_a_restart() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    for _ in 0..2 {
        rotate_key(&stage).await;
        stage.clock.advance(SECOND);
        let again = stage.rotate(&first.refresh).await;
        assert_eq!(again.refresh, second.refresh);
        // The access token is new each time, and so of the present key.
        assert_eq!(stage.validate(&again.access).await.status, 200);
    }
    let again = stage.rotate(&first.refresh).await;
    assert_eq!(signed_by(&stage, &again.access, Purpose::Access), Some(3));
    let clock = hub::types::time::Clock::now(stage.clock.as_ref());
    let stage = Stage::on(stage.close(), &[], 100).await;
    stage.clock.set_wall(clock.wall);
    // Until the grace is over it settles.
    stage.clock.advance(11 * SECOND);
    let third = stage.rotate(&second.refresh).await;
    assert_eq!(signed_by(&stage, &third.refresh, Purpose::Refresh), Some(3));
    rotate_key(&stage).await;
    let again = stage.rotate(&second.refresh).await;
    assert_eq!(again.refresh, third.refresh);
}

#[rocket::async_test]
async fn a_used_token_of_a_replaced_key_ends_its_session_like_any_other() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    rotate_key(&stage).await;
    let second = stage.rotate(&first.refresh).await;
    stage.clock.advance(11 * SECOND);
    let reused = stage.refresh(&first.refresh).await;
    assert_eq!(
        (reused.status, reused.code().as_str()),
        (401, "token_reused")
    );
    assert_eq!(stage.refresh(&second.refresh).await.status, 401);
}

#[rocket::async_test]
async fn no_kind_of_token_passes_for_another_under_any_key() {
    let stage = Stage::new().await;
    let mut pairs = vec![stage.register("alice").await];
    for name in ["bob", "carol"] {
        rotate_key(&stage).await;
        pairs.push(stage.register(name).await);
    }
    for pair in &pairs {
        assert_eq!(stage.validate(&pair.refresh).await.status, 401);
        assert_eq!(stage.me(&pair.refresh).await.status, 401);
        assert_eq!(stage.refresh(&pair.access).await.status, 401);
        assert_eq!(stage.validate(&pair.access).await.status, 200);
    }
    // Nothing of these attempts ended anything.
    for pair in &pairs {
        stage.rotate(&pair.refresh).await;
    }
}

#[rocket::async_test]
async fn the_secret_of_a_second_factor_outlives_every_rotation() {
    let stage = Stage::new().await;
    let nonce = Salt::from_row([9; 16]);
    let secret = |key| {
        let secret = stage.hub().second_factor_keys.secret(key, FIRST, &nonce);
        secret.map(|secret| secret.reveal().to_string())
    };
    let first = secret(1).expect("the key");
    for _ in 0..2 {
        rotate_key(&stage).await;
        stage.clock.advance(365 * DAY);
    }
    assert_eq!(secret(1), Some(first.clone()));
    assert_eq!(stage.hub().second_factor_keys.present(), 3);
    assert!(secret(3).is_some_and(|third| third != first));
    assert_eq!(secret(4), None);
}
