//! What the feed's rows are written by, and readers that are cut off.

use std::time::Duration;

use hub::front::{self, Limits};
use hub::hub::Place;
use hub::types::time::HandClock;
use hub::types::time::Timestamp;
use rocket::http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::browsing::Browser;
use crate::stage::{BEGINNING_MICROS, SEED, Stage, config, open};
use hub::features::admin::services::add::{AddService, token};
use hub::types::cause::{Actor, Cause};
use hub::types::role::Role;
use hub::types::service_name::ServiceName;

fn told(stage: &Stage) -> i64 {
    stage.number("SELECT max(id) FROM revocations")
}

#[rocket::async_test]
async fn a_rotation_a_sign_in_and_a_refused_request_tell_nothing() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let before = told(&stage);
    let pair = stage.rotate(&pair.refresh).await;
    stage.login("alice").await;
    stage.login_with("alice", "wrong horse 7").await;
    stage.validate(&pair.access).await;
    assert_eq!(stage.validate("nonsense").await.status, 401);
    assert_eq!(told(&stage), before);
}

#[rocket::async_test]
async fn whatever_an_answer_shows_of_a_user_is_told_when_it_changes() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    for set in [
        "username = 'alina', username_key = 'alina'",
        "email = 'a@example.com', email_key = 'a@example.com'",
        "email_verified = 1",
        "bio = 'x'",
        "profile_photo_url = 'https://a/'",
        "website_url = 'https://a/'",
        "updated_at = updated_at + 1",
        "role = 'ADMIN'",
        "premium_tier = 'GOLD'",
        "is_active = 0",
        "is_active = 1",
    ] {
        let before = told(&stage);
        for (times, expected) in [(1, before + 1), (2, before + 1)] {
            stage.sql(&format!("UPDATE users SET {set} WHERE id = 1"));
            let moved = if set.contains("updated_at") {
                times - 1
            } else {
                0
            };
            assert_eq!(told(&stage), expected + moved, "{set}");
        }
    }
    let before = told(&stage);
    for hidden in ["password_hash = 'x'", "signed_in_at = 7"] {
        stage.sql(&format!("UPDATE users SET {hidden} WHERE id = 1"));
    }
    assert_eq!(told(&stage), before);
    stage.sql("DELETE FROM users WHERE id = 1");
    assert_eq!(told(&stage), before + 1);
}

#[rocket::async_test]
async fn what_is_rolled_back_leaves_no_gap() {
    let stage = Stage::new().await;
    let before = told(&stage);
    stage.sql("BEGIN; INSERT INTO revocations (kind) VALUES ('reset'); ROLLBACK");
    stage.sql("INSERT INTO revocations (kind) VALUES ('reset')");
    assert_eq!(told(&stage), before + 1);
}

#[rocket::async_test]
async fn a_users_token_and_no_token_are_told_nothing() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.register_as("root", Role::SuperAdmin).await;
    let root = stage.login("root").await;
    let missing = stage.get("/api/auth/revocations").await;
    assert_eq!(missing.status, 401);
    assert_eq!(missing.json()["code"], "authorization_required");
    let forged = format!("hubsvc_1_{}", "0".repeat(64));
    for other in [&pair.access, &pair.refresh, &root.access, &forged] {
        let answer = stage.ask(Method::Get, "/api/auth/revocations", other).await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.json(),
            json!({"error": "Invalid or expired token", "code": "invalid_token"})
        );
    }
}

#[rocket::async_test]
async fn the_page_shows_a_token_once_and_only_after_the_password() {
    let stage = Stage::new().await;
    stage.register_as("root", Role::SuperAdmin).await;
    let root = Browser::of(&stage, "root").await;
    root.get("/admin/services/new").await;
    let wrong = root.post("/admin/services/new", &[("name", "a b")]).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("name has 1 to 64 letters"),
        "{}",
        wrong.body
    );
    let made = root.post("/admin/services/new", &[("name", "shop")]).await;
    assert_eq!(made.status, 200);
    assert_eq!(made.body.matches("hubsvc_1_").count(), 1, "{}", made.body);
    assert_eq!(made.header("Cache-Control"), Some("no-store"));
    let taken = root.post("/admin/services/new", &[("name", "SHOP")]).await;
    assert_eq!(taken.status, 422);
    let list = root.get("/admin/services").await;
    assert!(list.body.contains("shop") && list.body.contains("never"));
    assert!(!list.body.contains("hubsvc_"), "{}", list.body);
    let asked = root.get("/admin/services/1/revoke").await;
    assert!(asked.body.contains("Revoke this service?"));
    assert_eq!(root.post("/admin/services/1/revoke", &[]).await.status, 303);
    assert_eq!(root.post("/admin/services/1/revoke", &[]).await.status, 404);
    assert_eq!(root.get("/admin/services/01/revoke").await.status, 404);
    assert_eq!(
        root.get("/admin/services")
            .await
            .body
            .matches("<tr>")
            .count(),
        0
    );
}

#[rocket::async_test]
async fn who_was_a_superadmin_makes_no_service_any_more() {
    let stage = Stage::new().await;
    let admin = stage.register_as("admin", Role::Admin).await;
    let cause = Cause {
        actor: Actor::User(admin),
        ..stage.cause()
    };
    let name = ServiceName::parse("shop").expect("a name");
    let change = AddService::new(stage.hub(), name, cause);
    assert!(stage.store.write(change).await.is_err());
    assert_eq!(stage.number("SELECT count(*) FROM service_accounts"), 0);
}

/// A door that lets a reader take nothing for half a second only, with room for one reader.
#[rocket::async_test(flavor = "multi_thread")]
async fn a_reader_that_takes_nothing_is_cut_off_and_its_place_is_free() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = config(directory.path(), &[("front.max_connections", "4")]);
    let clock = std::sync::Arc::new(HandClock::at(Timestamp::from_micros(BEGINNING_MICROS)));
    let hub = open(config, clock, SEED).await.expect("a hub");
    let no_templates = Place::new(directory.path()).no_templates();
    std::fs::create_dir_all(no_templates).expect("a directory");
    let cause = Cause::here(Actor::System, hub.clock.now());
    let name = ServiceName::parse("shop").expect("a name");
    let account = hub.store.write(AddService::new(&hub, name, cause)).await;
    let token = token(&hub, &account.expect("made")).expect("a token");
    let first = hub
        .store
        .read(hub::features::revocations::store::last)
        .expect("a row");
    hub.store.write(Fill).await.expect("filled");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let limits = Limits {
        write_stall_deadline: Duration::from_millis(500),
        ..Limits::default()
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        let stop = async { drop(stopped.await) };
        front::serve(listener, hub::build(hub), limits, stop).await
    });
    let head = format!(
        "GET /api/auth/revocations HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nLast-Event-ID: {first}\r\n\r\n",
        token.reveal()
    );
    let status = async || {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.expect("a status");
        (String::from_utf8_lossy(&status).into_owned(), stream)
    };
    let (begun, _stalled) = status().await;
    assert_eq!(begun, "HTTP/1.1 200");
    assert_eq!(status().await.0, "HTTP/1.1 503");
    // Cut off after half a second: its place is another's.
    let mut is_free = false;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if status().await.0 == "HTTP/1.1 200" {
            is_free = true;
            break;
        }
    }
    assert!(is_free);
    stop.send(()).expect("served");
    let drained = served.await.expect("no panic").expect("served");
    assert_eq!(drained.cut, 0);
}

/// More than any socket takes: 12 MiB.
struct Fill;

impl hub::store::Change for Fill {
    type Outcome = ();
    type Error = hub::store::StoreError;

    fn apply(self, tx: &hub::store::Tx<'_>) -> Result<(), hub::store::StoreError> {
        tx.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90000)
             INSERT INTO revocations (kind, session_id, user_id, what, at)
             SELECT 'session', i, 2, 'revoked', 0 FROM n",
            &[],
        )?;
        Ok(())
    }
}
