//! Which peers are proxies, and what the log is told of one that nobody named: everybody behind it shares one limit.

use hub::http::client::is_trusted_proxy;
use rocket::http::Method;

use crate::stage::{Stage, config};

/// Addresses of this test alone: those that run beside it write into the same log.
const PROXY: &str = "192.0.2.251";
const NAMED: &str = "192.0.2.252";

/// How often the log was told of a peer.
fn told(stage: &Stage, peer: &str) -> usize {
    stage.watch.logged(&[
        " WARN ",
        "X-Forwarded-For comes from a peer that is not trusted",
        &format!("peer={peer}"),
    ])
}

async fn knock(stage: &Stage, peer: &str, forwards: bool) {
    let mut call = stage.request(Method::Post, "/api/auth/refresh").peer(peer);
    if forwards {
        call = call.header("X-Forwarded-For", "198.51.100.7");
    }
    call.json("{}").send().await;
}

#[rocket::async_test]
async fn a_proxy_that_is_not_trusted_is_told_of_once_and_anew_when_others_are_trusted() {
    let named = &[("trusted_proxies", NAMED)];
    let stage = Stage::with(named).await;
    knock(&stage, PROXY, false).await;
    knock(&stage, NAMED, false).await;
    knock(&stage, NAMED, true).await;
    assert_eq!((told(&stage, PROXY), told(&stage, NAMED)), (0, 0));
    for times in 1..=2 {
        for _ in 0..3 {
            knock(&stage, PROXY, true).await;
            assert_eq!(told(&stage, PROXY), times);
        }
        let anew = config(stage.directory.path(), named);
        stage.hub().trust().take_over(&anew);
    }
    assert_eq!(told(&stage, NAMED), 0);
}

#[rocket::async_test]
async fn a_peer_is_a_proxy_for_as_long_as_it_is_trusted() {
    let stage = Stage::with(&[("trusted_proxies", NAMED)]).await;
    let are_trusted = || {
        [PROXY, NAMED].map(|peer| {
            let peer = peer.parse().expect("an address");
            is_trusted_proxy(stage.rocket(), peer)
        })
    };
    assert_eq!(are_trusted(), [false, true]);
    let anew = config(stage.directory.path(), &[("trusted_proxies", PROXY)]);
    stage.hub().trust().take_over(&anew);
    assert_eq!(are_trusted(), [true, false]);
}
