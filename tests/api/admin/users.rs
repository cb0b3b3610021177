//! `/admin/users` and `/admin/users/{id}`: who is there, and what is known of them.

use hub::features::admin::users::set_active::SetActive;
use hub::types::ids::UserId;
use hub::types::role::Role;
use rocket::http::Method;
use serde_json::json;

use crate::browsing::Browser;
use crate::stage::{HOUR, PASSWORD, Stage};

/// `root` is 1, `ann` is 2, `alice` is 3, `bob` is 4.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.register_as("root", Role::SuperAdmin).await;
    stage.register_as("ann", Role::Admin).await;
    stage.register("alice").await;
    stage.clock.advance(HOUR);
    stage.register("bob").await;
    stage
}

/// The names on a page of the list, in its order.
fn names(page: &str) -> Vec<String> {
    page.split("data-label=\"User\"")
        .skip(1)
        .filter_map(|row| {
            let (_, rest) = row.split_once("<bdi>")?;
            Some(rest.split_once('<')?.0.to_owned())
        })
        .collect()
}

async fn listed(browser: &Browser<'_>, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/admin/users{query}")).await;
    assert_eq!(page.status, 200, "{query}: {}", page.body);
    names(&page.body)
}

#[rocket::async_test]
async fn users_are_found_by_name_address_role_state_and_second_factor() {
    let stage = stage().await;
    let change = SetActive {
        user: UserId(4),
        active: false,
        now: stage.now(),
        cause: stage.cause(),
    };
    stage.apply(change).await;
    stage.sql("INSERT INTO second_factors (user_id, nonce, key_id, drawn_at, drawn_steady, drawn_boot, confirmed_at, last_step) VALUES (3, zeroblob(16), 1, 1, 1, 1, 1, 1)");
    let ann = Browser::of(&stage, "ann").await;
    for (query, expected) in [
        ("", vec!["alice", "ann", "bob", "root"]),
        ("?q=AL", vec!["alice"]),
        ("?q=bob%40example", vec!["bob"]),
        ("?q=%25", vec![]),
        ("?q=_", vec![]),
        ("?role=ADMIN", vec!["ann"]),
        ("?role=USER&state=active", vec!["alice"]),
        ("?state=disabled", vec!["bob"]),
        ("?second_factor=on", vec!["alice"]),
        ("?second_factor=off&role=USER", vec!["bob"]),
        ("?sort=name&order=desc", vec!["root", "bob", "ann", "alice"]),
        (
            "?sort=created&order=desc",
            vec!["bob", "alice", "ann", "root"],
        ),
        // Whatever is no choice counts as not asked.
        (
            "?role=KING&state=x&sort=y&order=z&rows=7&after=%22%3E",
            vec!["alice", "ann", "bob", "root"],
        ),
    ] {
        assert_eq!(listed(&ann, query).await, expected, "{query}");
    }
    let none = ann.get("/admin/users?q=nobody").await.body;
    assert!(none.contains("No user fits"));
}

#[rocket::async_test]
async fn whoever_signed_in_last_stands_first_and_its_sessions_are_counted() {
    let stage = stage().await;
    stage.clock.advance(HOUR);
    stage.login("alice").await;
    stage.clock.advance(HOUR);
    let ann = Browser::of(&stage, "ann").await;
    let by_sign_in = listed(&ann, "?sort=signed_in&order=desc").await;
    assert_eq!(by_sign_in, ["ann", "alice", "bob", "root"]);
    let body = ann.get("/admin/users?q=alice").await.body;
    assert!(
        body.contains("<a href=\"/admin/sessions?q=user%3Aalice&amp;status=active\">2</a>"),
        "{body}"
    );
    assert!(body.contains("1 h ago"));
    assert!(body.contains("1\u{2013}1 of 1"));
}

#[rocket::async_test]
async fn paging_shows_everybody_once_in_every_order() {
    let stage = stage().await;
    for number in 0..126 {
        stage.sql(&format!(
            "INSERT INTO users (username, username_key, email, email_key, password_hash, created_at, updated_at, signed_in_at)
             VALUES ('u{number}', 'u{number}', 'u{number}@x.example', 'u{number}@x.example', '', 1, 1, {})",
            number % 7
        ));
    }
    let ann = Browser::of(&stage, "ann").await;
    for sort in ["name", "created", "signed_in"] {
        for order in ["asc", "desc"] {
            let mut path = format!("/admin/users?sort={sort}&order={order}&rows=50");
            let mut seen = Vec::new();
            let mut back = Vec::new();
            for expected in [
                "1\u{2013}50 of 130",
                "51\u{2013}100 of 130",
                "101\u{2013}130 of 130",
            ] {
                let page = ann.get(&path).await.body;
                assert!(page.contains(expected), "{path}");
                seen.push(names(&page));
                back.push(link(&page, "rel=\"prev\""));
                path = link(&page, "rel=\"next\"").unwrap_or_default();
            }
            assert_eq!(path, "");
            assert_eq!(back[0], None);
            let mut all = seen.concat();
            assert_eq!(all.len(), 130, "{sort} {order}");
            let previous = ann.get(back[2].as_deref().expect("a way back")).await.body;
            assert_eq!(names(&previous), seen[1], "{sort} {order}");
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 130, "{sort} {order}");
        }
    }
    let page = ann.get("/admin/users?rows=100").await.body;
    assert!(page.len() <= 100_000, "{} bytes", page.len());
    let page = ann.get("/admin/users").await.body;
    assert!(page.len() <= 50_000, "{} bytes", page.len());
}

/// The address of the link with this attribute.
fn link(page: &str, attribute: &str) -> Option<String> {
    let (before, _) = page.split_once(attribute)?;
    let (_, address) = before.rsplit_once("href=\"")?;
    Some(
        address
            .split('"')
            .next()?
            .replace("&amp;", "&")
            .replace("&#x2F;", "/"),
    )
}

#[rocket::async_test]
async fn a_users_page_tells_sessions_sign_ins_and_refusals() {
    let stage = stage().await;
    stage.login("alice").await;
    stage.login_with("alice", "wrong password 1").await;
    let ann = Browser::of(&stage, "ann").await;
    let page = ann.get("/admin/users/3").await;
    assert_eq!(page.status, 200);
    let body = page.body.replace("&#x2F;", "/");
    for part in [
        "alice@example.com",
        "Signed in with an app",
        "Refused: wrong password",
        "203.0.113.7",
        "href=\"/admin/users/3/disable\"",
        "href=\"/admin/users/3/password\"",
        "href=\"/admin/users/3/delete\"",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    // An ADMIN gives no roles, and there is no second factor to reset.
    for part in ["/admin/users/3/role", "/admin/users/3/second-factor"] {
        assert!(!body.contains(part), "{part}");
    }
    let root = ann.get("/admin/users/1").await.body;
    let root = root.replace("&#x2F;", "/");
    assert!(root.contains("Only a SUPERADMIN changes the account of an administrator."));
    assert!(!root.contains("/admin/users/1/password"));
    for missing in [
        "9",
        "0",
        "-1",
        "03",
        "+3",
        "x",
        "3x",
        "99999999999999999999",
    ] {
        assert_eq!(
            ann.get(&format!("/admin/users/{missing}")).await.status,
            404
        );
    }
}

#[rocket::async_test]
async fn hostile_texts_stay_text() {
    let stage = stage().await;
    let hostile = "<script>alert(1)</script>\u{202e}\"'";
    let body = json!({"username": "alice", "password": PASSWORD});
    let call = stage.request(Method::Post, "/api/auth/login");
    let call = call.header("User-Agent", hostile).json(body.to_string());
    call.send().await;
    stage
        .stranger()
        .execute(
            "UPDATE users SET username = $1, email = $1, bio = $1, premium_tier = $1, website_url = $1 WHERE id = 4",
            [hostile],
        )
        .expect("changed");
    let root = Browser::of(&stage, "root").await;
    for path in [
        "/admin/users",
        "/admin/users/3",
        "/admin/users/4",
        "/admin/users/4/delete",
        "/admin/users/4/tier",
        "/admin/users?q=%3Cscript%3Ealert(1)%3C/script%3E",
    ] {
        let page = root.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains("<script>alert"), "{path}");
        assert!(!page.body.contains('\u{202e}'), "{path}");
    }
}
