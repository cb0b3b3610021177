//! Somebody who guesses does not lock the owner out: not from where the owner signed in before, and not where they are signed in.

use super::{STRANGER, WRONG, fail, is_held, login_from};
use crate::stage::{DAY, PASSWORD, PEER, SECOND, Stage};

#[rocket::async_test]
async fn the_owners_network_passes_while_strangers_are_held_back() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 5).await;
    for stranger in [STRANGER, "198.51.100.8", "2001:db8::1"] {
        is_held(&login_from(&stage, stranger, "alice", PASSWORD).await, 30);
    }
    assert_eq!(
        login_from(&stage, PEER, "alice", PASSWORD).await.status,
        200
    );
    // The owner's sign-in gives the strangers nothing.
    is_held(&login_from(&stage, STRANGER, "alice", PASSWORD).await, 30);
}

#[rocket::async_test]
async fn a_known_network_has_waits_of_its_own() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, PEER, "alice", 5).await;
    is_held(&login_from(&stage, PEER, "alice", PASSWORD).await, 30);
    // Strangers have not failed yet.
    fail(&stage, STRANGER, "alice", 1).await;
    stage.clock.advance(30 * SECOND);
    assert_eq!(
        login_from(&stage, PEER, "alice", PASSWORD).await.status,
        200
    );
}

#[rocket::async_test]
async fn a_network_is_known_to_its_own_user_only() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let answer = login_from(&stage, STRANGER, "nobody", PASSWORD).await;
    assert_eq!(answer.status, 401);
    stage.register("mallory").await;
    let answer = login_from(&stage, STRANGER, "mallory", PASSWORD).await;
    assert_eq!(answer.status, 200);
    fail(&stage, STRANGER, "alice", 5).await;
    is_held(&login_from(&stage, "192.0.2.9", "alice", WRONG).await, 30);
}

#[rocket::async_test]
async fn every_address_of_a_known_64_is_known() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let answer = login_from(&stage, "2001:db8:1:2::1", "alice", PASSWORD).await;
    assert_eq!(answer.status, 200);
    fail(&stage, STRANGER, "alice", 5).await;
    is_held(
        &login_from(&stage, "2001:db8:1:3::1", "alice", PASSWORD).await,
        30,
    );
    let answer = login_from(&stage, "2001:db8:1:2:ffff::9", "alice", PASSWORD).await;
    assert_eq!(answer.status, 200);
}

#[rocket::async_test]
async fn a_network_is_known_for_ninety_days() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for (days, status) in [(90, 200), (90, 200), (91, 429)] {
        stage.clock.advance(days * DAY);
        fail(&stage, STRANGER, "alice", 5).await;
        let answer = login_from(&stage, PEER, "alice", PASSWORD).await;
        assert_eq!(answer.status, status, "{days}");
    }
}

#[rocket::async_test]
async fn a_refresh_from_elsewhere_makes_no_network_known() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let body = serde_json::json!({"refresh_token": pair.refresh});
    let call = stage.request(rocket::http::Method::Post, "/api/auth/refresh");
    let stolen = call.peer("192.0.2.9").json(body.to_string()).send().await;
    assert_eq!(stolen.status, 200);
    fail(&stage, STRANGER, "alice", 5).await;
    is_held(
        &login_from(&stage, "192.0.2.9", "alice", PASSWORD).await,
        30,
    );
}

#[rocket::async_test]
async fn the_last_twenty_networks_of_a_user_are_known() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for number in 1..=20 {
        stage.clock.advance(SECOND);
        let address = format!("192.0.2.{number}");
        assert_eq!(
            login_from(&stage, &address, "alice", PASSWORD).await.status,
            200
        );
    }
    assert_eq!(stage.number("SELECT count(*) FROM known_networks"), 20);
    fail(&stage, STRANGER, "alice", 5).await;
    is_held(&login_from(&stage, PEER, "alice", PASSWORD).await, 30);
    assert_eq!(
        login_from(&stage, "192.0.2.1", "alice", PASSWORD)
            .await
            .status,
        200
    );
}
