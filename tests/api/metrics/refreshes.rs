//! Each case of the session machine moves its own count, and no other.

use std::collections::BTreeMap;
use std::time::Duration;

use hub::hub::counts::Refresh;

use super::{scrape, stage};
use crate::stage::{DAY, SECOND, Stage};

/// Every outcome's count, as the scrape tells it.
async fn told(stage: &Stage) -> BTreeMap<(String, String), u64> {
    let exposition = scrape(stage).await;
    let refreshes = exposition
        .samples
        .iter()
        .filter(|sample| sample.name == "hub_refreshes_total");
    refreshes
        .map(|sample| {
            let label = |name: &str| sample.labels[name].clone();
            ((label("case"), label("outcome")), sample.value)
        })
        .collect()
}

/// A refresh with this token moves the count of this outcome alone.
#[track_caller]
fn moved(
    before: &BTreeMap<(String, String), u64>,
    after: &BTreeMap<(String, String), u64>,
    expected: Refresh,
) {
    let (case, outcome) = expected.told();
    for (key, count) in after {
        let is_expected = *key == (case.to_owned(), outcome.to_owned());
        assert_eq!(*count, before[key] + u64::from(is_expected), "{key:?}");
    }
}

async fn refresh(stage: &Stage, token: &str, status: u16, expected: Refresh) -> String {
    let before = told(stage).await;
    let answer = stage.refresh(token).await;
    assert_eq!(answer.status, status, "{expected:?}: {}", answer.body);
    moved(&before, &told(stage).await, expected);
    answer.body
}

#[rocket::async_test]
async fn every_outcome_is_told_from_the_start() {
    let stage = stage().await;
    let told = told(&stage).await;
    assert_eq!(told.len(), Refresh::ALL.len());
    assert!(told.values().all(|count| *count == 0));
}

#[rocket::async_test]
async fn what_is_not_judged_is_counted_by_why() {
    let stage = stage().await;
    for body in [r#"{"other": 1}"#, "[", "[]"] {
        let before = told(&stage).await;
        let call = stage.request(rocket::http::Method::Post, "/api/auth/refresh");
        assert_eq!(call.json(body).send().await.status, 400);
        moved(&before, &told(&stage).await, Refresh::Missing);
    }
    refresh(&stage, "not.a.token", 401, Refresh::Invalid).await;
    let pair = stage.register("alice").await;
    refresh(&stage, &pair.access, 401, Refresh::Invalid).await;
    stage.clock.advance(31 * DAY);
    refresh(&stage, &pair.refresh, 401, Refresh::Expired).await;
}

#[rocket::async_test]
async fn tokens_that_no_session_carries_are_counted_by_why() {
    let stage = stage().await;
    let pair = stage.register("alice").await;
    stage.sql("UPDATE sessions SET salt = zeroblob(16)");
    refresh(&stage, &pair.refresh, 401, Refresh::Unknown).await;
    stage.sql("DELETE FROM sessions");
    refresh(&stage, &pair.refresh, 401, Refresh::Unknown).await;
    let pair = stage.login("alice").await;
    stage.sql("UPDATE sessions SET ends_at = created_at + 1");
    stage.clock.advance(SECOND);
    refresh(&stage, &pair.refresh, 401, Refresh::SessionExpired).await;
    let pair = stage.login("alice").await;
    stage.sql("UPDATE users SET is_active = 0");
    refresh(&stage, &pair.refresh, 401, Refresh::UserDisabled).await;
    refresh(&stage, &pair.refresh, 401, Refresh::Ended).await;
    stage.sql("PRAGMA foreign_keys = OFF; DELETE FROM users");
    refresh(&stage, &pair.refresh, 401, Refresh::UserGone).await;
}

#[rocket::async_test]
async fn each_verdict_of_the_machine_is_counted_as_that() {
    let stage = stage().await;
    let first = stage.register("alice").await;
    refresh(&stage, &first.refresh, 200, Refresh::Rotate).await;
    let second = stage.rotate(&first.refresh).await;
    refresh(&stage, &first.refresh, 200, Refresh::Retry).await;
    refresh(&stage, &second.refresh, 200, Refresh::Settle).await;
    for _ in 0..17 {
        stage.rotate(&first.refresh).await;
    }
    refresh(&stage, &first.refresh, 401, Refresh::WornOut).await;
    // After twenty answers it settles no more.
    refresh(&stage, &second.refresh, 200, Refresh::Rotate).await;
    refresh(&stage, &first.refresh, 200, Refresh::Straggler).await;
    stage.clock.reboot();
    refresh(&stage, &second.refresh, 401, Refresh::Unsure).await;
    stage.clock.advance(10 * SECOND);
    stage.clock.advance(Duration::from_micros(1));
    refresh(&stage, &first.refresh, 401, Refresh::Reuse).await;
    let first = stage.login("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.sql("UPDATE sessions SET generation = 1, previous_at = NULL, previous_steady = NULL, previous_boot = NULL WHERE end_reason IS NULL");
    refresh(&stage, &second.refresh, 401, Refresh::Ahead).await;
}

#[rocket::async_test]
async fn what_was_held_back_or_failed_is_counted_as_that() {
    let stage = stage().await;
    let pair = stage.register("alice").await;
    let outside = stage.stranger();
    let rename = |from, to| outside.execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}"));
    rename("sessions", "away").expect("renamed");
    refresh(&stage, &pair.refresh, 500, Refresh::Failed).await;
    rename("away", "sessions").expect("renamed");
    let mut last = pair.refresh;
    // The one that failed counts among the sixty.
    for _ in 0..59 {
        last = stage.rotate(&last).await.refresh;
    }
    refresh(&stage, &last, 429, Refresh::Throttled).await;
    let exposition = scrape(&stage).await;
    let by_session = [("by", "session"), ("tries", "refresh")];
    assert!(exposition.value("hub_throttled_total", &by_session) >= 1);
}
