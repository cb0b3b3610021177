//! Each outcome of a sign-in moves its own count.

use serde_json::json;

use super::{scrape, stage};
use crate::browsing::Browser;
use crate::stage::{PASSWORD, Stage};

async fn count(stage: &Stage, way: &str, outcome: &str) -> u64 {
    let labels = [("way", way), ("outcome", outcome)];
    scrape(stage).await.value("hub_sign_ins_total", &labels)
}

#[rocket::async_test]
async fn at_the_api_each_outcome_moves_its_own_count() {
    let stage = stage().await;
    stage.register("alice").await;
    for (name, password, status, outcome) in [
        ("alice", PASSWORD, 200, "success"),
        ("alice", "wrong horse 7", 401, "wrong"),
        ("nobody", PASSWORD, 401, "wrong"),
    ] {
        let before = count(&stage, "api", outcome).await;
        let answer = stage.login_with(name, password).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(count(&stage, "api", outcome).await, before + 1);
    }
    stage
        .post("/api/auth/login", &json!({"username": "a"}))
        .await;
    stage.post("/api/auth/login", &json!([])).await;
    assert_eq!(count(&stage, "api", "malformed").await, 2);
    stage.sql("UPDATE users SET is_active = 0");
    assert_eq!(stage.login_with("alice", PASSWORD).await.status, 401);
    assert_eq!(count(&stage, "api", "disabled").await, 1);
    // Five wrong ones in a row are free.
    for _ in 0..6 {
        stage.login_with("nobody", PASSWORD).await;
    }
    assert!(count(&stage, "api", "throttled").await >= 1);
    let by_account = [("by", "account"), ("tries", "failed")];
    let exposition = scrape(&stage).await;
    assert!(exposition.value("hub_throttled_total", &by_account) >= 1);
    assert!(exposition.value("hub_hashing_duration_seconds_count", &[]) >= 4);
    assert_eq!(exposition.value("hub_hashing_waiting", &[]), 0);
    assert_eq!(exposition.value("hub_hashing_under_way", &[]), 0);
}

#[rocket::async_test]
async fn at_the_page_they_are_counted_apart() {
    let stage = stage().await;
    stage.register("alice").await;
    let browser = Browser::new(&stage);
    browser.sign_in("alice", "wrong horse 7").await;
    browser.sign_in("alice", "").await;
    assert_eq!(browser.sign_in("alice", PASSWORD).await.status, 303);
    for (outcome, expected) in [("success", 1), ("wrong", 1), ("malformed", 1)] {
        assert_eq!(
            count(&stage, "browser", outcome).await,
            expected,
            "{outcome}"
        );
        assert_eq!(count(&stage, "api", outcome).await, 0, "{outcome}");
    }
}
