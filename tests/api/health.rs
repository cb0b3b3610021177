//! `/api/status`, `/healthz`, `/readyz`.

use crate::stage::Stage;

#[rocket::async_test]
async fn status_tells_the_version() {
    let stage = Stage::new().await;
    let body = format!(
        r#"{{"status":"ok","version":"{}"}}"#,
        env!("CARGO_PKG_VERSION")
    );
    stage.get("/api/status").await.is(200, &body);
}

#[rocket::async_test]
async fn healthz_says_that_the_process_lives() {
    let stage = Stage::new().await;
    stage.get("/healthz").await.is(200, r#"{"status":"ok"}"#);
}

#[rocket::async_test]
async fn readyz_proves_that_a_write_went_to_disk_and_leaves_no_audit_row() {
    let stage = Stage::new().await;
    stage.get("/readyz").await.is(200, r#"{"status":"ready"}"#);
    let probed = stage.number("SELECT probed_at FROM hub WHERE id = 1");
    assert_eq!(probed, crate::stage::BEGINNING_MICROS);
    assert_eq!(stage.audit(), []);
}

#[rocket::async_test]
async fn a_store_that_takes_no_writes_is_not_ready_but_alive() {
    let stage = Stage::new().await;
    stage.sql("ALTER TABLE hub RENAME TO gone");
    let answer = stage.get("/readyz").await;
    answer.is_error(503, "Service temporarily unavailable", "unavailable");
    answer.tells_nothing();
    stage.get("/healthz").await.is(200, r#"{"status":"ok"}"#);
    stage.sql("ALTER TABLE gone RENAME TO hub");
    stage.get("/readyz").await.is(200, r#"{"status":"ready"}"#);
}
