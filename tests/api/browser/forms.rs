//! Forms come from our own pages only: every cell of site × origin × token, and every route that a form can be sent to.

use hub::types::role::Role;
use rocket::http::Method;

use crate::answer::Answer;
use crate::browsing::{Browser, encoded};
use crate::stage::{PASSWORD, Stage};

const ORIGIN: &str = "https://hub.example.com";

/// Sends a form with exactly these headers.
async fn send(
    stage: &Stage,
    path: &str,
    cookies: &str,
    headers: &[(&str, Option<&str>)],
    body: &str,
) -> Answer {
    let mut call = stage
        .request(Method::Post, path)
        .header("Cookie", cookies)
        .header("Content-Type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        if let Some(value) = value {
            call = call.header(name, value);
        }
    }
    call.body(body).send().await
}

#[rocket::async_test]
async fn of_all_cells_only_our_own_pages_get_through() {
    let stage = Stage::with(&[("public_url", ORIGIN)]).await;
    stage.register_as("ann", Role::Admin).await;
    stage.register_as("bob", Role::Admin).await;
    let (ann, bob) = (
        Browser::of(&stage, "ann").await,
        Browser::of(&stage, "bob").await,
    );
    ann.get("/admin/sudo").await;
    bob.get("/admin/sudo").await;
    let tokens = [
        (true, ann.token()),
        (false, bob.token()),
        (false, String::new()),
        (false, "x".repeat(43)),
    ];
    let sites = [
        None,
        Some("same-origin"),
        Some("same-site"),
        Some("cross-site"),
        Some("none"),
        Some("Same-Origin"),
        Some(""),
    ];
    let origins = [
        None,
        Some(ORIGIN),
        Some("https://evil.example"),
        Some("null"),
        Some("https://hub.example.com.evil.example"),
        Some("https://HUB.example.com"),
        Some("http://hub.example.com"),
    ];
    let cookies = ann.cookie_header();
    let mut passed = Vec::new();
    for site in sites {
        for origin in origins {
            for (own, token) in &tokens {
                let body = encoded(&[("password", ""), ("form_token", token)]);
                let headers = [("Sec-Fetch-Site", site), ("Origin", origin)];
                let answer = send(&stage, "/admin/sudo", &cookies, &headers, &body).await;
                let wanted = *own
                    && (site == Some("same-origin") || site.is_none() && origin == Some(ORIGIN));
                // 422: the form was read, and its password is empty.
                let expected = if wanted { 422 } else { 403 };
                assert_eq!(answer.status, expected, "{site:?} {origin:?} {token}");
                passed.extend(wanted.then_some((site, origin)));
            }
        }
    }
    assert_eq!(passed.len(), origins.len() + 1);
}

#[rocket::async_test]
async fn two_headers_of_one_name_count_as_none() {
    let stage = Stage::with(&[("public_url", ORIGIN)]).await;
    stage.register_as("ann", Role::Admin).await;
    let ann = Browser::of(&stage, "ann").await;
    ann.get("/admin/sudo").await;
    let body = encoded(&[("form_token", &ann.token())]);
    for headers in [
        [
            ("Sec-Fetch-Site", Some("same-origin")),
            ("Sec-Fetch-Site", Some("cross-site")),
        ],
        [
            ("Origin", Some(ORIGIN)),
            ("Origin", Some("https://evil.example")),
        ],
    ] {
        let answer = send(&stage, "/admin/sudo", &ann.cookie_header(), &headers, &body).await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
}

#[rocket::async_test]
async fn every_route_that_changes_something_refuses_a_foreign_form_and_knows_no_get() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::SuperAdmin).await;
    let ann = Browser::of(&stage, "ann").await;
    ann.get("/admin/sudo").await;
    let sudo = ann.token();
    ann.get("/login").await;
    let visitor = ann.token();
    let mut seen = 0;
    let routes: Vec<(Method, String)> = stage.routes();
    for (method, path) in &routes {
        let is_page = !path.starts_with("/api/");
        if !is_page || matches!(method, Method::Get | Method::Head | Method::Options) {
            continue;
        }
        assert_eq!(*method, Method::Post, "{path}: forms know POST only");
        seen += 1;
        let concrete = concrete(path);
        let before = stage.number("SELECT count(*) FROM audit");
        // A right token does not help where the browser names another site, and the right site does not without the token.
        for (site, token) in [
            ("cross-site", &sudo),
            ("cross-site", &visitor),
            ("same-origin", &String::new()),
            ("same-site", &sudo),
        ] {
            let body = encoded(&[("form_token", token), ("password", PASSWORD)]);
            let headers = [("Sec-Fetch-Site", Some(site))];
            let answer = send(&stage, &concrete, &ann.cookie_header(), &headers, &body).await;
            assert_eq!(answer.status, 403, "{concrete} from {site}");
        }
        assert_eq!(
            stage.number("SELECT count(*) FROM audit"),
            before,
            "{concrete} left a trace"
        );
        let has_page = routes.contains(&(Method::Get, path.clone()));
        if !has_page {
            let answer = stage.get(&concrete).await;
            assert_eq!(answer.status, 405, "GET {concrete}");
        }
    }
    assert!(seen >= 4, "{seen} routes");
}

#[rocket::async_test]
async fn another_spelling_of_a_path_takes_no_other_pages_token() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::SuperAdmin).await;
    let ann = Browser::of(&stage, "ann").await;
    ann.get("/login").await;
    let visitor = ann.token();
    ann.get("/account").await;
    let account = ann.token();
    for path in [
        "/admin/sudo",
        "//admin/sudo",
        "/%61dmin/sudo",
        "/admin//sudo",
        "/%61dmin//%73udo",
    ] {
        for token in [&visitor, &account] {
            let body = encoded(&[("form_token", token), ("password", PASSWORD)]);
            let headers = [("Sec-Fetch-Site", Some("same-origin"))];
            let answer = send(&stage, path, &ann.cookie_header(), &headers, &body).await;
            assert_ne!(answer.status, 303, "{path}");
        }
    }
}

#[rocket::async_test]
async fn a_form_of_ones_own_account_takes_no_token_of_the_administrators_pages() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let ann = Browser::of(&stage, "ann").await;
    ann.get("/account").await;
    let account = ann.token();
    ann.get("/admin/sudo").await;
    let admin = ann.token();
    assert_ne!(account, admin);
    for (token, is_refused) in [(&account, false), (&admin, true)] {
        let body = encoded(&[("form_token", token)]);
        let headers = [("Sec-Fetch-Site", Some("same-origin"))];
        let path = "/account/profile";
        let answer = send(&stage, path, &ann.cookie_header(), &headers, &body).await;
        assert_eq!(answer.status == 403, is_refused, "{}", answer.status);
    }
}

/// A route's pattern with something in place of each parameter.
pub fn concrete(pattern: &str) -> String {
    let path = pattern.split('?').next().unwrap_or_default();
    path.replace("<id>", "1")
        .split('/')
        .map(|segment| {
            if segment.starts_with('<') {
                "1"
            } else {
                segment
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

#[rocket::async_test]
async fn a_form_of_another_kind_or_size_is_refused_with_its_own_status() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let ann = Browser::of(&stage, "ann").await;
    ann.get("/admin/sudo").await;
    let call = stage.request(Method::Post, "/admin/sudo");
    let call = call
        .header("Cookie", &ann.cookie_header())
        .header("Sec-Fetch-Site", "same-origin");
    assert_eq!(call.json("{}").send().await.status, 415);
    let token = ann.token();
    let fields = [("form_token", &*token), ("password", "wrong"), ("more", "")];
    let headers = [("Sec-Fetch-Site", Some("same-origin"))];
    for (length, status) in [(16 * 1024 + 1, 413), (16 * 1024, 422)] {
        let mut body = encoded(&fields);
        body.push_str(&"x".repeat(length - body.len()));
        let answer = send(&stage, "/admin/sudo", &ann.cookie_header(), &headers, &body).await;
        assert_eq!(answer.status, status, "{length}");
    }
}

#[rocket::async_test]
async fn the_theme_is_remembered_and_leads_back_to_the_page() {
    let stage = Stage::new().await;
    let browser = Browser::new(&stage);
    assert!(
        browser
            .get("/login")
            .await
            .body
            .contains("data-theme=\"auto\"")
    );
    let answer = browser
        .post("/theme", &[("theme", "dark"), ("next", "/login")])
        .await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (303, Some("/login"))
    );
    assert!(
        browser
            .get("/login")
            .await
            .body
            .contains("data-theme=\"dark\"")
    );
    let answer = browser
        .post(
            "/theme",
            &[("theme", "\"><script>"), ("next", "//evil.example")],
        )
        .await;
    assert_eq!(answer.header("Location"), Some("/"));
    assert!(
        browser
            .get("/login")
            .await
            .body
            .contains("data-theme=\"auto\"")
    );
}
