//! A backup that is put back: its webhooks are told of what happens from then on, and not again of what waited in it.

use serde_json::Value;

use super::commands::stage;
use super::receiver::Receiver;

#[test]
fn a_restore_says_which_webhooks_came_back_and_sends_nothing_that_waited_in_the_backup_by_itself() {
    let stage = stage();
    let receiver = Receiver::new();
    receiver.answers(500);
    let events = "user.created,user.disabled,session.ended";
    let add = ["webhook", "add", "crm", &receiver.url(), "--events", events];
    stage.run(&add).good();
    let other = ["webhook", "add", "off", &receiver.url()];
    stage.run(&other).good();
    stage.run(&["webhook", "disable", "off"]).good();
    let server = stage.serve();
    server.sign_in("alice");
    // One that was tried, and one behind it.
    stage.add("bob", "USER");
    stage.run(&["user", "disable", "bob"]).good();
    let tried = receiver.next();
    assert!(tried.body.contains("user.created"), "{}", tried.body);
    stage.run(&["backup", "kept.db"]).good();
    receiver.answers(200);
    assert_eq!(server.stop().0, 0);

    let told = stage.run(&["restore", "kept.db", "--yes"]).good();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines[1..],
        [
            "brought 1 enabled webhook back, told of what happens here as soon as a server runs; if this copy is only tried, `hub webhook disable NAME` before that",
            "2 messages to webhooks waited in the backup and became dead letters; if a receiver has not got them since, `hub webhook resend NAME --all`",
        ]
    );
    let audit = stage.run(&["audit", "list", "--action", "backup", "--json"]);
    let detail = audit.json()[0]["detail"].clone();
    assert_eq!(detail, "sessions=ended ended=1 deliveries_given_up=2");
    let listed = stage.run(&["webhook", "list", "--json"]).json();
    let crm = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "crm");
    let counts = |of: &Value| ["waiting", "dead"].map(|count| of[count].as_u64());
    assert_eq!(counts(crm.unwrap()), [Some(1), Some(2)]);

    receiver.forget();
    let server = stage.serve();
    // The session that the restore ended is no news of the backup's.
    let ended = receiver.next();
    assert!(ended.body.contains("session.ended"), "{}", ended.body);
    let shown = stage.run(&["webhook", "show", "crm"]).good();
    assert!(shown.contains("may have been delivered since"), "{shown}");
    stage.run(&["webhook", "resend", "crm", "--all"]).good();
    let mut again = [receiver.next(), receiver.next()];
    again.sort_by_key(|message| message.body.contains("user.disabled"));
    assert_eq!(again[0].headers["webhook-id"], tried.headers["webhook-id"]);
    assert_eq!(again[0].body, tried.body);
    assert!(again[1].body.contains("user.disabled"), "{}", again[1].body);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_restored_copy_whose_webhooks_are_disabled_before_a_server_runs_tells_nobody_anything() {
    let stage = stage();
    let receiver = Receiver::new();
    stage
        .run(&["webhook", "add", "crm", &receiver.url()])
        .good();
    let server = stage.serve();
    server.sign_in("alice");
    receiver.next();
    stage.run(&["backup", "kept.db"]).good();
    assert_eq!(server.stop().0, 0);
    let body = stage.run(&["restore", "kept.db", "--yes", "--json"]).json();
    assert_eq!(body["webhooks_enabled"], 1, "{body}");
    stage.run(&["webhook", "disable", "crm"]).good();
    receiver.forget();
    let server = stage.serve();
    server.sign_in("alice");
    stage.add("bob", "USER");
    // Long enough for the courier to have looked.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(receiver.is_silent());
    assert_eq!(server.stop().0, 0);
}
