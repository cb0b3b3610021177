//! `GET /setup`, `POST /setup` and `GET /setup/done`: the first administrator.

use hub::features::admin::setup::link::{self, LINK_LIFE};

use hub::features::admin::users::set_active::SetActive;
use hub::features::admin::users::set_role::SetRole;
use hub::types::role::Role;

use crate::answer::Answer;
use crate::browsing::Browser;
use crate::stage::{PASSWORD, SECOND, Stage};

/// A fresh link's path with its token.
async fn fresh(stage: &Stage) -> String {
    let cause = stage.cause();
    let link = tokio::task::block_in_place(|| link::fresh(stage.hub(), cause)).expect("a link");
    link.strip_prefix("http://127.0.0.1:8000")
        .expect("at the public address")
        .to_owned()
}

async fn make(browser: &Browser<'_>, path: &str, name: &str) -> Answer {
    let token = path.rsplit('=').next().expect("a token");
    let email = format!("{name}@example.com");
    let fields = [
        ("token", token),
        ("username", name),
        ("email", &email),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    browser.post("/setup", &fields).await
}

#[rocket::async_test]
async fn the_link_makes_one_administrator_signs_them_in_and_is_used_up() {
    let stage = Stage::new().await;
    let path = fresh(&stage).await;
    let file = link::file(&stage.place());
    assert!(
        std::fs::read_to_string(&file)
            .expect("written")
            .contains(&path)
    );
    let browser = Browser::new(&stage);
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let answer = make(&browser, &path, "ann").await;
    assert_eq!(
        answer.header("Location"),
        Some("/setup/done"),
        "{}",
        answer.body
    );
    let done = browser.get("/setup/done").await;
    assert!(
        done.status == 200 && done.body.contains("curl -X POST"),
        "{}",
        done.body
    );
    assert_eq!(stage.text("SELECT role FROM users"), "SUPERADMIN");
    assert!(!file.exists());
    assert_eq!(browser.get(&path).await.status, 404);
    assert_eq!(make(&browser, &path, "bob").await.status, 404);
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
}

#[rocket::async_test]
async fn a_new_hub_has_no_account_and_no_name_and_password_that_one_could_look_up() {
    let stage = Stage::new().await;
    assert_eq!(stage.number("SELECT count(*) FROM users"), 0);
    for name in [
        "admin",
        "root",
        "hub",
        "administrator",
        "superadmin",
        "user",
        "test",
    ] {
        for password in ["admin", "password", "changeme", "hub", "", name] {
            assert_ne!(stage.login_with(name, password).await.status, 200);
        }
    }
    let browser = Browser::new(&stage);
    for path in [
        "/admin",
        "/admin/users",
        "/admin/settings",
        "/setup/done",
        "/account",
    ] {
        assert_eq!(browser.get(path).await.status, 303, "{path}");
    }
    assert_eq!(stage.number("SELECT count(*) FROM users"), 0);
}

#[rocket::async_test]
async fn without_the_token_there_is_no_such_page() {
    let stage = Stage::new().await;
    let path = fresh(&stage).await;
    let browser = Browser::new(&stage);
    browser.get("/login").await;
    let other = format!("/setup?token={}", "A".repeat(43));
    for path in ["/setup", "/setup?token=", &other, &path[..path.len() - 1]] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
        assert_eq!(make(&browser, path, "ann").await.status, 404, "{path}");
    }
    assert_eq!(stage.number("SELECT count(*) FROM users"), 0);
}

#[rocket::async_test]
async fn a_link_is_good_for_a_day_to_the_second_and_not_after_a_restart_of_the_machine() {
    // The process goes on here while the machine's clock begins anew, which no bucket meets in life.
    let stage = Stage::without_limits().await;
    let browser = Browser::new(&stage);
    let path = fresh(&stage).await;
    stage.clock.advance(LINK_LIFE);
    assert_eq!(browser.get(&path).await.status, 200);
    stage.clock.advance(SECOND);
    assert_eq!(browser.get(&path).await.status, 404);
    let path = fresh(&stage).await;
    stage.clock.reboot();
    assert_eq!(browser.get(&path).await.status, 404);
}

#[rocket::async_test]
async fn a_fresh_link_takes_the_place_of_the_one_before() {
    let stage = Stage::new().await;
    let browser = Browser::new(&stage);
    let (old, new) = (fresh(&stage).await, fresh(&stage).await);
    assert_eq!(browser.get(&old).await.status, 404);
    assert_eq!(browser.get(&new).await.status, 200);
}

#[rocket::async_test]
async fn a_start_prints_the_same_link_again_until_there_is_an_administrator() {
    let stage = Stage::new().await;
    let at_start = || {
        tokio::task::block_in_place(|| link::at_start(stage.hub(), stage.cause()))
            .expect("readable")
    };
    let first = at_start().expect("a link");
    assert_eq!(at_start().as_ref(), Some(&first));
    stage.clock.advance(LINK_LIFE + SECOND);
    let second = at_start().expect("a link");
    assert_ne!(first, second);
    let browser = Browser::new(&stage);
    let path = second
        .strip_prefix("http://127.0.0.1:8000")
        .expect("a path");
    browser.get(path).await;
    make(&browser, path, "ann").await;
    assert_eq!(at_start(), None);
    stage.sql("UPDATE users SET is_active = 0");
    assert!(at_start().is_some());
}

#[rocket::async_test]
async fn a_link_that_was_printed_is_void_once_there_is_a_superadmin_however_they_came() {
    for way in ["raised", "enabled"] {
        let stage = Stage::new().await;
        let user = stage.register_as("ann", Role::User).await;
        let (role, active) = (Role::SuperAdmin, true);
        if way == "enabled" {
            stage.sql("UPDATE users SET role = 'SUPERADMIN', is_active = 0");
        }
        let path = fresh(&stage).await;
        let cause = stage.cause();
        if way == "raised" {
            stage.apply(SetRole { user, role, cause }).await;
        } else {
            let now = stage.now();
            stage
                .apply(SetActive {
                    user,
                    active,
                    now,
                    cause,
                })
                .await;
        }
        let browser = Browser::new(&stage);
        assert_eq!(browser.get(&path).await.status, 404, "{way}");
        // Whoever runs the machine may still ask for another.
        let path = fresh(&stage).await;
        assert_eq!(browser.get(&path).await.status, 200, "{way}");
    }
}

#[rocket::async_test]
async fn what_is_typed_wrongly_comes_back_with_what_is_wrong_and_the_link_stays_good() {
    let stage = Stage::new().await;
    let path = fresh(&stage).await;
    let browser = Browser::new(&stage);
    browser.get(&path).await;
    let token = path.rsplit('=').next().expect("a token");
    let fields = [
        ("token", token),
        ("username", "a<b"),
        ("email", "nowhere"),
        ("password", "short"),
        ("password_again", "shorter"),
    ];
    let answer = browser.post("/setup", &fields).await;
    assert_eq!(answer.status, 422);
    for expected in [
        "field-username",
        "field-email",
        "differ",
        "value=\"a&lt;b\"",
    ] {
        assert!(
            answer.body.contains(expected),
            "{expected}: {}",
            answer.body
        );
    }
    assert!(!answer.body.contains("shorter"));
    assert_eq!(make(&browser, &path, "ann").await.status, 303);
}

#[rocket::async_test]
async fn of_two_who_use_one_link_at_once_one_becomes_administrator() {
    let stage = Stage::new().await;
    let path = fresh(&stage).await;
    let (first, second) = (Browser::new(&stage), Browser::new(&stage));
    first.get(&path).await;
    second.get(&path).await;
    let (first, second) =
        rocket::tokio::join!(make(&first, &path, "ann"), make(&second, &path, "bob"));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
}

#[rocket::async_test]
async fn the_page_tells_whom_it_sees_and_what_to_mend() {
    let stage = Stage::with(&[("public_url", "https://hub.example.com")]).await;
    let cause = stage.cause();
    let link = tokio::task::block_in_place(|| link::fresh(stage.hub(), cause)).expect("a link");
    let path = link
        .strip_prefix("https://hub.example.com")
        .expect("a path");
    let call = stage.request(rocket::http::Method::Get, path);
    let call = call
        .header("Host", "10.0.0.5:8000")
        .header("X-Forwarded-For", "198.51.100.7");
    let page = call.send().await;
    for expected in [
        "10.0.0.5:8000",
        "HUB_PUBLIC_URL",
        "HUB_TRUSTED_PROXIES=203.0.113.7",
    ] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
}
