//! Tries that are held back: by account, by network, by session.

mod account;
mod exempt;
mod guessing;
mod network;
mod owner;
mod proofs;
mod proxy;
mod restart;

use rocket::http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::stage::Stage;

/// A network that nobody signed in from.
const STRANGER: &str = "198.51.100.7";
const WRONG: &str = "wrong horse 7";

/// A sign-in from an address.
async fn login_from(stage: &Stage, address: &str, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    let call = stage.request(Method::Post, "/api/auth/login").peer(address);
    call.json(body.to_string()).send().await
}

/// So many wrong passwords, each judged.
async fn fail(stage: &Stage, address: &str, name: &str, times: usize) {
    for _ in 0..times {
        let answer = login_from(stage, address, name, WRONG).await;
        answer.is_error(401, "Invalid credentials", "invalid_credentials");
    }
}

/// It was not judged, and is not before so many seconds.
#[track_caller]
fn is_held(answer: &Answer, seconds: u32) {
    answer.is_error(429, "Too many requests", "too_many_requests");
    let told = answer.header("Retry-After").map(str::to_owned);
    assert_eq!(told, Some(seconds.to_string()));
}
