//! What every change leaves in the audit, and that nobody rewrites it unseen.

use hub::features::admin::users::set_active::SetActive;
use hub::features::admin::users::set_role::SetRole;
use hub::store::StoreError;
use hub::store::audit::{self, Chain, Entry};
use hub::types::role::Role;
use rocket::http::Method;

use crate::answer::{Answer, session_of};
use crate::stage::{BEGINNING_MICROS, FIRST, PASSWORD, PEER, SECOND, Stage};

/// A row in the words of a test: action, actor, target, detail.
type Told<'row> = (&'row str, &'row str, Option<&'row str>, Option<&'row str>);

fn told(entry: &Entry) -> Told<'_> {
    (
        &entry.action,
        &entry.actor,
        entry.target.as_deref(),
        entry.detail.as_deref(),
    )
}

/// Exactly these rows are new since `before`, all of them of this answer's request.
#[track_caller]
fn left(stage: &Stage, before: usize, answer: &Answer, expected: &[Told<'_>]) {
    let rows = stage.audit();
    let new = &rows[before..];
    assert_eq!(new.iter().map(told).collect::<Vec<_>>(), expected);
    for row in new {
        assert_eq!(row.request_id.as_deref(), answer.header("X-Request-Id"));
        assert_eq!(row.address.as_deref(), Some(PEER));
    }
}

fn verify(stage: &Stage) -> Chain {
    let read = stage.store.read::<_, StoreError>(audit::verify);
    read.expect("readable")
}

#[rocket::async_test]
async fn a_registration_and_a_sign_in_tell_who_and_which_session() {
    let stage = Stage::new().await;
    let answer = stage
        .register_with("alice", "a@example.com", PASSWORD)
        .await;
    let session = format!("session:{}", session_of(&answer.pair().access));
    let registered = ("user.register", "user:1", Some("user:1"), None);
    let started = ("session.start", "user:1", Some(&*session), Some("user=1"));
    left(&stage, 0, &answer, &[registered, started]);
    assert_eq!(stage.audit()[0].at.micros(), BEGINNING_MICROS);
    let answer = stage.login_with("alice", PASSWORD).await;
    let session = format!("session:{}", session_of(&answer.pair().access));
    let started = ("session.start", "user:1", Some(&*session), Some("user=1"));
    left(&stage, 2, &answer, &[started]);
}

#[rocket::async_test]
async fn a_refused_sign_in_tells_whose_it_was_but_never_what_was_typed() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let canary = "canary-in-the-wrong-field1";
    let unknown = stage.login_with(canary, canary).await;
    let row = (
        "sign_in.refused",
        "anonymous",
        None,
        Some("reason=unknown_name"),
    );
    left(&stage, 2, &unknown, &[row]);
    let wrong = stage.login_with("alice", canary).await;
    let row = (
        "sign_in.refused",
        "anonymous",
        Some("user:1"),
        Some("reason=wrong_password"),
    );
    left(&stage, 3, &wrong, &[row]);
    let no_name = stage.login_with("a b", &"a1".repeat(600)).await;
    let row = (
        "sign_in.refused",
        "anonymous",
        None,
        Some("reason=unknown_name"),
    );
    left(&stage, 4, &no_name, &[row]);
    stage.sql("PRAGMA wal_checkpoint(FULL)");
    let bytes = std::fs::read(stage.place().database()).expect("a file");
    let canary = canary.as_bytes();
    assert!(!bytes.windows(canary.len()).any(|window| window == canary));
}

#[rocket::async_test]
async fn a_locked_out_users_sign_in_leaves_a_row_and_no_session() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let change = SetActive {
        user: FIRST,
        active: false,
        now: stage.now(),
        cause: stage.cause(),
    };
    stage.apply(change).await;
    let rows = stage.audit();
    let row = rows.last().expect("a row");
    assert_eq!(
        told(row),
        ("user.disable", "cli:1000", Some("user:1"), Some("ended=1"))
    );
    assert_eq!((&row.address, &row.request_id), (&None, &None));
    let answer = stage.login_with("alice", PASSWORD).await;
    let row = (
        "sign_in.refused",
        "anonymous",
        Some("user:1"),
        Some("reason=disabled"),
    );
    left(&stage, rows.len(), &answer, &[row]);
    assert_eq!(stage.number("SELECT count(*) FROM sessions"), 1);
}

#[rocket::async_test]
async fn every_ending_of_a_session_leaves_its_row() {
    let stage = Stage::new().await;
    let own = stage.register("alice").await;
    let second = stage.login("alice").await;
    let third = stage.login("alice").await;
    let target = |access: &str| format!("session:{}", session_of(access));
    let before = stage.audit().len();
    let answer = stage
        .ask(Method::Post, "/api/auth/logout", &second.access)
        .await;
    let session = target(&second.access);
    let row = (
        "session.end",
        "user:1",
        Some(&*session),
        Some("reason=signed_out user=1"),
    );
    left(&stage, before, &answer, &[row]);
    let path = format!("/api/auth/sessions/{}", session_of(&third.access));
    let answer = stage.ask(Method::Delete, &path, &own.access).await;
    let session = target(&third.access);
    let row = (
        "session.end",
        "user:1",
        Some(&*session),
        Some("reason=revoked user=1"),
    );
    left(&stage, before + 1, &answer, &[row]);
    let again = stage.ask(Method::Delete, &path, &own.access).await;
    left(&stage, before + 2, &again, &[]);
    let answer = stage
        .ask(Method::Post, "/api/auth/logout-all", &own.access)
        .await;
    let row = (
        "session.end_many",
        "user:1",
        Some("user:1"),
        Some("reason=signed_out_everywhere ended=1"),
    );
    left(&stage, before + 2, &answer, &[row]);
}

#[rocket::async_test]
async fn changes_of_profile_and_password_name_fields_and_never_values() {
    let stage = Stage::new().await;
    let own = stage.register("alice").await;
    stage.login("alice").await;
    let call = stage
        .request(Method::Patch, "/api/auth/me")
        .bearer(&own.access);
    let body = r#"{"bio":"canary","email":"new@example.com","website_url":null,"role":"ADMIN"}"#;
    let answer = call.json(body).send().await;
    let row = (
        "user.update",
        "user:1",
        Some("user:1"),
        Some("fields=bio,website_url,email"),
    );
    left(&stage, 3, &answer, &[row]);
    let answer = stage
        .change_password(&own.access, PASSWORD, "another horse 8")
        .await;
    let row = ("password.change", "user:1", Some("user:1"), Some("ended=1"));
    left(&stage, 4, &answer, &[row]);
}

#[rocket::async_test]
async fn reuse_is_one_row_and_what_changes_nothing_is_none() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    stage.rotate(&first.refresh).await;
    stage.validate(&first.access).await;
    stage.me(&first.access).await;
    stage
        .ask(Method::Get, "/api/auth/sessions", &first.access)
        .await;
    stage.get("/readyz").await;
    stage.refresh("x").await;
    stage.validate("x").await;
    stage
        .register_with("alice", "b@example.com", PASSWORD)
        .await;
    assert_eq!(stage.audit().len(), 2);
    stage.clock.advance(11 * SECOND);
    let answer = stage.refresh(&first.refresh).await;
    let session = format!("session:{}", session_of(&second.access));
    let row = (
        "session.reuse",
        "user:1",
        Some(&*session),
        Some("reason=reuse user=1"),
    );
    left(&stage, 2, &answer, &[row]);
}

#[rocket::async_test]
async fn an_administrators_change_tells_from_what_to_what() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let change = SetRole {
        user: FIRST,
        role: Role::Admin,
        cause: stage.cause(),
    };
    stage.apply(change).await;
    let rows = stage.audit();
    let row = told(rows.last().expect("a row"));
    assert_eq!(
        row,
        (
            "user.role",
            "cli:1000",
            Some("user:1"),
            Some("from=USER to=ADMIN")
        )
    );
}

#[rocket::async_test]
async fn rows_can_be_neither_changed_nor_removed() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let connection = stage.stranger();
    for sql in [
        "UPDATE audit SET actor = 'user:2'",
        "UPDATE audit SET detail = NULL WHERE id = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 2",
        "REPLACE INTO audit SELECT id, at, 'user:2', action, target, address, request_id, detail, hash FROM audit WHERE id = 1",
    ] {
        let before = stage.audit();
        let changed = connection.execute_batch(sql);
        assert!(
            changed.is_err() || matches!(verify(&stage), Chain::Broken { .. }),
            "{sql}"
        );
        if changed.is_err() {
            assert_eq!(stage.audit(), before, "{sql}");
        }
    }
}

#[rocket::async_test]
async fn the_chain_is_whole_and_every_kind_of_tampering_breaks_it_where_it_happened() {
    for (tampering, broken_at) in [
        ("UPDATE audit SET actor = 'user:9' WHERE id = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE id = 2", 2),
        ("UPDATE audit SET detail = '' WHERE id = 1", 1),
        ("UPDATE audit SET target = NULL WHERE id = 4", 4),
        ("UPDATE audit SET address = '198.51.100.1' WHERE id = 2", 2),
        ("UPDATE audit SET request_id = NULL WHERE id = 2", 2),
        ("UPDATE audit SET hash = zeroblob(32) WHERE id = 5", 5),
        ("DELETE FROM audit WHERE id = 2", 2),
        ("DELETE FROM audit WHERE id = 1", 1),
        ("UPDATE audit SET id = id + 100 WHERE id = 4", 4),
    ] {
        let stage = Stage::new().await;
        stage.register("alice").await;
        for _ in 0..4 {
            stage.login("alice").await;
        }
        let Chain::Whole { rows, head } = verify(&stage) else {
            panic!("whole")
        };
        assert_eq!((rows, head), (6, stage.audit()[5].hash));
        stage.sql("DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete");
        stage.sql(tampering);
        assert_eq!(
            verify(&stage),
            Chain::Broken { at: broken_at },
            "{tampering}"
        );
    }
}
