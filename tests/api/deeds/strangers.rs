//! A deed is not done by whoever has no right to it, whomever the request names, and never by a link.

use std::collections::BTreeSet;

use rocket::http::Method;

use crate::answer::Answer;
use crate::browsing::Browser;
use crate::deeds::{Before, DEEDS, Deed, Scene};
use crate::stage::Stage;
use crate::state::{state, state_without_audit};

/// Every way to say in a body that one is somebody else, or more than one is.
fn claims() -> Vec<(&'static str, String)> {
    [
        ("id", "2"),
        ("user_id", "2"),
        ("userId", "2"),
        ("user", "2"),
        ("sub", "2"),
        ("owner", "alice"),
        ("is_active", "1"),
        ("email_verified", "1"),
        ("premium_tier", "GOLD"),
        ("created_at", "1"),
        ("permissions", "all"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn is_refused(answer: &Answer) -> bool {
    let to = answer.header("Location").unwrap_or_default();
    match answer.status {
        303 => to.starts_with("/login"),
        status => matches!(status, 401 | 403 | 404),
    }
}

#[rocket::async_test]
async fn a_link_does_no_deed_even_with_every_field_and_the_form_token_in_its_address() {
    let before = Before::new().await;
    let stage = before.copy().await;
    let scene = Scene::of(&stage, &before, 0).await;
    let earlier = state(&stage);
    for deed in DEEDS.iter().filter(|deed| deed.method != Method::Get) {
        for method in [Method::Get, Method::Head] {
            for site in [Some("same-origin"), Some("cross-site"), None] {
                let call = stage.request(method, &scene.as_query(deed));
                let call = call
                    .header("Cookie", &scene.cookies(deed))
                    .bearer(&before.alice.access);
                let call = site
                    .into_iter()
                    .fold(call, |call, site| call.header("Sec-Fetch-Site", site));
                let status = call.send().await.status;
                assert!(status < 500, "{method} {} {status}", deed.pattern);
                assert_eq!(state(&stage), earlier, "{method} {}", deed.pattern);
            }
        }
    }
}

#[rocket::async_test]
async fn nobody_does_a_deed_by_naming_whose_right_it_is() {
    let before = Before::new().await;
    let stage = before.copy().await;
    let scene = Scene::of(&stage, &before, 0).await;
    let earlier = state_without_audit(&stage);
    for deed in DEEDS.iter().filter(|deed| deed.who != "nobody") {
        let mut fields = (deed.fields)(&scene);
        fields.extend(claims());
        let answer = if deed.pattern.starts_with("/api/") {
            scene.ask(deed, None, &fields).await
        } else {
            scene.send(deed, &Browser::new(&stage), &fields).await
        };
        assert!(is_refused(&answer), "{} {}", deed.pattern, answer.status);
        assert_eq!(state_without_audit(&stage), earlier, "{}", deed.pattern);
    }
}

#[rocket::async_test]
async fn whoever_has_given_the_password_alone_does_no_deed_but_the_second_step() {
    let before = Before::new().await;
    let stage = before.copy().await;
    let scene = Scene::of(&stage, &before, 0).await;
    let half = scene.half_signed_in();
    let value = half.cookie("hub_half_sign_in").expect("held");
    // Under every other name too.
    for name in ["hub_session", "hub_admin"] {
        half.set_cookie(name, &value);
    }
    let earlier = state_without_audit(&stage);
    let others = |deed: &&Deed| !["nobody", "half", "setup"].contains(&deed.who);
    for deed in DEEDS.iter().filter(others) {
        let fields = (deed.fields)(&scene);
        let answer = if deed.pattern.starts_with("/api/") {
            scene.ask(deed, Some(&value), &fields).await
        } else {
            scene.send(deed, half, &fields).await
        };
        assert!(is_refused(&answer), "{} {}", deed.pattern, answer.status);
        assert_eq!(state_without_audit(&stage), earlier, "{}", deed.pattern);
    }
}

/// What belongs to anybody but `mallory`, and what is everybody's.
fn of_others(stage: &Stage) -> Vec<String> {
    let text = |sql: &str| {
        stage.text(&format!(
            "SELECT coalesce(group_concat(x, ';'), '') FROM ({sql})"
        ))
    };
    let columns = "id || username || email || coalesce(bio, '') || password_hash || role || premium_tier || is_active || email_verified || created_at";
    vec![
        text(&format!(
            "SELECT {columns} AS x FROM users WHERE id <> 4 ORDER BY id"
        )),
        text(
            "SELECT role || premium_tier || is_active || email_verified || created_at AS x FROM users WHERE id = 4",
        ),
        text(
            "SELECT id || coalesce(ended_at, '') || generation AS x FROM sessions WHERE user_id <> 4 ORDER BY id",
        ),
        text("SELECT user_id || hex(hash) AS x FROM recovery_codes WHERE user_id <> 4 ORDER BY 1"),
        text("SELECT user_id || hex(nonce) AS x FROM second_factors WHERE user_id <> 4 ORDER BY 1"),
        text("SELECT id AS x FROM keys ORDER BY id"),
    ]
}

#[rocket::async_test]
async fn a_user_does_no_deed_to_others_nor_to_what_is_not_theirs_to_set_whatever_the_body_names() {
    let before = Before::new().await;
    let stage = before.copy().await;
    let scene = Scene::of(&stage, &before, 0).await;
    let same_password = "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = 2) WHERE id = 4";
    stage.sql(same_password);
    let people = stage.number("SELECT count(*) FROM users");
    let earlier = of_others(&stage);
    let mut seen = BTreeSet::new();
    for deed in DEEDS.iter().filter(|deed| deed.who != "nobody") {
        let mut fields = (deed.fields)(&scene);
        fields.retain(|(name, _)| *name != "role");
        fields.extend(claims());
        fields.push(("role", "SUPERADMIN".to_owned()));
        let answer = if deed.pattern.starts_with("/api/") {
            let mallory = stage.login("mallory").await;
            scene.ask(deed, Some(&mallory.access), &fields).await
        } else {
            let mallory = Browser::of(&stage, "mallory").await;
            scene.send(deed, &mallory, &fields).await
        };
        seen.insert(answer.status);
        assert!(answer.status < 500, "{} {}", deed.pattern, answer.status);
        // A new password of their own is theirs to set.
        stage.sql(same_password);
        assert_eq!(of_others(&stage), earlier, "{}", deed.pattern);
    }
    assert_eq!(stage.number("SELECT count(*) FROM users"), people);
    // Some were done, to themselves; some refused; some not found.
    assert!(
        [200, 303, 403, 404]
            .iter()
            .all(|status| seen.contains(status)),
        "{seen:?}"
    );
}
