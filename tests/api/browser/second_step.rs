//! `GET /login/second-factor` and `POST /login/second-factor`: between the steps there is no session.

use std::time::Duration;

use hub::features::admin::backups::restored::SettleRestored;
use hub::features::browser::model::HALF_SIGN_IN;
use hub::types::role::Role;

use crate::browsing::Browser;
use crate::second_factors::owner::Owner;
use crate::stage::{PASSWORD, SECOND, Stage};

const STEP: Duration = Duration::from_secs(30);

/// An administrator with a phone, who has given the password in a browser.
async fn half(stage: &Stage) -> (Owner<'_>, Browser<'_>, Vec<String>) {
    let (owner, recovery) = Owner::with_phone(stage, "ann").await;
    stage.sql("UPDATE users SET role = 'ADMIN'");
    stage.clock.advance(2 * STEP);
    let browser = Browser::new(stage);
    let answer = browser.sign_in("ann", PASSWORD).await;
    assert_eq!(answer.header("Location"), Some("/login/second-factor"));
    (owner, browser, recovery)
}

#[rocket::async_test]
async fn the_right_code_signs_in_and_leads_where_the_sign_in_was_to_lead() {
    let stage = Stage::new().await;
    let (owner, browser, _) = half(&stage).await;
    let page = browser.get("/login/second-factor?next=/admin/sudo").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let fields = [("code", owner.code(0)), ("next", "/admin/sudo".to_owned())];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let answer = browser.post("/login/second-factor", &fields).await;
    assert_eq!(
        answer.header("Location"),
        Some("/admin/sudo"),
        "{}",
        answer.body
    );
    assert_eq!(browser.cookie("hub_half_sign_in"), None);
    assert_eq!(browser.get("/admin/sudo").await.status, 200);
    assert_eq!(stage.number("SELECT count(*) FROM half_sign_ins"), 0);
}

#[rocket::async_test]
async fn a_half_sign_in_opens_no_page_but_the_one_for_the_code() {
    let stage = Stage::new().await;
    let (_owner, browser, _) = half(&stage).await;
    assert_eq!(
        (browser.cookie("hub_session"), browser.cookie("hub_admin")),
        (None, None)
    );
    let value = browser.cookie("hub_half_sign_in").expect("held");
    // Not under the other names either.
    browser.set_cookie("hub_session", &value);
    browser.set_cookie("hub_admin", &value);
    for (method, path) in stage.routes() {
        let guarded = path.starts_with("/admin") || path.starts_with("/account");
        if method == rocket::http::Method::Get && guarded {
            let path = super::forms::concrete(&path);
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, 303, "{path}");
            assert!(
                answer
                    .header("Location")
                    .is_some_and(|to| to.starts_with("/login"))
            );
        }
    }
    assert_eq!(
        stage.number("SELECT count(*) FROM sessions WHERE browser = 1"),
        0
    );
}

#[rocket::async_test]
async fn a_wrong_code_brings_the_form_back_and_five_of_them_a_wait_that_is_told() {
    let stage = Stage::new().await;
    let (owner, browser, recovery) = half(&stage).await;
    browser.get("/login/second-factor").await;
    for _ in 0..5 {
        let wrong = owner.wrong_code();
        let answer = browser
            .post("/login/second-factor", &[("code", &wrong)])
            .await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("not right") && !answer.body.contains(&wrong));
    }
    let answer = browser
        .post("/login/second-factor", &[("code", &owner.code(0))])
        .await;
    assert!(
        answer.status == 429 && answer.body.contains("Try again in 30 seconds"),
        "{}",
        answer.body
    );
    // Whoever has a recovery code is let in all the same.
    let answer = browser
        .post("/login/second-factor", &[("code", &recovery[0])])
        .await;
    assert_eq!(answer.header("Location"), Some("/admin"), "{}", answer.body);
}

#[rocket::async_test]
async fn the_first_step_is_good_for_five_minutes_and_only_while_the_password_and_the_user_stay() {
    let stage = Stage::new().await;
    let (owner, browser, _) = half(&stage).await;
    browser.get("/login/second-factor").await;
    for act in [
        "late",
        "UPDATE users SET is_active = 0",
        "UPDATE users SET password_hash = password_hash || 'x'",
        "DELETE FROM users",
    ] {
        if act == "late" {
            stage.clock.advance(HALF_SIGN_IN + SECOND);
        } else {
            browser.sign_in("ann", PASSWORD).await;
            stage.sql(act);
        }
        let code = if act.starts_with("DELETE") {
            "123456".to_owned()
        } else {
            owner.code(0)
        };
        let answer = browser
            .post("/login/second-factor", &[("code", &code)])
            .await;
        assert_eq!(
            answer.header("Location"),
            Some("/login"),
            "{act}: {}",
            answer.body
        );
        assert_eq!(
            stage.number("SELECT count(*) FROM sessions WHERE browser = 1"),
            0,
            "{act}"
        );
        if act.contains("is_active") {
            stage.sql("UPDATE users SET is_active = 1");
        }
        if act.contains("password_hash") {
            stage.sql("UPDATE users SET password_hash = substr(password_hash, 1, length(password_hash) - 1)");
        }
        stage.clock.advance(STEP);
    }
}

#[rocket::async_test]
async fn the_first_step_is_good_for_exactly_five_minutes() {
    let stage = Stage::new().await;
    let (_owner, browser, recovery) = half(&stage).await;
    browser.get("/login/second-factor").await;
    stage.clock.advance(HALF_SIGN_IN + SECOND);
    let path = "/login/second-factor";
    let late = browser.post(path, &[("code", &recovery[0])]).await;
    assert_eq!(late.header("Location"), Some("/login"));
    browser.sign_in("ann", PASSWORD).await;
    stage.clock.advance(HALF_SIGN_IN);
    // Nothing was used up by the late one.
    let in_time = browser.post(path, &[("code", &recovery[0])]).await;
    assert_eq!(in_time.header("Location"), Some("/admin"));
}

#[rocket::async_test]
async fn a_first_step_from_before_a_restore_is_good_for_nothing() {
    for keeps_sessions in [false, true] {
        let stage = Stage::new().await;
        let (owner, browser, _) = half(&stage).await;
        browser.get("/login/second-factor").await;
        let restored = SettleRestored {
            keeps_sessions,
            now: stage.now(),
            cause: stage.cause(),
        };
        stage.apply(restored).await;
        let answer = browser
            .post("/login/second-factor", &[("code", &owner.code(0))])
            .await;
        assert_eq!(answer.header("Location"), Some("/login"));
        assert_eq!(stage.number("SELECT count(*) FROM half_sign_ins"), 0);
    }
}

#[rocket::async_test]
async fn where_it_is_required_an_administrator_without_one_is_led_to_add_it() {
    let stage = Stage::with(&[("admin_second_factor", "required")]).await;
    stage.register_as("ann", Role::SuperAdmin).await;
    let browser = Browser::of(&stage, "ann").await;
    let answer = browser.get("/admin/sudo").await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (303, Some("/account/second-factor"))
    );
}
