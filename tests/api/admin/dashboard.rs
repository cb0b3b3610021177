//! The dashboard: its figures, its charts, what it says needs attention, and that a large database does not make it slow.

use std::time::{Duration, UNIX_EPOCH};

use hub::types::role::Role;
use rocket::http::Method;

use crate::browsing::Browser;
use crate::stage::{BEGINNING_MICROS, DAY, HOUR, PEER, SECOND, Stage};

async fn stage_with(settings: &[(&str, &str)]) -> Stage {
    let stage = Stage::with(settings).await;
    stage.register_as("ann", Role::Admin).await;
    stage
}

/// What a tile shows.
#[track_caller]
fn tile<'page>(page: &'page str, label: &str) -> &'page str {
    let at = page
        .find(&format!(">{label}</a></p>"))
        .or_else(|| page.find(&format!(">{label}</p>")))
        .unwrap_or_else(|| panic!("{label} is not on the page"));
    let value = page[at..].split("tile-value number\">").nth(1);
    value
        .and_then(|value| value.split('<').next())
        .expect("a value")
}

/// The page with its slashes as they were before they were escaped.
fn plain(page: &str) -> String {
    page.replace("&#x2F;", "/")
}

fn bars(page: &str) -> usize {
    page.matches("<rect x=").count()
}

#[rocket::async_test]
async fn it_counts_what_went_on_in_24_hours() {
    let stage = stage_with(&[]).await;
    stage.register("bob").await;
    stage.login_with("bob", "wrong horse 77").await;
    stage.clock.advance(24 * HOUR);
    let pair = stage.login("bob").await;
    stage.rotate(&pair.refresh).await;
    stage.login_with("bob", "wrong horse 77").await;
    stage.login_with("nobody", "wrong horse 77").await;
    let page = Browser::of(&stage, "ann").await.get("/admin").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let told = |label| tile(&page.body, label);
    // Both registrations, bob's sign-in, and ann's browser.
    assert_eq!(told("Active sessions"), "4");
    assert_eq!(told("Users"), "2");
    assert_eq!(told("Sign-ins"), "2");
    assert_eq!(told("Refused sign-ins"), "2");
    assert_eq!(told("Reuse incidents"), "0");
    assert_eq!(told("Refreshes a minute"), "–");
    assert_eq!(told("Last backup"), "None");
    // Sign-ins, refused ones and refreshes, all in the present hour.
    assert_eq!(bars(&page.body), 3);
    let line = "<th scope=\"row\">2025-09-07 15:00</th><td class=\"number\">2</td><td class=\"number\">2</td><td class=\"number\">1</td>";
    assert!(page.body.contains(line), "{}", page.body);
}

#[rocket::async_test]
async fn refreshes_are_shown_before_and_after_they_are_written_and_kept_over_a_restart() {
    let stage = stage_with(&[]).await;
    let pair = stage.register("bob").await;
    let pair = stage.rotate(&pair.refresh).await;
    let hub = stage.hub();
    hub.activity.mark_minute();
    let now = hub.clock.now().wall;
    hub.activity
        .write(&stage.store, now)
        .await
        .expect("written");
    stage.clock.advance(SECOND);
    stage.rotate(&pair.refresh).await;
    let page = Browser::of(&stage, "ann").await.get("/admin").await;
    assert_eq!(tile(&page.body, "Refreshes a minute"), "1");
    let two = "2 refreshes were answered with a new pair of tokens.";
    assert!(page.body.contains(two), "{}", page.body);
    let directory = stage.close();
    let again = Stage::on(directory, &[], 8).await;
    assert_eq!(again.number("SELECT sum(refreshes) FROM activity"), 1);
    let page = Browser::of(&again, "ann").await.get("/admin").await;
    assert!(
        page.body.contains("1 refreshes were answered"),
        "{}",
        page.body
    );
}

#[rocket::async_test]
async fn what_needs_attention_is_said_with_what_to_do() {
    let stage = stage_with(&[]).await;
    let ann = Browser::of(&stage, "ann").await;
    let page = ann.get("/admin").await.body;
    for title in ["There is no backup", "No administrator has a second factor"] {
        assert!(page.contains(title), "{title}");
    }
    for title in ["plain HTTP", "trusted proxy", "Used tokens", "A used token"] {
        assert!(!page.contains(title), "{title}");
    }
    let pair = stage.register("bob").await;
    stage.rotate(&pair.refresh).await;
    stage.clock.advance(11 * SECOND);
    stage.refresh(&pair.refresh).await;
    let page = ann.get("/admin").await.body;
    assert!(page.contains("A used token came again in the last 7 days"));
    assert_eq!(tile(&page, "Reuse incidents"), "1");
    let link = "href=\"/admin/audit?action=session.reuse\"";
    assert!(plain(&page).contains(link), "{page}");
    stage.clock.advance(7 * DAY);
    let page = Browser::of(&stage, "ann").await.get("/admin").await.body;
    assert_eq!(tile(&page, "Reuse incidents"), "0");
}

#[rocket::async_test]
async fn a_proxy_that_does_not_fit_the_configuration_is_noticed_by_the_request_that_looks() {
    let settings = [
        ("public_url", "https://hub.example.com"),
        ("trusted_proxies", "10.0.0.1"),
    ];
    let stage = stage_with(&settings).await;
    let ann = Browser::of(&stage, "ann").await;
    let look = async |peer: &str, headers: &[(&str, &str)]| {
        let mut call = stage
            .request(Method::Get, "/admin")
            .peer(peer)
            .header("Cookie", &ann.cookie_header());
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    let host = ("Host", "hub.example.com");
    let client = ("X-Forwarded-For", "198.51.100.7");
    let https = ("X-Forwarded-Proto", "https");
    let strange = look("10.0.0.2", &[host, client, https]).await;
    assert!(strange.contains("set HUB_TRUSTED_PROXIES=10.0.0.2"));
    let http = look("10.0.0.1", &[host, client, ("X-Forwarded-Proto", "http")]).await;
    assert!(http.contains("The proxy says that you came over http, but"));
    let other = look("10.0.0.1", &[("Host", "internal:8000"), client, https]).await;
    assert!(other.contains("asked for at internal:8000, but"));
    let hostile = look("10.0.0.1", &[("Host", "<b>x"), client, https]).await;
    assert!(!hostile.contains("<b>x"));
    let well = look("10.0.0.1", &[host, client, https]).await;
    for title in ["no trusted proxy", "asked for at", "came over"] {
        assert!(!well.contains(title), "{title}");
    }
}

#[rocket::async_test]
async fn where_all_is_well_it_says_so() {
    let stage = stage_with(&[]).await;
    let ann = Browser::of(&stage, "ann").await;
    stage.sql(
        "INSERT INTO second_factors (user_id, nonce, key_id, drawn_at, drawn_steady, drawn_boot, confirmed_at, last_step)
         VALUES (1, randomblob(16), 1, 1, 1, 1, 1, 1)",
    );
    let backups = stage.directory.path().join("backups");
    std::fs::create_dir(&backups).expect("a folder");
    let file = std::fs::File::create(backups.join("hub.db")).expect("a file");
    let written = UNIX_EPOCH + Duration::from_micros(BEGINNING_MICROS.unsigned_abs());
    file.set_modified(written).expect("a time");
    let page = ann.get("/admin").await.body;
    // The disk of whoever runs this may be nearly full.
    let matters = page.matches("class=\"attention ").count();
    let full = page.contains("The disk is nearly full");
    assert_eq!(
        page.contains("Nothing needs your attention"),
        !full,
        "{page}"
    );
    assert_eq!(matters, 1, "{page}");
    assert_eq!(tile(&page, "Last backup"), "just now");
}

#[rocket::async_test]
async fn it_is_for_administrators_and_fits_its_size() {
    let stage = stage_with(&[("throttle_exempt", PEER)]).await;
    stage.register("bob").await;
    assert_eq!(stage.get("/admin").await.status, 303);
    let bob = Browser::of(&stage, "bob").await;
    assert_eq!(bob.get("/admin").await.status, 403);
    for number in 0..30 {
        stage.register(&format!("user{number}")).await;
    }
    let page = Browser::of(&stage, "ann").await.get("/admin").await;
    assert!(page.body.len() < 50_000, "{}", page.body.len());
}
