//! The middleware for Rocket in `contrib/verify`, before the real binary.

#[path = "../../../contrib/verify/rocket/hub_verify.rs"]
#[expect(clippy::disallowed_methods, reason = "a sample has the system's clock")]
mod hub_verify;

use std::time::{Duration, Instant};

use rocket::http::Header;
use rocket::local::asynchronous::Client;
use rocket::{get, routes};

use crate::stage::Stage;
use hub_verify::{HubVerify, Verified};

#[get("/name")]
fn name(verified: Verified) -> String {
    verified.user["username"].to_string()
}

async fn ask(client: &Client, token: &str) -> (u16, String) {
    let header = Header::new("Authorization", format!("Bearer {token}"));
    let answer = client.get("/name").header(header).dispatch().await;
    let status = answer.status().code;
    (status, answer.into_string().await.unwrap_or_default())
}

#[rocket::async_test(flavor = "multi_thread")]
async fn rockets_guard_refuses_what_ended_within_a_second_and_everybody_without_the_hub() {
    let stage = Stage::new();
    let server = stage.serve();
    let token = stage.run(&["service", "add", "shop"]).good();
    let verify = HubVerify::new(&server.address.to_string(), token.trim());
    let app = rocket::build()
        .manage(verify.clone())
        .attach(HubVerify::listening())
        .mount("/", routes![name]);
    let client = Client::untracked(app).await.unwrap();
    for _ in 0..500 {
        if verify.is_ready() {
            break;
        }
        rocket::tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(verify.is_ready());
    let alice = server.sign_in("alice");
    assert_eq!(
        ask(&client, &alice.access).await,
        (200, "\"alice\"".to_owned())
    );
    // Lines reach the log within milliseconds of what they tell.
    let validated = || {
        std::thread::sleep(Duration::from_millis(100));
        server.log().matches("/api/auth/validate").count()
    };
    let asked = validated();
    assert_eq!(ask(&client, &alice.access).await.0, 200);
    assert_eq!(validated(), asked, "it is remembered");
    assert_eq!(ask(&client, "nonsense").await.0, 401);

    stage.run(&["session", "revoke", &alice.session()]).good();
    let since = Instant::now();
    while ask(&client, &alice.access).await.0 != 401 {
        assert!(since.elapsed() < Duration::from_secs(1));
        rocket::tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let again = server.sign_in("alice");
    assert_eq!(ask(&client, &again.access).await.0, 200);
    assert_eq!(server.stop().0, 0);
    let since = Instant::now();
    while ask(&client, &again.access).await.0 != 503 {
        assert!(since.elapsed() < Duration::from_secs(1));
        rocket::tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
