//! `GET /login`, `POST /login` and `POST /logout`.

use hub::types::role::Role;

use crate::browsing::Browser;
use crate::stage::{PASSWORD, Stage};

#[rocket::async_test]
async fn an_administrator_lands_on_their_pages_and_anybody_else_on_their_account() {
    let stage = Stage::new().await;
    for (name, role, home) in [
        ("ann", Role::User, "/account"),
        ("bob", Role::Admin, "/admin"),
        ("cleo", Role::SuperAdmin, "/admin"),
    ] {
        stage.register_as(name, role).await;
        let answer = Browser::new(&stage).sign_in(name, PASSWORD).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.header("Location"), Some(home));
    }
}

#[rocket::async_test]
async fn the_administrators_menu_stands_on_their_pages_and_on_others_one_way_there() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let ann = Browser::of(&stage, "ann").await;
    for (path, has_menu) in [("/admin", true), ("/account", false)] {
        let page = ann.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        let leads_to = |other: &str| page.body.contains(&format!("<li><a href=\"{other}\""));
        assert_eq!(leads_to("/admin/audit"), has_menu, "{path}");
        assert!(leads_to("/admin"), "{path}");
    }
}

#[rocket::async_test]
async fn a_wrong_password_brings_the_form_back_with_the_name_and_never_the_password() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    for (name, password) in [("ann", "wrong horse 7"), ("nobody", PASSWORD), ("ann", " ")] {
        let browser = Browser::new(&stage);
        let answer = browser.sign_in(name, password).await;
        assert_eq!(answer.status, 422);
        assert!(
            answer.body.contains("do not belong together"),
            "{}",
            answer.body
        );
        assert!(answer.body.contains(&format!("value=\"{name}\"")));
        assert!(!answer.body.contains(PASSWORD) && !answer.body.contains("wrong horse"));
        assert_eq!(browser.cookie("hub_session"), None);
    }
}

#[rocket::async_test]
async fn what_is_left_empty_is_told_field_by_field_and_counts_as_no_try() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let before = stage.audit().len();
    for (name, password) in [("", PASSWORD), (" ", PASSWORD), ("ann", ""), ("", "")] {
        let answer = Browser::new(&stage).sign_in(name, password).await;
        assert_eq!(answer.status, 422);
        for (told, is_empty) in [
            ("Fill in your username.", name.trim().is_empty()),
            ("Fill in your password.", password.is_empty()),
        ] {
            let is_told = answer.body.contains(told);
            assert_eq!(is_told, is_empty, "{name:?} {password:?}: {}", answer.body);
        }
        assert!(!answer.body.contains("do not belong together"));
    }
    assert_eq!(stage.audit().len(), before);
    assert_eq!(stage.number("SELECT count(*) FROM failed_attempts"), 0);
}

#[rocket::async_test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    let (known, unknown) = (Browser::new(&stage), Browser::new(&stage));
    let known = known.sign_in("anna", "wrong horse 7").await.body;
    let unknown = unknown.sign_in("otto", "wrong horse 7").await.body;
    let without = |body: &str, name: &str| {
        let lines = body
            .lines()
            .filter(|line| !line.contains("form_token") && !line.contains("Request <code>"));
        lines.collect::<String>().replace(name, "NAME")
    };
    assert_eq!(without(&known, "anna"), without(&unknown, "otto"));
}

#[rocket::async_test]
async fn somebody_who_is_locked_out_hears_it_only_with_the_right_password() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    stage.sql("UPDATE users SET is_active = 0");
    let browser = Browser::new(&stage);
    let answer = browser.sign_in("ann", PASSWORD).await;
    assert!(answer.status == 422 && answer.body.contains("disabled"));
    let answer = browser.sign_in("ann", "wrong horse 7").await;
    assert!(answer.status == 422 && !answer.body.contains("disabled"));
}

#[rocket::async_test]
async fn a_page_that_needs_a_sign_in_comes_back_after_it() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::new(&stage);
    let answer = browser.get("/admin/sudo?next=/admin/users").await;
    assert_eq!(answer.status, 303);
    let login = answer.header("Location").expect("a way").to_owned();
    assert_eq!(
        login,
        "/login?next=%2Fadmin%2Fsudo%3Fnext%3D%2Fadmin%2Fusers"
    );
    let page = browser.get(&login).await;
    assert!(
        page.body
            .contains("name=\"next\" value=\"&#x2F;admin&#x2F;sudo?next=&#x2F;admin&#x2F;users\""),
        "{}",
        page.body
    );
    let fields = [
        ("username", "ann"),
        ("password", PASSWORD),
        ("next", "/admin/sudo?next=/admin/users"),
    ];
    let answer = browser.post("/login", &fields).await;
    assert_eq!(
        answer.header("Location"),
        Some("/admin/sudo?next=/admin/users")
    );
}

#[rocket::async_test]
async fn no_next_leads_away_from_the_hub() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    for next in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%2f/evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/login",
        "/login?next=/account",
        "/logout",
        "/api/status",
    ] {
        let browser = Browser::new(&stage);
        browser.get("/login").await;
        let fields = [("username", "ann"), ("password", PASSWORD), ("next", next)];
        let answer = browser.post("/login", &fields).await;
        assert_eq!(answer.status, 303, "{next}");
        assert_eq!(answer.header("Location"), Some("/account"), "{next}");
    }
}

#[rocket::async_test]
async fn signing_out_ends_the_session_and_takes_both_cookies() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let (session, admin) = (browser.cookie("hub_session"), browser.cookie("hub_admin"));
    assert_eq!(browser.get("/admin/sudo").await.status, 200);
    let answer = browser.post("/logout", &[]).await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (303, Some("/login"))
    );
    assert_eq!(
        (browser.cookie("hub_session"), browser.cookie("hub_admin")),
        (None, None)
    );
    let page = browser.get("/login").await;
    assert!(page.body.contains("You are signed out."), "{}", page.body);
    // The note is told once.
    assert!(
        !browser
            .get("/login")
            .await
            .body
            .contains("You are signed out.")
    );
    browser.set_cookie("hub_session", &session.expect("held"));
    browser.set_cookie("hub_admin", &admin.expect("held"));
    assert_eq!(browser.get("/admin/sudo").await.status, 303);
    assert_eq!(
        stage.text("SELECT end_reason FROM sessions WHERE browser = 1"),
        "signed_out"
    );
    assert_eq!(stage.number("SELECT count(*) FROM browser_cookies"), 0);
}

#[rocket::async_test]
async fn a_sign_in_ends_the_session_from_before_whoever_it_was() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    stage.register("bob").await;
    let browser = Browser::of(&stage, "ann").await;
    let (session, admin) = (browser.cookie("hub_session"), browser.cookie("hub_admin"));
    let answer = browser.sign_in("bob", PASSWORD).await;
    assert_eq!(answer.header("Location"), Some("/account"));
    assert_ne!(browser.cookie("hub_session"), session);
    assert_eq!(browser.cookie("hub_admin"), None);
    let old = Browser::new(&stage);
    old.set_cookie("hub_session", &session.expect("held"));
    old.set_cookie("hub_admin", &admin.expect("held"));
    assert_eq!(old.get("/admin/sudo").await.status, 303);
}

#[rocket::async_test]
async fn a_planted_cookie_is_not_taken_over_by_the_sign_in() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::new(&stage);
    let planted = "A".repeat(43);
    browser.set_cookie("hub_session", &planted);
    browser.set_cookie("hub_admin", &planted);
    browser.sign_in("ann", PASSWORD).await;
    assert_ne!(browser.cookie("hub_session"), Some(planted.clone()));
    assert_ne!(browser.cookie("hub_admin"), Some(planted));
    assert_ne!(browser.cookie("hub_session"), browser.cookie("hub_admin"));
}

#[rocket::async_test]
async fn whoever_may_not_administer_sees_a_403_and_not_the_sign_in() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let answer = browser.get("/admin/sudo").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("<h1>"), "{}", answer.body);
}
