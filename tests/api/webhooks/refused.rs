//! Where webhooks do not lead: private addresses under whatever name, and receivers that prove to be nobody.

use hub::features::admin::webhooks::add::AddWebhook;
use hub::features::admin::webhooks::error::WebhookError;
use hub::features::webhooks::model::Kind;
use hub::types::target_url::TargetUrl;
use hub::types::webhook_name::WebhookName;

use super::receiver::Receiver;
use super::{add, until, until_there_are};
use crate::certificates;
use crate::stage::Stage;

/// Waits for the problem of the first try.
async fn problem(stage: &Stage) -> String {
    until("a try", || {
        stage.number("SELECT max(tries) FROM webhook_deliveries") == 1
    })
    .await;
    stage.text("SELECT coalesce(problem, '') FROM webhook_deliveries")
}

#[rocket::async_test]
async fn an_address_that_is_not_public_is_refused_when_it_is_added() {
    let stage = Stage::new().await;
    for url in [
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "http://8.8.8.8/",
        "http://example.com/",
    ] {
        let name = WebhookName::parse("hook").expect("a name");
        let target = TargetUrl::parse(url).expect("an address");
        let change = AddWebhook::new(
            stage.hub(),
            name,
            target,
            vec![Kind::UserCreated],
            stage.cause(),
        );
        assert!(matches!(change, Err(WebhookError::Refused(_))), "{url}");
    }
}

#[rocket::async_test]
async fn a_name_that_leads_to_a_private_address_is_refused_when_it_is_looked_up() {
    let stage = Stage::new().await;
    let receiver = Receiver::good().await;
    let url = format!("https://localhost:{}/hook", receiver.address.port());
    stage.register("alice").await;
    add(&stage, "hook", &url, &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    let problem = problem(&stage).await;
    assert!(problem.contains("an address of this machine"), "{problem}");
    assert!(problem.contains("webhooks.allowed_networks"), "{problem}");
    assert!(receiver.received().is_empty());
}

#[rocket::async_test]
async fn a_name_that_means_nothing_is_told_so() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let url = "https://nobody.invalid/hook";
    add(&stage, "hook", url, &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    let problem = problem(&stage).await;
    assert!(problem.contains("resolver"), "{problem}");
}

#[rocket::async_test]
async fn a_certificate_that_nobody_vouches_for_is_refused_and_taken_with_its_authority() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let certificate = certificates::make(directory.path(), "receiver");
    let receiver = Receiver::with_tls(&certificate).await;
    let authority = certificate.cert.to_str().expect("UTF-8");
    let networks = ("webhooks.allowed_networks", "127.0.0.0/8");

    let stage = Stage::with(&[networks]).await;
    stage.register("alice").await;
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    let problem = problem(&stage).await;
    assert!(
        problem.starts_with("the receiver's certificate is not good"),
        "{problem}"
    );
    assert!(receiver.received().is_empty());

    let stage = Stage::with(&[networks, ("webhooks.authorities", authority)]).await;
    stage.register("alice").await;
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    until_there_are(&stage, 1, "delivered").await;
    assert_eq!(receiver.received().len(), 1);
}

#[rocket::async_test]
async fn a_certificate_of_another_name_is_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let certificate = certificates::make(directory.path(), "receiver");
    let receiver = Receiver::with_tls(&certificate).await;
    let authority = certificate.cert.to_str().expect("UTF-8");
    let stage = Stage::with(&[
        ("webhooks.allowed_networks", "127.0.0.0/8"),
        ("webhooks.authorities", authority),
    ])
    .await;
    stage.register("alice").await;
    // The certificate is for 127.0.0.1.
    let url = format!("https://127.0.0.2:{}/hook", receiver.address.port());
    let elsewhere = tokio::net::TcpListener::bind(("127.0.0.2", receiver.address.port())).await;
    let elsewhere = elsewhere.expect("the same port at another address");
    let to = receiver.address;
    let relay = tokio::spawn(async move {
        let (mut here, _) = elsewhere.accept().await.expect("a connection");
        let mut there = tokio::net::TcpStream::connect(to).await.expect("connected");
        drop(tokio::io::copy_bidirectional(&mut here, &mut there).await);
    });
    add(&stage, "hook", &url, &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    let problem = problem(&stage).await;
    assert!(
        problem.starts_with("the receiver's certificate is not good"),
        "{problem}"
    );
    relay.abort();
    assert!(receiver.received().is_empty());
}
