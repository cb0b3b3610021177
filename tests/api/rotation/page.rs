//! The settings page, and the page on which the key is rotated.

use hub::features::browser::model::PROOF;
use hub::types::role::Role;

use super::{lines, rotate_key};
use crate::browsing::Browser;
use crate::stage::{PASSWORD, SECOND, Stage};

const SETTINGS: &str = "/admin/settings";
const ROTATE: &str = "/admin/settings/keys/rotate";

/// A stage with a SUPERADMIN `ann`.
async fn stage(settings: &[(&str, &str)]) -> Stage {
    let stage = Stage::with(settings).await;
    stage.register_as("ann", Role::SuperAdmin).await;
    stage
}

fn keys(stage: &Stage) -> i64 {
    stage.number("SELECT count(*) FROM keys")
}

#[rocket::async_test]
async fn the_settings_show_every_setting_its_origin_and_no_secret() {
    let key = "5b1f0c7ad9e3428617fc90b2a4d86e3550ce17f98a23b46d0e91c7385df2ab64";
    let stage = stage(&[("secret_key", key), ("access_ttl", "7h")]).await;
    let browser = Browser::of(&stage, "ann").await;
    let page = browser.get(SETTINGS).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for setting in hub::config::SETTINGS {
        let shown = format!("<span class=\"mono\">{}</span>", setting.key);
        assert!(page.body.contains(&shown), "{}", setting.key);
    }
    assert!(page.body.contains("<bdi class=\"mono\">7h</bdi>"));
    assert!(
        page.body.contains("<bdi class=\"mono\">--access-ttl</bdi>"),
        "{}",
        page.body
    );
    assert!(page.body.contains("<span class=\"quiet\">set</span>"));
    assert!(!page.body.contains(&key[..8]));
    assert!(page.body.contains(env!("CARGO_PKG_VERSION")));
    let fingerprint = stage.text("SELECT lower(hex(substr(check_value, 1, 4))) FROM keys");
    assert!(page.body.contains(&fingerprint));
    assert!(page.body.len() < 50_000, "{} bytes", page.body.len());
    // It is not the Hub's to rotate, and the page says so before anybody tries.
    assert!(!page.body.contains(ROTATE));
    let page = browser.get(ROTATE).await;
    assert!(page.body.contains("cannot be rotated now") && page.body.contains("HUB_SECRET_KEY"));
    let answer = browser.post(ROTATE, &[("replaces", "1")]).await;
    assert_eq!(answer.status, 409);
    assert_eq!(keys(&stage), 1);
}

#[rocket::async_test]
async fn what_hup_read_anew_is_shown_as_it_is_now() {
    let stage = stage(&[]).await;
    let anew = crate::stage::config(
        stage.directory.path(),
        &[("trusted_proxies", "192.0.2.9"), ("access_ttl", "3h")],
    );
    stage.hub().trust().take_over(&anew);
    let browser = Browser::of(&stage, "ann").await;
    let page = browser.get(SETTINGS).await;
    assert!(page.body.contains("192.0.2.9"));
    // That one waits for a restart, and so is not in effect.
    assert!(!page.body.contains(">3h<"));
}

#[rocket::async_test]
async fn the_key_is_rotated_from_its_page_and_everybody_stays_signed_in() {
    let stage = stage(&[]).await;
    let pair = stage.register("bob").await;
    let browser = Browser::of(&stage, "ann").await;
    let page = browser.get(ROTATE).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("name=\"replaces\" value=\"1\""));
    let answer = browser.post(ROTATE, &[("replaces", "1")]).await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (303, Some(SETTINGS))
    );
    assert_eq!((keys(&stage), lines(stage.directory.path())), (2, 2));
    // A form from before the rotation, sent again: nothing more is rotated.
    let answer = browser.post(ROTATE, &[("replaces", "1")]).await;
    assert_eq!(answer.status, 409);
    assert!(
        answer
            .body
            .contains("rotated by somebody else a moment ago")
    );
    assert_eq!(keys(&stage), 2);
    let page = browser.get(SETTINGS).await;
    assert_eq!(page.status, 200);
    for word in ["Present", "Verifies"] {
        assert!(page.body.contains(word), "{word}");
    }
    stage.rotate(&pair.refresh).await;
    let rows = stage.audit();
    let row = rows.iter().rfind(|row| row.action == "key.rotate");
    let row = row.expect("a row");
    assert_eq!(
        (row.actor.as_str(), row.target.as_deref()),
        ("user:1", Some("key:2"))
    );
    assert!(row.request_id.is_some());
}

#[rocket::async_test]
async fn only_a_super_administrator_who_just_gave_the_password_rotates() {
    let stage = stage(&[]).await;
    stage.register_as("adam", Role::Admin).await;
    stage.register("bob").await;
    for name in ["adam", "bob"] {
        let browser = Browser::of(&stage, name).await;
        for path in [SETTINGS, ROTATE] {
            assert_eq!(browser.get(path).await.status, 403, "{name} {path}");
        }
        assert_eq!(browser.post(ROTATE, &[("replaces", "1")]).await.status, 403);
    }
    let nobody = Browser::new(&stage);
    for path in [SETTINGS, ROTATE] {
        let answer = nobody.get(path).await;
        let to = answer.header("Location").unwrap_or_default();
        assert!(
            answer.status == 303 && to.starts_with("/login?next="),
            "{to}"
        );
    }
    let browser = Browser::of(&stage, "ann").await;
    browser.get(ROTATE).await;
    stage.clock.advance(PROOF + SECOND);
    for answer in [
        browser.get(ROTATE).await,
        browser.post(ROTATE, &[("replaces", "1")]).await,
    ] {
        let to = answer.header("Location").unwrap_or_default();
        assert!(
            answer.status == 303 && to.starts_with("/admin/sudo?next="),
            "{to}"
        );
    }
    assert_eq!(keys(&stage), 1);
    let fields = [("password", PASSWORD), ("next", ROTATE)];
    let answer = browser.confirm("/admin/sudo", &fields).await;
    assert_eq!(answer.header("Location"), Some(ROTATE));
    let answer = browser.confirm(ROTATE, &[("replaces", "1")]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(keys(&stage), 2);
}

#[rocket::async_test]
async fn what_fails_is_told_on_the_page_without_what_is_inside() {
    let stage = stage(&[]).await;
    let browser = Browser::of(&stage, "ann").await;
    let in_the_way = stage.directory.path().join("secret.key.new");
    std::fs::create_dir(&in_the_way).expect("a directory");
    let answer = browser.confirm(ROTATE, &[("replaces", "1")]).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("nothing else was changed"));
    assert!(!answer.body.contains("secret.key.new"));
    assert_eq!((keys(&stage), lines(stage.directory.path())), (1, 1));
    for wrong in ["", "x", "99999999999999999999"] {
        assert_eq!(
            browser.post(ROTATE, &[("replaces", wrong)]).await.status,
            422
        );
    }
    assert_eq!(browser.post(ROTATE, &[("replaces", "7")]).await.status, 409);
}

#[rocket::async_test]
async fn a_form_that_was_open_during_a_rotation_can_still_be_sent_for_eight_hours() {
    let stage = stage(&[]).await;
    let browser = Browser::of(&stage, "ann").await;
    browser.get("/admin/sudo").await;
    rotate_key(&stage).await;
    let answer = browser.post("/admin/sudo", &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}
