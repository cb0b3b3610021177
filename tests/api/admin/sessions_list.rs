//! The administrators' list of sessions: what it shows, and what its exports hold.

use std::time::Duration;

use hub::types::role::Role;
use rocket::http::RawStr;
use serde_json::Value;

use crate::admin::sessions_stage::{LIST, crowd, id_of, rows, staged};
use crate::browsing::Browser;
use crate::stage::{HOUR, Stage};

#[rocket::async_test]
async fn the_list_shows_every_session_and_marks_ones_own() {
    let stage = Stage::new().await;
    let (root, [first, ..]) = staged(&stage).await;
    let page = root.get(LIST).await;
    assert_eq!(page.status, 200, "{}", page.body);
    // Three of users, one of the registration of the administrator, one of the browser.
    assert_eq!(rows(&page), 5);
    assert!(page.body.contains("5 of 5 sessions"));
    assert_eq!(page.body.matches("This session").count(), 1);
    let id = id_of(&first);
    assert!(
        page.body
            .contains(&format!("<a href=\"/admin/sessions/{id}\">"))
    );
    assert!(
        page.body.contains("aria-label=\"alice, Unknown device\""),
        "{}",
        page.body
    );
    assert!(page.body.contains("aria-sort=\"descending\""));
    assert!(!page.body.contains("eyJ"));
}

#[rocket::async_test]
async fn a_search_a_filter_and_an_order_stand_in_the_address() {
    let stage = Stage::new().await;
    let (root, pairs) = staged(&stage).await;
    let found = |path: &'static str| {
        let root = &root;
        async move {
            let page = root.get(path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            rows(&page)
        }
    };
    assert_eq!(found("/admin/sessions?q=user%3Aalice").await, 2);
    assert_eq!(found("/admin/sessions?q=user%3Aal*+unknown").await, 2);
    assert_eq!(found("/admin/sessions?q=bob").await, 1);
    assert_eq!(
        found("/admin/sessions?q=ip%3A203.0.113.0%2F24&rows=100").await,
        5
    );
    assert_eq!(found("/admin/sessions?q=ip%3A192.0.2.1").await, 0);
    assert_eq!(found("/admin/sessions?status=ended").await, 0);
    assert_eq!(found("/admin/sessions?used=before-7d").await, 0);
    let id = id_of(&pairs[2]);
    let page = root
        .get(&format!(
            "{LIST}?q=id%3A{}&sort=user&order=ascending",
            &id[..6]
        ))
        .await;
    assert_eq!(rows(&page), 1);
    assert!(page.body.contains("aria-sort=\"ascending\""));
    assert!(
        page.body.contains(&format!("value=\"id:{}\"", &id[..6])),
        "what was typed stays"
    );
}

#[rocket::async_test]
async fn a_mistake_stands_at_its_field_and_nothing_typed_is_lost() {
    let stage = Stage::new().await;
    let (root, _) = staged(&stage).await;
    let page = root
        .get("/admin/sessions?q=user%3Aalice+name%3A%3Cb%3E+ip%3Ahome")
        .await;
    assert_eq!(page.status, 422);
    assert_eq!(rows(&page), 0);
    assert!(
        page.body
            .contains("value=\"user:alice name:&lt;b&gt; ip:home\""),
        "{}",
        page.body
    );
    assert!(page.body.contains("There is no word name:"));
    assert!(page.body.contains("After ip: write an address"));
    assert!(page.body.contains("<a href=\"#field-q\">"));
    assert!(
        !page.body.contains("name=\"which\""),
        "what cannot be read cannot be revoked"
    );
    let export = root.get("/admin/sessions/export.csv?q=name%3Ax").await;
    assert_eq!(export.status, 303);
}

#[rocket::async_test]
async fn hostile_parameters_show_an_error_or_the_usual_list_and_never_more_than_passes() {
    let stage = Stage::new().await;
    let (root, _) = staged(&stage).await;
    for hostile in [
        "' OR 1=1 --",
        "\"><script>alert(1)</script>",
        "%",
        "_",
        "\\",
        "a' UNION SELECT password_hash FROM users --",
        "{{7*7}}",
        "\u{202e}evil",
        "\0",
        "../../etc/passwd",
        "-1",
        "9223372036854775808~ffffffffffffffff",
        "🦀".repeat(300).as_str(),
    ] {
        let encoded = RawStr::new(hostile).percent_encode();
        for name in [
            "q", "status", "used", "sort", "order", "rows", "after", "before", "id", "which",
        ] {
            let page = root.get(&format!("{LIST}?{name}={encoded}")).await;
            assert!(
                [200, 422].contains(&page.status),
                "{name}={hostile}: {}",
                page.status
            );
            assert!(!page.body.contains("<script>alert"), "{name}={hostile}");
            let all = !["q", "status", "used"].contains(&name);
            assert_eq!(rows(&page), if all { 5 } else { 0 }, "{name}={hostile}");
            let export = root
                .get(&format!("{LIST}/export.json?{name}={encoded}"))
                .await;
            assert!([200, 303].contains(&export.status), "{name}={hostile}");
        }
    }
}

#[rocket::async_test]
async fn pages_follow_one_another_and_keep_the_search() {
    let stage = Stage::new().await;
    let (root, _) = staged(&stage).await;
    crowd(&stage, 60);
    let mut path = "/admin/sessions?q=user%3A%231".to_owned();
    let mut ids = Vec::new();
    for expected in [25, 25, 12] {
        let page = root.get(&path).await;
        assert_eq!(rows(&page), expected, "{path}");
        assert!(
            page.body.contains(&format!("{expected} of 62 sessions")),
            "{}",
            page.body
        );
        ids.extend(
            page.body
                .split("name=\"id\" value=\"")
                .skip(1)
                .map(|rest| rest[..16].to_owned()),
        );
        let next = page
            .body
            .split("rel=\"next\"")
            .next()
            .and_then(|before| before.rsplit("href=\"").next());
        let has_next = page.body.contains("rel=\"next\"");
        assert_eq!(has_next, expected == 25);
        if has_next {
            path = next
                .and_then(|rest| rest.split('"').next())
                .expect("a link")
                .replace("&amp;", "&")
                .replace("&#x2F;", "/")
                .replace("&#x3D;", "=");
            assert!(path.contains("q=user"), "{path}");
        }
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 62);
}

#[rocket::async_test]
async fn a_page_of_fifty_hostile_clients_has_less_than_50_kb() {
    let stage = Stage::new().await;
    let (root, _) = staged(&stage).await;
    crowd(&stage, 200);
    let page = root.get("/admin/sessions?rows=50").await;
    assert_eq!(rows(&page), 50);
    assert!(page.body.len() <= 50_000, "{} bytes", page.body.len());
}

#[rocket::async_test]
async fn exports_hold_what_the_list_shows_and_nothing_that_computes() {
    let stage = Stage::new().await;
    let (root, _) = staged(&stage).await;
    crowd(&stage, 2_500);
    let answer = root
        .get("/admin/sessions/export.csv?q=ip%3A198.51.100.9")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.header("Content-Type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    assert_eq!(
        answer.header("Content-Disposition"),
        Some("attachment; filename=\"sessions.csv\"")
    );
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    let lines: Vec<&str> = answer.body.lines().collect();
    assert_eq!(lines.len(), 2_501);
    assert!(lines[0].starts_with("id,user_id,username,status,"));
    assert!(
        lines[1].contains(",\"'=cmd|' /C calc'!A0,\"\"x\"\"\","),
        "{}",
        lines[1]
    );
    let last = stage.audit().pop().expect("a row");
    assert_eq!(last.action, "session.export");
    assert_eq!(
        last.detail.as_deref(),
        Some("format=csv sessions=2500 q=\"ip:198.51.100.9\"")
    );
    let answer = root.get("/admin/sessions/export.json").await;
    let all: Value = serde_json::from_str(&answer.body).expect("JSON");
    let all = all.as_array().expect("an array");
    assert_eq!(all.len(), 2_505);
    assert!(all.iter().all(|session| session.get("salt").is_none()));
    assert!(!answer.body.contains("eyJ"));
    let none = root
        .get("/admin/sessions/export.json?q=user%3Anobody")
        .await;
    assert_eq!(
        serde_json::from_str::<Value>(&none.body).expect("JSON"),
        serde_json::json!([])
    );
    let none = root.get("/admin/sessions/export.csv?q=user%3Anobody").await;
    assert_eq!(none.body.lines().count(), 1);
}

#[rocket::async_test]
async fn sessions_that_passed_their_time_are_told_from_those_that_were_ended() {
    let stage = Stage::new().await;
    stage.register_as("root", Role::Admin).await;
    let pair = stage.register("alice").await;
    stage.rotate(&pair.refresh).await;
    stage.clock.advance(HOUR);
    stage.refresh(&pair.refresh).await;
    stage.register("bob").await;
    stage.clock.advance(Duration::from_hours(28 * 24));
    let root = Browser::of(&stage, "root").await;
    let page = root.get(LIST).await;
    for badge in [
        "badge reuse",
        "badge expiring",
        "badge active",
        "badge current",
    ] {
        assert!(page.body.contains(badge), "{badge}: {}", page.body);
    }
    assert!(page.body.contains("<tr class=\"alarm\">"));
    stage.clock.advance(Duration::from_hours(3 * 24));
    let root = Browser::of(&stage, "root").await;
    let page = root.get("/admin/sessions?status=expired").await;
    assert!(rows(&page) >= 1 && page.body.contains("badge expired"));
}
