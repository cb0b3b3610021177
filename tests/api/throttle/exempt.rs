//! `HUB_THROTTLE_EXEMPT`: networks that nothing counts, read anew on HUP; and whose address counts behind a proxy.

use rocket::http::Method;
use serde_json::json;

use super::{STRANGER, WRONG, fail, is_held, login_from};
use crate::stage::{PASSWORD, PEER, Stage, config};

#[rocket::async_test]
async fn an_exempt_network_is_judged_every_time_and_counts_for_nobody() {
    let stage = Stage::with(&[("throttle_exempt", "198.51.100.0/24")]).await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 100).await;
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 0);
    assert_eq!(
        login_from(&stage, STRANGER, "alice", PASSWORD).await.status,
        200
    );
    assert_eq!(
        login_from(&stage, "192.0.2.1", "alice", PASSWORD)
            .await
            .status,
        200
    );
}

#[rocket::async_test]
async fn others_are_held_back_beside_it() {
    let stage = Stage::with(&[("throttle_exempt", "198.51.100.0/24")]).await;
    stage.register("alice").await;
    fail(&stage, "192.0.2.1", "alice", 5).await;
    is_held(
        &login_from(&stage, "192.0.2.2", "alice", PASSWORD).await,
        30,
    );
    assert_eq!(
        login_from(&stage, STRANGER, "alice", PASSWORD).await.status,
        200
    );
}

#[rocket::async_test]
async fn which_networks_are_exempt_is_read_anew() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    fail(&stage, STRANGER, "alice", 5).await;
    is_held(&login_from(&stage, STRANGER, "alice", WRONG).await, 30);
    let anew = config(stage.directory.path(), &[("throttle_exempt", STRANGER)]);
    stage.hub().trust().take_over(&anew);
    fail(&stage, STRANGER, "alice", 10).await;
    let anew = config(stage.directory.path(), &[]);
    stage.hub().trust().take_over(&anew);
    is_held(&login_from(&stage, STRANGER, "alice", WRONG).await, 30);
}

#[rocket::async_test]
async fn an_address_that_a_stranger_writes_for_themselves_changes_nothing() {
    let stage = Stage::with(&[("throttle_exempt", "10.0.0.0/8")]).await;
    stage.register("alice").await;
    for number in 0..6 {
        let body = json!({"username": "alice", "password": WRONG});
        let mut call = stage
            .request(Method::Post, "/api/auth/login")
            .peer(STRANGER);
        for header in ["X-Forwarded-For", "X-Real-IP"] {
            call = call.header(header, &format!("10.0.0.{number}"));
        }
        let answer = call.json(body.to_string()).send().await;
        assert_eq!(
            answer.status,
            if number < 5 { 401 } else { 429 },
            "{number}"
        );
    }
}

#[rocket::async_test]
async fn behind_a_trusted_proxy_each_client_is_a_network_of_its_own() {
    let stage = Stage::with(&[("trusted_proxies", PEER)]).await;
    let register = |address: &'static str, name: String| {
        let email = format!("{name}@example.com");
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        let call = stage.request(Method::Post, "/api/auth/register");
        let call = call.header("X-Forwarded-For", address);
        call.json(body.to_string()).send()
    };
    for number in 0..20 {
        let answer = register("192.0.2.1", format!("user{number}")).await;
        assert_eq!(answer.status, 201);
    }
    is_held(&register("192.0.2.1", "late".to_owned()).await, 60);
    assert_eq!(register("192.0.2.2", "other".to_owned()).await.status, 201);
}
