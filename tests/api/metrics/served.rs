//! Who may read `/metrics`, and what stands in it.

use std::collections::BTreeSet;

use hub::types::time::Clock;
use rocket::http::Method;

use super::{TOKEN, scrape, stage, text};
use crate::answer::session_of;
use crate::stage::{PASSWORD, Stage};

#[rocket::async_test]
async fn without_a_setting_there_are_no_metrics_and_nothing_says_that_there_could_be() {
    let stage = Stage::new().await;
    let unknown = stage.get("/unknown").await;
    for method in [Method::Get, Method::Post] {
        let answer = stage.ask(method, "/metrics", TOKEN).await;
        answer.is_error(404, "Not found", "not_found");
        assert_eq!(answer.body, unknown.body);
    }
}

#[rocket::async_test]
async fn only_the_token_opens_them() {
    let stage = stage().await;
    let answer = stage.get("/metrics").await;
    answer.is_error(
        401,
        "Authorization header required",
        "authorization_required",
    );
    assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer"));
    let pair = stage.register("alice").await;
    let longer = format!("{TOKEN}x");
    for wrong in [&TOKEN[1..], &longer, &TOKEN.to_uppercase(), &pair.access] {
        let answer = stage.ask(Method::Get, "/metrics", wrong).await;
        answer.is_error(401, "Not the token for the metrics", "invalid_token");
        answer.tells_nothing();
    }
    // Of two headers nobody knows which one a proxy has checked.
    let call = stage.request(Method::Get, "/metrics").bearer(TOKEN);
    assert_eq!(call.bearer(TOKEN).send().await.status, 401);
    let answer = stage.ask(Method::Get, "/metrics", TOKEN).await;
    assert_eq!(answer.status, 200);
    let kind = answer.header("Content-Type");
    assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
}

#[rocket::async_test]
async fn the_text_follows_the_rules_of_names_and_tells_of_everything() {
    let stage = stage().await;
    let pair = stage.register("alice").await;
    stage.rotate(&pair.refresh).await;
    let told = scrape(&stage).await;
    for (name, kind) in &told.families {
        let known = ["hub_", "process_"]
            .iter()
            .any(|known| name.starts_with(known));
        assert!(known, "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
    }
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(told.value("hub_build_info", &version), 1);
    assert_eq!(told.value("hub_users", &[]), 1);
    assert_eq!(told.value("hub_sessions", &[("state", "live")]), 1);
    assert_eq!(told.value("hub_database_trusted", &[]), 1);
    assert_eq!(told.value("hub_backup_interval_seconds", &[]), 86_400);
    assert_eq!(
        told.value("hub_backup_last_success_timestamp_seconds", &[]),
        0
    );
    for positive in [
        "hub_database_size_bytes",
        "hub_database_wal_size_bytes",
        "hub_disk_free_bytes",
        "hub_disk_size_bytes",
        "hub_hashing_queue_limit",
        "hub_hashing_threads",
        "hub_writer_queue_limit",
        "hub_writer_batch_changes_count",
        "hub_writer_commit_duration_seconds_count",
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
    ] {
        assert!(told.value(positive, &[]) > 0, "{positive}");
    }
    for none in [
        "hub_writer_failed_commits_total",
        "hub_writer_refused_changes_total",
        "hub_writer_waiting_changes",
        "hub_housekeeping_failures_total",
        "hub_housekeeping_last_success_timestamp_seconds",
    ] {
        let family = none.to_owned();
        assert!(told.families.contains_key(&family), "{none}");
        assert_eq!(told.value(none, &[]), 0, "{none}");
    }
}

#[rocket::async_test]
async fn requests_count_for_their_routes_pattern_and_their_status() {
    let stage = stage().await;
    let pair = stage.register("alice").await;
    let session = session_of(&pair.access);
    let own = format!("/api/auth/sessions/{session}");
    stage.ask(Method::Delete, &own, &pair.access).await;
    stage.ask(Method::Delete, &own, &pair.access).await;
    stage.get("/private/thing?token=s3cret").await;
    stage.request(Method::Put, "/private/thing").send().await;
    let told = scrape(&stage).await;
    let count = |method, route, status| {
        let labels = [("method", method), ("route", route), ("status", status)];
        told.value("hub_http_requests_total", &labels)
    };
    assert_eq!(count("POST", "/api/auth/register", "201"), 1);
    assert_eq!(count("DELETE", "/api/auth/sessions/<id>", "200"), 1);
    assert_eq!(count("DELETE", "/api/auth/sessions/<id>", "401"), 1);
    assert_eq!(count("GET", "(none)", "404"), 1);
    assert_eq!(count("PUT", "(none)", "404"), 1);
    let timed = [("method", "DELETE"), ("route", "/api/auth/sessions/<id>")];
    let timed = told.value("hub_http_request_duration_seconds_count", &timed);
    assert_eq!(timed, 2);
    // The scrape before this one was counted, too.
    let again = scrape(&stage).await;
    let labels = [("route", "/metrics"), ("status", "200")];
    assert_eq!(again.value("hub_http_requests_total", &labels), 1);
}

#[rocket::async_test]
async fn nobody_stands_in_a_label_and_no_secret_in_the_text() {
    let stage = stage().await;
    let pair = stage.register("johndoe123").await;
    stage.rotate(&pair.refresh).await;
    stage.login_with("johndoe123", "wrong horse 7").await;
    stage.get("/johndoe123?token=s3cret").await;
    let text = text(&stage).await;
    let session = session_of(&pair.access);
    let secrets = [TOKEN, PASSWORD, &pair.access, &pair.refresh, "s3cret"];
    for nobody in ["johndoe", "example.com", "203.0.113", &session]
        .into_iter()
        .chain(secrets)
    {
        assert!(!text.contains(nobody), "{nobody}");
    }
    let told = super::exposition::Exposition::parse(&text);
    let labels: BTreeSet<_> = told
        .samples
        .iter()
        .flat_map(|sample| sample.labels.keys())
        .map(String::as_str)
        .collect();
    let known = [
        "by", "case", "le", "method", "outcome", "reason", "route", "schema", "sqlite", "state",
        "status", "tries", "version", "way",
    ];
    assert_eq!(labels, known.into());
    let routes: BTreeSet<_> = stage.routes().into_iter().map(|(_, path)| path).collect();
    for route in told
        .samples
        .iter()
        .filter_map(|sample| sample.labels.get("route"))
    {
        assert!(route == "(none)" || routes.contains(route), "{route}");
    }
    let shown = format!("{:?}", stage.hub().config);
    assert!(shown.contains("MetricsToken(redacted)"));
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[rocket::async_test]
async fn a_scrape_asks_nothing_of_the_writer_and_leaves_no_trace() {
    let stage = stage().await;
    stage.register("alice").await;
    let before = scrape(&stage).await;
    let rows = stage.audit().len();
    for _ in 0..10 {
        text(&stage).await;
    }
    let after = scrape(&stage).await;
    for name in [
        "hub_writer_batch_changes_count",
        "hub_writer_batch_changes_sum",
    ] {
        assert_eq!(after.value(name, &[]), before.value(name, &[]), "{name}");
    }
    assert_eq!(stage.audit().len(), rows);
}

#[rocket::async_test]
async fn a_database_that_cannot_be_read_takes_nothing_else_away() {
    let stage = stage().await;
    stage.register("alice").await;
    stage.sql("ALTER TABLE session_tally RENAME TO gone");
    let told = scrape(&stage).await;
    assert!(!told.families.contains_key("hub_sessions"));
    assert_eq!(told.value("hub_users", &[]), 1);
    assert!(told.families.contains_key("hub_refreshes_total"));
    stage.sql("ALTER TABLE gone RENAME TO session_tally");
    assert!(scrape(&stage).await.families.contains_key("hub_sessions"));
}

#[rocket::async_test]
async fn the_housekeeping_and_failed_commits_are_told() {
    use hub::features::housekeeping::run::Housekeeping;

    let stage = stage().await;
    stage.register("alice").await;
    let housekeeping = Housekeeping::of(stage.hub());
    housekeeping.run().await.expect("kept");
    let now = stage.clock.now().wall.seconds();
    let told = scrape(&stage).await;
    let last = told.value("hub_housekeeping_last_success_timestamp_seconds", &[]);
    assert_eq!(i64::try_from(last), Ok(now));
    stage.sql("ALTER TABLE lived RENAME TO gone");
    housekeeping.run().await.expect_err("cut off");
    let told = scrape(&stage).await;
    assert_eq!(told.value("hub_housekeeping_failures_total", &[]), 1);
    stage.sql("ALTER TABLE gone RENAME TO lived");
}
