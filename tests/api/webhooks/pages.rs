//! The pages: what they show, and what they never do.

use hub::features::admin::webhooks::add::AddWebhook;
use hub::features::webhooks::model::Kind;
use hub::types::cause::{Actor, Cause};
use hub::types::role::Role;
use hub::types::target_url::TargetUrl;
use hub::types::webhook_name::WebhookName;

use super::receiver::{Receiver, Reply};
use super::{add, stage, until_there_are};
use crate::browsing::Browser;

#[rocket::async_test]
async fn a_webhook_is_added_shown_without_its_query_and_deleted() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    stage.register_as("root", Role::SuperAdmin).await;
    let root = Browser::of(&stage, "root").await;
    let empty = root.get("/admin/webhooks").await;
    assert!(empty.body.contains("No webhooks yet"));
    let url = format!("{}?key=receivers-own", receiver.url());
    let fields = [("name", "crm"), ("url", &*url)];
    root.get("/admin/webhooks/new").await;
    let nothing = root.post("/admin/webhooks/new", &fields).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.body.contains("Choose at least one event."));
    let refused = [
        ("name", "crm"),
        ("url", "https://10.0.0.1/"),
        ("events", "user.created"),
    ];
    let refused = root.post("/admin/webhooks/new", &refused).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("a private address"),
        "{}",
        refused.body
    );
    let wrong = root
        .post("/admin/webhooks/new", &[("name", "a b"), ("url", "x")])
        .await;
    assert!(wrong.body.contains("2 things need your attention"));
    let fields = [
        fields[0],
        fields[1],
        ("events", "user.created"),
        ("events", "session.started"),
    ];
    let made = root.post("/admin/webhooks/new", &fields).await;
    assert_eq!(
        (made.status, made.header("Cache-Control")),
        (200, Some("no-store"))
    );
    assert_eq!(made.body.matches("whsec_").count(), 1);
    let secret = made
        .body
        .split("<code>")
        .nth(1)
        .and_then(|rest| rest.split("</code>").next());
    stage
        .watch
        .add("a webhook's secret", secret.expect("a secret"));
    let taken = root.post("/admin/webhooks/new", &fields).await;
    assert_eq!(taken.status, 422);
    for path in [
        "/admin/webhooks",
        "/admin/webhooks/1",
        "/admin/webhooks/1/delete",
    ] {
        let page = root.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.body.contains("hook?…") && !page.body.contains("receivers-own"),
            "{path}"
        );
        assert!(!page.body.contains("whsec_"), "{path}");
    }
    assert_eq!(root.post("/admin/webhooks/1/test", &[]).await.status, 303);
    let told = receiver.has(1).await;
    assert_eq!(told[0].kind(), "webhook.test");
    assert_eq!(told[0].line, "POST /hook?key=receivers-own HTTP/1.1");
    until_there_are(&stage, 1, "delivered").await;
    let page = root.get("/admin/webhooks/1").await;
    assert!(page.body.contains("answered 204"), "{}", page.body);
    assert_eq!(root.post("/admin/webhooks/1/delete", &[]).await.status, 303);
    assert_eq!(root.post("/admin/webhooks/1/delete", &[]).await.status, 404);
    assert_eq!(root.get("/admin/webhooks/01").await.status, 404);
    let audit = format!("{:?}", stage.audit());
    assert!(audit.contains("webhook.add") && audit.contains("host=127.0.0.1"));
    assert!(!audit.contains("receivers-own") && !audit.contains("whsec_"));
}

#[rocket::async_test]
async fn a_webhook_is_disabled_enabled_and_given_a_new_secret() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    stage.register_as("root", Role::SuperAdmin).await;
    add(&stage, "crm", &receiver.url(), &[Kind::UserDeleted]).await;
    let root = Browser::of(&stage, "root").await;
    let asked = root.confirm("/admin/webhooks/1/disable", &[]).await;
    assert_eq!(asked.status, 303);
    let refused = root.post("/admin/webhooks/1/test", &[]).await;
    assert_eq!(refused.status, 303);
    let page = root.get("/admin/webhooks/1").await;
    assert!(page.body.contains("Enable it first"), "{}", page.body);
    assert_eq!(stage.number("SELECT count(*) FROM webhook_deliveries"), 0);
    assert_eq!(root.post("/admin/webhooks/1/enable", &[]).await.status, 303);
    root.post("/admin/webhooks/1/enable", &[]).await;
    let renewed = root.confirm("/admin/webhooks/1/secret", &[]).await;
    assert_eq!(renewed.status, 200);
    assert_eq!(renewed.body.matches("whsec_").count(), 1);
    let page = root.get("/admin/webhooks/1").await;
    assert!(page.body.contains("the one before signs too"));
    let deeds: Vec<String> = stage
        .audit()
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    let count = |deed: &str| deeds.iter().filter(|one| *one == deed).count();
    assert_eq!((count("webhook.disable"), count("webhook.enable")), (1, 1));
    assert_eq!((count("webhook.secret"), count("webhook.test")), (1, 0));
}

#[rocket::async_test]
async fn a_dead_letter_is_shown_with_its_problem_and_sent_again() {
    let stage = stage().await;
    let receiver =
        Receiver::new(|_, before| Reply::Status(if before == 0 { 418 } else { 200 })).await;
    stage.register_as("root", Role::SuperAdmin).await;
    add(&stage, "crm", &receiver.url(), &[Kind::SessionStarted]).await;
    let root = Browser::of(&stage, "root").await;
    receiver.has(1).await;
    super::until("the try is noted", || {
        stage.number("SELECT tries FROM webhook_deliveries") == 1
    })
    .await;
    let page = root.get("/admin/webhooks/1").await;
    assert!(page.body.contains("answered 418") && page.body.contains("in less than 1 min"));
    stage.sql("UPDATE webhook_deliveries SET state = 'dead', done_at = 1757172645000000, done_steady = 1, done_boot = 1");
    let page = root.get("/admin/webhooks/1").await;
    assert!(page.body.contains("Send all again") && page.body.contains("answered 418"));
    for wrong in ["2", "x", ""] {
        let answer = root
            .post("/admin/webhooks/1/resend", &[("delivery", wrong)])
            .await;
        assert_eq!(answer.status, 404, "{wrong:?}");
    }
    let sent = root
        .post("/admin/webhooks/1/resend", &[("delivery", "1")])
        .await;
    assert_eq!(sent.status, 303);
    until_there_are(&stage, 1, "delivered").await;
}

#[rocket::async_test]
async fn who_was_a_superadmin_makes_no_webhook_any_more() {
    let stage = stage().await;
    let admin = stage.register_as("admin", Role::Admin).await;
    let cause = Cause {
        actor: Actor::User(admin),
        ..stage.cause()
    };
    let change = AddWebhook::new(
        stage.hub(),
        WebhookName::parse("crm").expect("a name"),
        TargetUrl::parse("https://example.com/").expect("an address"),
        vec![Kind::UserCreated],
        cause,
    );
    assert!(stage.store.write(change.expect("a change")).await.is_err());
    assert_eq!(stage.number("SELECT count(*) FROM webhooks"), 0);
}
