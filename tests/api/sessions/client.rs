//! Whose address a session row shows: a stranger is believed nothing, a trusted proxy what it appended.

use hub::types::proxies::TrustedProxies;
use rocket::http::Method;
use serde_json::json;

use crate::stage::{PASSWORD, PEER, Stage};

/// Signs in with these headers and tells which address the session and its audit row have.
async fn address(stage: &Stage, peer: &str, headers: &[(&str, &str)]) -> String {
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    let mut call = stage.request(Method::Post, "/api/auth/login").peer(peer);
    for (name, value) in headers {
        call = call.header(name, value);
    }
    let pair = call.json(body).send().await.pair();
    let answer = stage
        .ask(Method::Get, "/api/auth/sessions", &pair.access)
        .await;
    let sessions = answer.json()["sessions"].clone();
    let current = sessions.as_array().expect("a list").iter();
    let current = current.clone().find(|session| session["current"] == true);
    let shown = current.expect("this one")["ip"]
        .as_str()
        .expect("a text")
        .to_owned();
    let told = stage.audit().last().expect("a row").address.clone();
    assert_eq!(told.as_deref(), Some(shown.as_str()));
    shown
}

#[rocket::async_test]
async fn what_a_stranger_writes_about_its_address_changes_nothing() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for header in [
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-For", "127.0.0.1, 10.0.0.1"),
        ("X-Real-IP", "10.0.0.1"),
        ("Forwarded", "for=10.0.0.1"),
        ("X-Client-IP", "10.0.0.1"),
        ("CF-Connecting-IP", "10.0.0.1"),
        ("True-Client-IP", "10.0.0.1"),
    ] {
        assert_eq!(address(&stage, PEER, &[header]).await, PEER, "{header:?}");
    }
    let mapped = address(&stage, "::ffff:203.0.113.7", &[]).await;
    assert_eq!(mapped, PEER);
}

#[rocket::async_test]
async fn a_trusted_proxys_list_is_read_from_its_end() {
    let stage = Stage::with(&[("trusted_proxies", "10.0.0.0/8, 2001:db8::/32")]).await;
    stage.register("alice").await;
    for (peer, forwarded, client) in [
        ("10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", vec!["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        (
            "10.0.0.1",
            vec!["1.1.1.1", "198.51.100.7, 10.2.3.4"],
            "198.51.100.7",
        ),
        ("10.0.0.1", vec!["1.1.1.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", vec![], "10.0.0.1"),
        ("2001:db8::1", vec!["198.51.100.7"], "198.51.100.7"),
        (PEER, vec!["198.51.100.7"], PEER),
    ] {
        let headers: Vec<_> = forwarded
            .iter()
            .map(|value| ("X-Forwarded-For", *value))
            .collect();
        assert_eq!(
            address(&stage, peer, &headers).await,
            client,
            "{peer} {forwarded:?}"
        );
    }
    for header in [
        ("X-Real-IP", "198.51.100.7"),
        ("Forwarded", "for=198.51.100.7"),
    ] {
        assert_eq!(address(&stage, "10.0.0.1", &[header]).await, "10.0.0.1");
    }
}

#[rocket::async_test]
async fn proxies_trusted_while_running_count_from_the_next_request_on() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let header = [("X-Forwarded-For", "198.51.100.7")];
    assert_eq!(address(&stage, "10.0.0.1", &header).await, "10.0.0.1");
    let network = "10.0.0.0/8".parse().expect("a network");
    stage
        .hub()
        .trust()
        .set(TrustedProxies::new(vec![network], false));
    assert_eq!(address(&stage, "10.0.0.1", &header).await, "198.51.100.7");
}
