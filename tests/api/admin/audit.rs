//! The audit's pages: what the list shows and finds, that pages fit together, what an export holds, and the walk along the chain.

use std::collections::HashSet;

use hub::types::role::Role;
use rocket::http::Method;
use serde_json::Value;

use crate::answer::Answer;
use crate::browsing::Browser;
use crate::stage::{HOUR, Stage};

/// Where every refused sign-in is judged, so that each leaves its row.
async fn stage() -> Stage {
    let stage = Stage::without_limits().await;
    stage.register_as("ann", Role::Admin).await;
    stage.register("bob").await;
    stage.login_with("bob", "wrong horse 77").await;
    stage
}

/// The page with what was escaped as it was before.
fn plain(page: &Answer) -> String {
    page.body.replace("&#x2F;", "/").replace("&amp;", "&")
}

/// The numbers of the rows on a page, from top to bottom.
fn rows(page: &Answer) -> Vec<i64> {
    let parts = page.body.split("<tr id=\"row-").skip(1);
    parts
        .map(|part| part.split('"').next().unwrap_or_default())
        .map(|number| number.parse().expect("a number"))
        .collect()
}

/// Where a link of the pager leads.
fn link(page: &Answer, rel: &str) -> Option<String> {
    let plain = plain(page);
    let (before, _) = plain.split_once(&format!("\" rel=\"{rel}\""))?;
    before.rsplit("href=\"").next().map(str::to_owned)
}

#[rocket::async_test]
async fn the_list_tells_who_did_what_with_names_and_links() {
    let stage = stage().await;
    let ann = Browser::of(&stage, "ann").await;
    let page = ann.get("/admin/audit").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let count = i64::try_from(stage.audit().len()).expect("few");
    assert_eq!(rows(&page), (1..=count).rev().collect::<Vec<_>>());
    assert!(
        page.body.contains(&format!("1–{count} of {count}")),
        "{}",
        page.body
    );
    for part in [
        "href=\"/admin/users/2\"><bdi>bob</bdi></a> <small class=\"quiet\">user:2</small>",
        "<bdi>anonymous</bdi>",
        "<bdi>cli:1000</bdi>",
        "href=\"/admin/sessions/",
        "reason=wrong_password",
        "href=\"?address=203.0.113.7\"",
        "sign_in.refused",
    ] {
        assert!(plain(&page).contains(part), "{part}: {}", page.body);
    }
}

#[rocket::async_test]
async fn each_filter_finds_its_rows_and_keeps_what_was_typed() {
    let stage = stage().await;
    let ann = Browser::of(&stage, "ann").await;
    let all = stage.audit();
    let request = all.iter().find_map(|entry| entry.request_id.clone());
    let request = request.expect("a request");
    let expected = |keep: &dyn Fn(&hub::store::audit::Entry) -> bool| {
        let kept = all.iter().rev().filter(|entry| keep(entry));
        kept.map(|entry| entry.id).collect::<Vec<_>>()
    };
    let session = all.iter().find_map(|entry| {
        let target = entry.target.as_deref()?;
        target.strip_prefix("session:").map(str::to_owned)
    });
    let session = session.expect("a session");
    let of_session = format!("session:{session}");
    let cases: [(String, Vec<i64>); 11] = [
        (
            "actor=bob".to_owned(),
            expected(&|entry| entry.actor == "user:2"),
        ),
        (
            "actor=user%3A2".to_owned(),
            expected(&|entry| entry.actor == "user:2"),
        ),
        (
            "actor=anonymous".to_owned(),
            expected(&|entry| entry.actor == "anonymous"),
        ),
        (
            "action=sign_in.refused".to_owned(),
            expected(&|entry| entry.action == "sign_in.refused"),
        ),
        (
            "action=session".to_owned(),
            expected(&|entry| entry.action.starts_with("session.")),
        ),
        (
            "target=BOB".to_owned(),
            expected(&|entry| entry.target.as_deref() == Some("user:2")),
        ),
        (
            format!("target={session}"),
            expected(&|entry| entry.target.as_ref() == Some(&of_session)),
        ),
        (
            "address=203.0.113.7".to_owned(),
            expected(&|entry| entry.address.is_some()),
        ),
        (
            format!("request={request}"),
            expected(&|entry| entry.request_id.as_ref() == Some(&request)),
        ),
        ("from=2025-09-07".to_owned(), vec![]),
        (
            "from=2025-09-06+15%3A30&to=2025-09-06".to_owned(),
            expected(&|_| true),
        ),
    ];
    for (query, expected) in cases {
        let page = ann.get(&format!("/admin/audit?{query}&rows=100")).await;
        assert_eq!(page.status, 200, "{query}");
        assert_eq!(rows(&page), expected, "{query}");
    }
    let page = ann
        .get("/admin/audit?actor=bob&action=session&from=2025-09-06")
        .await;
    for part in [
        "value=\"bob\"",
        "<option value=\"session\" selected>",
        "value=\"2025-09-06\"",
        "/admin/audit/export.csv?actor=bob&action=session&from=2025-09-06\"",
    ] {
        assert!(plain(&page).contains(part), "{part}: {}", page.body);
    }
    let nothing = ann.get("/admin/audit?actor=cli%3A77").await;
    let says = nothing.body.contains("Nothing fits these filters");
    assert!(says, "{} {}", nothing.status, nothing.body);
}

#[rocket::async_test]
async fn what_cannot_be_is_named_at_its_field_and_nothing_typed_is_lost() {
    let stage = stage().await;
    let ann = Browser::of(&stage, "ann").await;
    for (field, typed) in [
        ("actor", "nobody"),
        ("actor", "user:x"),
        ("action", "session.fly"),
        ("target", "nobody"),
        ("address", "203.0.113"),
        ("from", "yesterday"),
        ("to", "2025-13-01"),
        ("request", "7"),
    ] {
        let page = ann
            .get(&format!("/admin/audit?{field}={typed}&rows=25"))
            .await;
        assert_eq!(page.status, 422, "{field}={typed}");
        assert!(
            page.body.contains(&format!("href=\"#field-{field}\"")),
            "{}",
            page.body
        );
        assert_eq!(rows(&page), Vec::<i64>::new());
        if field != "action" {
            assert!(
                page.body.contains(&format!("value=\"{typed}\"")),
                "{}",
                page.body
            );
        }
    }
    for query in [
        "rows=7",
        "before=x",
        "after=-1",
        "before=1&after=2",
        "from=2025-09-07&to=2025-09-06",
    ] {
        assert_eq!(
            ann.get(&format!("/admin/audit?{query}")).await.status,
            422,
            "{query}"
        );
    }
    let hostile = "%3Cscript%3E%27%22%26%E2%80%AE%00%0A";
    for field in [
        "actor", "action", "target", "address", "request", "from", "to",
    ] {
        let page = ann.get(&format!("/admin/audit?{field}={hostile}")).await;
        assert_eq!(page.status, 422, "{field}");
        assert!(!page.body.contains("<script>") && !page.body.contains('\u{202e}'));
        let long = "x".repeat(4_000);
        let page = ann.get(&format!("/admin/audit?{field}={long}")).await;
        assert_eq!(page.status, 422, "{field}");
        let cut = format!("value=\"{}\"", "x".repeat(256));
        assert_eq!(page.body.contains(&cut), field != "action");
    }
}

#[rocket::async_test]
async fn pages_lead_to_one_another_and_lose_no_row() {
    let stage = stage().await;
    for _ in 0..70 {
        stage.login_with("nobody", "wrong horse 77").await;
    }
    let ann = Browser::of(&stage, "ann").await;
    let count = stage.audit().len();
    let mut seen = Vec::new();
    let mut path = "/admin/audit?rows=25".to_owned();
    let mut last = None;
    for _ in 0..10 {
        let page = ann.get(&path).await;
        let rows = rows(&page);
        let (from, to) = (seen.len() + 1, seen.len() + rows.len());
        assert!(
            page.body.contains(&format!("{from}–{to} of {count}")),
            "{path}"
        );
        assert_eq!(link(&page, "prev").is_some(), !seen.is_empty(), "{path}");
        seen.extend(rows);
        let next = link(&page, "next");
        last = Some(page);
        match next {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(seen.len(), count);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), count);
    let back = link(&last.expect("a page"), "prev").expect("a way back");
    let page = ann.get(&back).await;
    assert_eq!(rows(&page), seen[50..75]);
    assert!(link(&page, "next").is_some() && link(&page, "prev").is_some());
    let beyond = ann.get("/admin/audit?before=1").await;
    assert!(
        beyond.body.contains("This page is empty"),
        "{}",
        beyond.body
    );
}

#[rocket::async_test]
async fn an_export_holds_what_the_filter_lets_pass_and_leaves_a_row() {
    let stage = stage().await;
    let ann = Browser::of(&stage, "ann").await;
    let before = stage.audit();
    let answer = ann.get("/admin/audit/export.csv?actor=bob").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.header("Content-Disposition"),
        Some("attachment; filename=\"audit.csv\"")
    );
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    let lines: Vec<&str> = answer.body.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "id,at,actor,action,target,ip,request_id,detail,hash"
    );
    let of_bob: Vec<_> = before
        .iter()
        .filter(|entry| entry.actor == "user:2")
        .collect();
    assert_eq!(lines.len(), of_bob.len() + 2);
    assert!(lines[1].starts_with(&format!("{},", of_bob[of_bob.len() - 1].id)));
    let answer = ann.get("/admin/audit/export.json").await;
    let told: Value = serde_json::from_str(&answer.body).expect("JSON");
    let told = told.as_array().expect("an array");
    // All that were there before, and the row of the first export.
    assert_eq!(told.len(), before.len() + 1);
    assert_eq!(told[0]["action"], "audit.export");
    assert_eq!(told[0]["actor"], "user:1");
    assert_eq!(
        told[0]["detail"],
        format!("format=csv rows={} filters=actor", of_bob.len())
    );
    let details: Vec<_> = stage.audit().split_off(before.len());
    assert_eq!(details.len(), 2);
    let nothing = ann.get("/admin/audit/export.json?actor=cli%3A9").await;
    assert_eq!(nothing.body, "[]\n");
    let wrong = ann.get("/admin/audit/export.json?from=x").await;
    assert_eq!(wrong.status, 303);
    assert_eq!(wrong.header("Location"), Some("/admin/audit?from=x"));
}

#[rocket::async_test]
async fn an_export_of_many_rows_comes_in_pieces_and_whole() {
    let stage = stage().await;
    stage.many_rows(2_500).await;
    let ann = Browser::of(&stage, "ann").await;
    let count = stage.audit().len();
    let answer = ann.get("/admin/audit/export.json").await;
    let told: Vec<Value> = serde_json::from_str(&answer.body).expect("JSON");
    let ids: Vec<i64> = told.iter().filter_map(|row| row["id"].as_i64()).collect();
    let all: Vec<i64> = (1..=i64::try_from(count).expect("few")).rev().collect();
    assert_eq!(ids, all);
    let answer = ann.get("/admin/audit/export.csv").await;
    assert_eq!(answer.body.matches("\r\n").count(), count + 2);
}

#[rocket::async_test]
async fn an_export_wants_a_fresh_proof() {
    let stage = stage().await;
    let ann = Browser::of(&stage, "ann").await;
    stage.clock.advance(HOUR / 10);
    let before = stage.audit().len();
    for file in ["csv", "json"] {
        let answer = ann
            .get(&format!("/admin/audit/export.{file}?actor=bob"))
            .await;
        assert_eq!(answer.status, 303);
        let to = "/admin/sudo?next=%2Fadmin%2Faudit%3Factor%3Dbob";
        assert_eq!(answer.header("Location"), Some(to));
    }
    assert_eq!(stage.audit().len(), before);
}

#[rocket::async_test]
async fn the_walk_tells_that_the_chain_is_whole_or_where_it_breaks() {
    let stage = stage().await;
    let ann = Browser::of(&stage, "ann").await;
    let page = ann.get("/admin/audit/verify").await;
    assert!(
        page.body.contains("Nobody has walked the chain"),
        "{}",
        page.body
    );
    let answer = ann.confirm("/admin/audit/verify", &[]).await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (303, Some("/admin/audit/verify"))
    );
    let page = ann.get("/admin/audit/verify").await;
    let all = stage.audit();
    let head = data_encoding::HEXLOWER.encode(&all[all.len() - 1].hash);
    for part in [
        "The chain is whole",
        &*head,
        "<bdi>ann</bdi>",
        "2025-09-06 15:30:45 UTC",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(page.body.contains(&format!("{} rows", all.len())));
    stage.sql("DROP TRIGGER audit_refuses_update; UPDATE audit SET actor = 'user:9' WHERE id = 3");
    ann.confirm("/admin/audit/verify", &[]).await;
    let page = ann.get("/admin/audit/verify").await;
    assert!(
        page.body.contains("The chain is broken at row 3"),
        "{}",
        page.body
    );
}

#[rocket::async_test]
async fn the_pages_are_for_administrators() {
    let stage = stage().await;
    let bob = Browser::of(&stage, "bob").await;
    for path in [
        "/admin/audit",
        "/admin/audit/export.csv",
        "/admin/audit/export.json",
        "/admin/audit/verify",
    ] {
        assert_eq!(
            stage.request(Method::Get, path).send().await.status,
            303,
            "{path}"
        );
        assert_eq!(bob.get(path).await.status, 403, "{path}");
    }
    let ann = Browser::of(&stage, "ann").await;
    for _ in 0..60 {
        stage.login_with("bob", "wrong horse 77").await;
    }
    for rows in [25, 50, 100] {
        let page = ann.get(&format!("/admin/audit?rows={rows}")).await;
        assert!(page.body.len() < rows * 750 + 12_000, "{}", page.body.len());
    }
}
