//! Made, listed, changed and deleted beside a running server, which does what they say.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::receiver::Receiver;
use crate::stage::Stage;

/// A data directory whose webhooks may lead to this machine.
pub fn stage() -> Stage {
    let mut stage = Stage::new();
    let networks = ("HUB_WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8".to_owned());
    stage.environment.push(networks);
    stage
}

/// Waits until `hub webhook show` says this of the first delivery it lists.
fn shown(stage: &Stage, standing: &str) -> Value {
    for _ in 0..400 {
        let shown = stage.run(&["webhook", "show", "crm", "--json"]).json();
        if shown["deliveries"][0]["state"] == standing {
            return shown;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no delivery is {standing}");
}

#[test]
fn a_webhook_is_added_tested_disabled_enabled_and_deleted_beside_a_running_server() {
    let stage = stage();
    let receiver = Receiver::new();
    let secret = stage
        .run(&["webhook", "add", "CRM", &receiver.url()])
        .good();
    let secret = secret.trim();
    assert!(secret.starts_with("whsec_"), "a secret");
    stage
        .run(&["webhook", "add", "crm", &receiver.url()])
        .failed(1);
    let refused = stage.run(&["webhook", "add", "b", "https://10.0.0.1/"]);
    assert!(refused.failed(1).contains("a private address"));
    let unknown = ["webhook", "add", "b", "https://a.example/", "--events", "x"];
    assert!(stage.run(&unknown).failed(2).contains("session.started"));
    let server = stage.serve();
    stage.add("bob", "USER");
    let message = receiver.next();
    assert!(message.body.starts_with(r#"{"type":"user.created""#));
    let listed = stage.run(&["webhook", "list", "--json"]).json();
    assert_eq!(listed[0]["name"], "CRM");
    assert_eq!(
        listed[0]["url"],
        json!(format!("http://{}/hook?…", receiver.address))
    );
    assert_eq!(listed[0]["events"].as_array().map(Vec::len), Some(7));
    let table = stage.run(&["webhook", "list"]).good();
    assert!(
        table.contains("CRM") && table.contains("enabled"),
        "{table}"
    );

    stage.run(&["webhook", "test", "crm"]).good();
    assert!(receiver.next().body.contains("webhook.test"));
    let whole = shown(&stage, "delivered");
    assert_eq!(whole["deliveries"][0]["outcome"], "answered 200");
    let text = stage.run(&["webhook", "show", "crm"]).good();
    assert!(
        text.contains("user.created") && text.contains("bob"),
        "{text}"
    );

    stage.run(&["webhook", "disable", "crm"]).good();
    stage.run(&["webhook", "test", "crm"]).failed(1);
    let listed = stage.run(&["webhook", "list"]).good();
    assert!(listed.contains("disabled"), "{listed}");
    stage.run(&["webhook", "enable", "crm"]).good();
    stage.run(&["webhook", "resend", "crm", "1"]).failed(1);
    stage.run(&["webhook", "resend", "crm"]);
    let new = stage.run(&["webhook", "secret", "crm"]).good();
    assert!(new.starts_with("whsec_") && new.trim() != secret);
    stage.run(&["webhook", "test", "crm"]).good();
    let signatures = receiver.next().headers["webhook-signature"].clone();
    assert_eq!(signatures.matches("v1,").count(), 2, "{signatures}");

    stage.run(&["webhook", "delete", "crm"]).good();
    stage.run(&["webhook", "show", "crm"]).failed(1);
    assert_eq!(stage.run(&["webhook", "list", "--json"]).json(), json!([]));
    let audit = stage.run(&["audit", "list", "--json"]).good();
    let (code, _, log) = server.stop();
    assert_eq!(code, 0);
    for deed in ["add", "test", "disable", "enable", "secret", "delete"] {
        assert!(audit.contains(&format!("webhook.{deed}")), "{deed}");
    }
    for text in [&audit, &log] {
        assert!(!text.contains("whsec_") && !text.contains("receivers-own"));
    }
    for held in ["hub.db", "hub.db-wal"] {
        let held = fs::read(stage.data().join(held)).unwrap_or_default();
        for secret in [secret, new.trim()] {
            let secret = secret.trim_start_matches("whsec_").as_bytes();
            assert!(!held.windows(secret.len()).any(|bytes| bytes == secret));
        }
    }
}

#[test]
fn a_dead_letter_is_sent_again_and_a_delivery_outlives_the_server() {
    let stage = stage();
    let receiver = Receiver::new();
    receiver.answers(500);
    stage
        .run(&["webhook", "add", "crm", &receiver.url()])
        .good();
    let server = stage.serve();
    stage.add("bob", "USER");
    let first = receiver.next();
    let failed = shown(&stage, "waiting");
    assert_eq!(failed["deliveries"][0]["event"], "user.created");
    // Stopped, and started again: what waits is still there.
    assert_eq!(server.stop().0, 0);
    let bury =
        "UPDATE webhook_deliveries SET state = 'dead', done_at = 1, done_steady = 1, done_boot = 1";
    stage.connection().execute_batch(bury).unwrap();
    receiver.answers(200);
    let server = stage.serve();
    shown(&stage, "dead");
    // It may have been tried a second time before the first server stopped.
    receiver.forget();
    let told = stage.run(&["webhook", "resend", "crm", "--all"]).good();
    assert!(told.starts_with("1 dead letter of webhook 1 crm"), "{told}");
    let again = receiver.next();
    assert_eq!(again.headers["webhook-id"], first.headers["webhook-id"]);
    shown(&stage, "delivered");
    assert_eq!(server.stop().0, 0);
}
