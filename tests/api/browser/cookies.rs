//! The cookies themselves: to the letter, never twice, never for anything else.

use hub::types::role::Role;

use crate::browsing::Browser;
use crate::stage::{PASSWORD, Stage};

#[rocket::async_test]
async fn under_tls_each_cookie_is_the_exact_string() {
    let stage = Stage::with(&[("public_url", "https://hub.example.com")]).await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::new(&stage);
    let page = browser.get("/login").await;
    let visitor = browser.cookie("__Host-hub_visitor").expect("a visitor");
    assert_eq!(
        page.all("Set-Cookie"),
        [format!(
            "__Host-hub_visitor={visitor}; Path=/; Secure; HttpOnly; SameSite=Strict"
        )]
    );
    let fields = [("username", "ann"), ("password", PASSWORD)];
    let answer = browser.post("/login", &fields).await;
    let (session, admin) = (
        browser.cookie("__Host-hub_session").expect("a session"),
        browser
            .cookie("__Host-hub_admin")
            .expect("an administrator's"),
    );
    assert!(session.len() == 43 && admin.len() == 43);
    assert_eq!(
        answer.all("Set-Cookie"),
        [
            format!(
                "__Host-hub_session={session}; Path=/; Max-Age=7776000; Secure; HttpOnly; SameSite=Lax"
            ),
            "__Host-hub_half_sign_in=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
                .to_owned(),
            "__Host-hub_visitor=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict".to_owned(),
            format!("__Host-hub_admin={admin}; Path=/; Secure; HttpOnly; SameSite=Strict"),
        ]
    );
}

#[rocket::async_test]
async fn the_database_holds_a_hash_of_the_value_and_not_the_value() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let files = std::fs::read_dir(stage.directory.path()).expect("readable");
    for file in files.filter_map(|file| std::fs::read(file.ok()?.path()).ok()) {
        for name in ["hub_session", "hub_admin"] {
            let value = browser.cookie(name).expect("held");
            let bytes = value.as_bytes();
            assert!(!file.windows(bytes.len()).any(|window| window == bytes));
        }
    }
    assert_eq!(stage.number("SELECT count(*) FROM browser_cookies"), 2);
}

#[rocket::async_test]
async fn two_cookies_of_one_name_or_another_spelling_of_it_open_nothing() {
    let stage = Stage::with(&[("public_url", "https://hub.example.com")]).await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let admin = browser.cookie("__Host-hub_admin").expect("held");
    let status = async |header: &str| {
        let call = stage.request(rocket::http::Method::Get, "/admin/sudo");
        call.header("Cookie", header).send().await.status
    };
    assert_eq!(status(&format!("__Host-hub_admin={admin}")).await, 200);
    for header in [
        format!("__Host-hub_admin={admin}; __Host-hub_admin={admin}"),
        format!("__Host-hub_admin=x; __Host-hub_admin={admin}"),
        format!("__host-hub_admin={admin}"),
        format!("__HOST-HUB_ADMIN={admin}"),
        format!("hub_admin={admin}"),
        format!("__Secure-hub_admin={admin}"),
        format!("__Host-hub_session={admin}"),
        format!("__Host-hub_visitor={admin}"),
    ] {
        assert_eq!(status(&header).await, 303, "{header}");
    }
}

#[rocket::async_test]
async fn a_cookie_opens_only_its_own_area() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::of(&stage, "ann").await;
    let session = browser.cookie("hub_session").expect("held");
    let call = stage.request(rocket::http::Method::Get, "/admin/sudo");
    let header = format!("hub_admin={session}");
    assert_eq!(call.header("Cookie", &header).send().await.status, 303);
}

#[rocket::async_test]
async fn no_token_opens_a_page_and_no_cookie_the_api() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::SuperAdmin).await;
    let pair = stage.login("ann").await;
    for token in [&pair.access, &pair.refresh] {
        let call = stage.request(rocket::http::Method::Get, "/admin/sudo");
        let cookies = format!("hub_admin={token}; hub_session={token}");
        let answer = call.header("Cookie", &cookies).bearer(token).send().await;
        assert_eq!(answer.status, 303);
    }
    let browser = Browser::of(&stage, "ann").await;
    assert_eq!(browser.get("/api/auth/me").await.status, 401);
    for name in ["hub_session", "hub_admin"] {
        let value = browser.cookie(name).expect("held");
        assert_eq!(stage.me(&value).await.status, 401);
        assert_eq!(stage.refresh(&value).await.status, 401);
    }
}

#[rocket::async_test]
async fn over_http_that_others_can_read_along_no_cookie_is_given_or_taken() {
    let stage = Stage::with(&[("public_url", "http://hub.example.com")]).await;
    stage.register_as("ann", Role::Admin).await;
    let browser = Browser::new(&stage);
    let page = browser.get("/login").await;
    assert_eq!(page.all("Set-Cookie"), Vec::<&str>::new());
    assert!(page.body.contains("HTTPS"), "{}", page.body);
    let fields = [("username", "ann"), ("password", PASSWORD)];
    assert_eq!(browser.post("/login", &fields).await.status, 403);
}
