//! Who may read the feed: made, listed and revoked beside a running server, and whose token is good when the key was replaced.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::revocations::reader::{Reader, ask};
use crate::stage::{Server, Stage};

fn status(server: &Server, token: &str) -> (u16, String) {
    let path = "/api/auth/revocations";
    let reader = Reader::of(ask(server.address, token, path, "Connection: close\r\n"));
    let status = reader.head[9..12].parse().unwrap();
    let rest = if status == 200 {
        String::new()
    } else {
        format!("{}{}", reader.head.clone(), reader.rest())
    };
    (status, rest)
}

#[test]
fn a_service_is_added_listed_and_revoked_and_its_stream_ends_within_a_second() {
    let stage = Stage::new();
    let server = stage.serve();
    let token = stage.run(&["service", "add", "Shop.eu-1"]).good();
    let token = token.trim();
    assert!(token.starts_with("hubsvc_1_"), "a token");
    stage.run(&["service", "add", "shop.EU-1"]).failed(1);
    stage.run(&["service", "add", "a b"]);
    let listed = stage.run(&["service", "list", "--json"]).json();
    let made_at = listed[0]["made_at"].clone();
    assert_eq!(
        listed,
        json!([{"id": 1, "name": "Shop.eu-1", "made_at": made_at, "last_used_at": null, "key": 1, "needs_new_token": false}])
    );

    let mut reader = Reader::open(&server, token, None);
    reader.named("ready");
    let listed = stage.run(&["service", "list"]).good();
    assert!(
        listed.contains("Shop.eu-1") && listed.contains("good"),
        "{listed}"
    );
    let used = stage.run(&["service", "list", "--json"]).json();
    assert!(used[0]["last_used_at"].is_string(), "{used}");

    // It opens nothing else.
    for (request, expected) in [
        ("GET /api/auth/validate", 401),
        ("GET /api/auth/me", 401),
        ("GET /api/auth/sessions", 401),
        ("POST /api/auth/logout", 401),
    ] {
        let (status, body) = server.ask(request, token, &Value::Null);
        assert_eq!((status, &body["code"]), (expected, &json!("invalid_token")));
    }
    let (status_of_text, _) = server.refresh(token);
    assert_eq!(status_of_text, 401);

    let told = stage.run(&["service", "revoke", "shop.eu-1"]).good();
    let since = Instant::now();
    assert!(
        told.starts_with("revoked service 1 Shop.eu-1 in "),
        "{told}"
    );
    assert_eq!(reader.next(), None);
    assert!(
        since.elapsed() < Duration::from_secs(1),
        "{:?}",
        since.elapsed()
    );
    let (refused, answer) = status(&server, token);
    assert_eq!(refused, 401, "{answer}");
    assert!(
        answer.ends_with("{\"error\":\"Invalid or expired token\",\"code\":\"invalid_token\"}"),
        "{answer}"
    );
    stage.run(&["service", "revoke", "shop.eu-1"]).failed(1);

    // The same name again is another account with another token.
    let again = stage.run(&["service", "add", "shop.eu-1"]).good();
    assert!(again.starts_with("hubsvc_2_"));
    assert_eq!(status(&server, token).0, 401);
    assert_eq!(status(&server, again.trim()).0, 200);
    let audit = stage.run(&["audit", "list", "--json"]).good();
    let (_, _, log) = server.stop();
    for text in [&audit, &log] {
        assert!(!text.contains("hubsvc_"), "{text}");
    }
    let count = |action: &str| audit.matches(action).count();
    assert_eq!((count("service.add"), count("service.revoke")), (2, 1));
    for file in ["hub.db", "hub.db-wal"] {
        let held = fs::read(stage.data().join(file)).unwrap_or_default();
        let secret = token.rsplit('_').next().unwrap().as_bytes();
        assert!(!held.windows(secret.len()).any(|bytes| bytes == secret));
    }
}

#[test]
fn a_replaced_key_goes_on_to_prove_its_services_until_its_line_is_gone() {
    let stage = Stage::new();
    let server = stage.serve();
    let old = stage.run(&["service", "add", "old"]).good();
    stage.run(&["key", "rotate", "--yes"]).good();
    let new = stage.run(&["service", "add", "new"]).good();
    let keys = |listed: &Value| [&listed[0], &listed[1]].map(|one| one["key"].clone());
    let listed = stage.run(&["service", "list", "--json"]).json();
    assert_eq!(keys(&listed), [2, 1]);
    // The running server takes the new key up by itself.
    assert_eq!(status(&server, new.trim()).0, 200);
    assert_eq!(status(&server, old.trim()).0, 200);
    assert_eq!(server.stop().0, 0);

    // The old key is over for everything that expires, and somebody takes its line out.
    let long_ago = "UPDATE keys SET replaced_at = replaced_at - 10000000000000 WHERE id = 1";
    stage.connection().execute_batch(long_ago).unwrap();
    let server = stage.serve();
    assert_eq!(status(&server, old.trim()).0, 200);
    assert_eq!(server.stop().0, 0);
    let file = stage.data().join("secret.key");
    let lines = fs::read_to_string(&file).unwrap();
    let (_, last) = lines.trim_end().rsplit_once('\n').unwrap();
    fs::write(&file, format!("{last}\n")).unwrap();
    let server = stage.serve();
    assert_eq!(status(&server, old.trim()).0, 401);
    assert_eq!(status(&server, new.trim()).0, 200);
    let listed = stage.run(&["service", "list"]).good();
    assert_eq!(listed.matches("needs a new one").count(), 1, "{listed}");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_reader_for_whom_there_is_no_place_is_told_when_to_come_back() {
    let mut stage = Stage::new();
    // A small door has room for one.
    let small = ("HUB_FRONT__MAX_CONNECTIONS", "4".to_owned());
    stage.environment.push(small);
    let server = stage.serve();
    let token = stage.run(&["service", "add", "shop"]).good();
    let mut reader = Reader::open(&server, token.trim(), None);
    reader.named("ready");
    let (refused, answer) = status(&server, token.trim());
    assert_eq!(refused, 503, "{answer}");
    assert!(answer.contains("retry-after: 30\r\n"), "{answer}");
    assert!(answer.contains("\"code\":\"unavailable\""), "{answer}");
    drop(reader);
    // The place is free as soon as the server has noticed.
    let freed = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        status(&server, token.trim()).0 == 200
    });
    assert!(freed);
    assert_eq!(server.stop().0, 0);
}
