//! What failures have come to is on the disk before the refusal is answered.

use super::{STRANGER, fail, is_held, login_from};
use crate::stage::{PASSWORD, PEER, SECOND, SEED, Stage};

#[rocket::async_test]
async fn a_restart_forgets_no_wait() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 5).await;
    fail(&stage, STRANGER, "nobody", 5).await;
    let stage = Stage::on(stage.close(), &[], SEED + 1).await;
    for name in ["alice", "nobody"] {
        is_held(&login_from(&stage, STRANGER, name, PASSWORD).await, 30);
    }
    // Nor from where the owner is known.
    assert_eq!(
        login_from(&stage, PEER, "alice", PASSWORD).await.status,
        200
    );
    stage.clock.advance(30 * SECOND);
    fail(&stage, STRANGER, "alice", 1).await;
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 60);
}

#[rocket::async_test]
async fn after_a_start_of_the_machine_the_whole_wait_has_to_pass_once_more() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 5).await;
    stage.clock.advance(20 * SECOND);
    stage.clock.reboot();
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 30);
    stage.clock.advance(30 * SECOND);
    assert_eq!(
        login_from(&stage, STRANGER, "alice", PASSWORD).await.status,
        200
    );
}

#[rocket::async_test]
async fn a_machine_that_was_put_back_begins_the_wait_anew_and_ends_it() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.clock.advance(60 * SECOND);
    fail(&stage, STRANGER, "alice", 5).await;
    // The clock stands a minute earlier again.
    let stage = Stage::on(stage.close(), &[], SEED + 1).await;
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 30);
    stage.clock.advance(29 * SECOND);
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 1);
    stage.clock.advance(SECOND);
    assert_eq!(
        login_from(&stage, STRANGER, "alice", PASSWORD).await.status,
        200
    );
}
