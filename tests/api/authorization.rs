//! Who may do what: a table, held to every route there is.
//!
//! Each cell is asked on a Hub as it was before, which those that only read share: `user` owns what the address names (a session, an account), the others do not. Forms are sent as a page of
//! the Hub would send them, without any field, so that a cell tells who gets through and nothing is done by accident.

use std::collections::BTreeMap;

use hub::types::role::Role;
use rocket::http::Method;
use tempfile::TempDir;

use crate::answer::session_of;
use crate::browsing::{Browser, encoded};
use crate::stage::{PASSWORD, Pair, SEED, Stage};

/// Method, pattern, and the status for nobody, the owner, another user, an ADMIN and a SUPERADMIN.
const TABLE: &str = include_str!("authorization.txt");

const ACTORS: [&str; 5] = ["nobody", "user", "other", "admin", "superadmin"];

struct Row {
    method: Method,
    pattern: &'static str,
    expected: BTreeMap<&'static str, u16>,
}

fn table() -> Vec<Row> {
    let lines = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [method, pattern, statuses @ ..] = words.as_slice() else {
                panic!("{line}");
            };
            assert_eq!(statuses.len(), ACTORS.len(), "{line}");
            Row {
                method: method.parse().expect("a method"),
                pattern,
                expected: ACTORS
                    .into_iter()
                    .zip(statuses.iter().map(|status| status.parse().expect(line)))
                    .collect(),
            }
        })
        .collect()
}

/// A Hub with its people, before anybody did anything; each cell is asked on a copy.
struct Before {
    directory: TempDir,
    owner: Pair,
}

async fn before() -> Before {
    let stage = Stage::new().await;
    let owner = stage.register("user").await;
    stage.register("other").await;
    stage.register_as("admin", Role::Admin).await;
    stage.register_as("superadmin", Role::SuperAdmin).await;
    let directory = stage.close();
    Before { directory, owner }
}

impl Before {
    async fn copy(&self) -> Stage {
        let copy = tempfile::tempdir().expect("a temporary directory");
        for name in ["hub.db", "secret.key"] {
            let from = self.directory.path().join(name);
            std::fs::copy(from, copy.path().join(name)).expect("copied");
        }
        // Another chance than before, or a later session would get the id of an earlier one.
        Stage::on(copy, &[], SEED + 1).await
    }
}

/// What a route answers an actor.
async fn ask(before: &Before, stage: &Stage, actor: &str, method: Method, pattern: &str) -> u16 {
    let owner = &before.owner;
    let session = session_of(&owner.access);
    let path: String = pattern
        .split('/')
        .map(|part| match part {
            "<id>" if pattern.contains("sessions") => session.as_str(),
            "<id>" => "1",
            part if part.starts_with('<') => "unknown",
            part => part,
        })
        .collect::<Vec<_>>()
        .join("/");
    let call = stage.request(method, &path);
    if path.starts_with("/api/") {
        let call = match actor {
            "nobody" => call,
            "user" => call.bearer(&owner.access),
            _ => call.bearer(&stage.login(actor).await.access),
        };
        return call.json("{}").send().await.status;
    }
    let browser = Browser::new(stage);
    if actor != "nobody" {
        let signed_in = browser.sign_in(actor, PASSWORD).await;
        assert_eq!(signed_in.status, 303);
    }
    let area = match path.split('/').nth(1) {
        Some("admin") => "/admin/sudo",
        Some("account") => "/account",
        _ => "/login",
    };
    browser.get(area).await;
    let call = call.header("Cookie", &browser.cookie_header());
    let call = call.header("Accept", "text/html");
    let call = if method == Method::Post {
        call.header("Sec-Fetch-Site", "same-origin")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(encoded(&[("form_token", &browser.token())]))
    } else {
        call
    };
    call.send().await.status
}

async fn hold(actor: &'static str) {
    let before = before().await;
    let reading = before.copy().await;
    let mut wrong = Vec::new();
    for row in table() {
        let changing = match row.method {
            Method::Get => None,
            _ => Some(before.copy().await),
        };
        let stage = changing.as_ref().unwrap_or(&reading);
        let status = ask(&before, stage, actor, row.method, row.pattern).await;
        if status != row.expected[actor] {
            wrong.push(format!("{} {} {status}", row.method, row.pattern));
        }
    }
    assert!(wrong.is_empty(), "{actor}:\n{}", wrong.join("\n"));
}

#[rocket::async_test]
async fn nobody_gets_through_to_what_is_somebodys() {
    hold("nobody").await;
}

#[rocket::async_test]
async fn a_user_gets_through_to_what_is_theirs() {
    hold("user").await;
}

#[rocket::async_test]
async fn another_user_does_not() {
    hold("other").await;
}

#[rocket::async_test]
async fn an_admin_gets_through_to_users_and_sessions() {
    hold("admin").await;
}

#[rocket::async_test]
async fn a_superadmin_gets_through_to_everything() {
    hold("superadmin").await;
}

#[rocket::async_test]
async fn every_route_has_its_row() {
    let stage = Stage::new().await;
    let mut routes: Vec<(String, String)> = stage
        .routes()
        .into_iter()
        .map(|(method, pattern)| (method.to_string(), pattern))
        .collect();
    let mut rows: Vec<(String, String)> = table()
        .iter()
        .map(|row| (row.method.to_string(), row.pattern.to_owned()))
        .collect();
    routes.sort();
    rows.sort();
    let missing: Vec<_> = routes
        .iter()
        .filter(|route| !rows.contains(route))
        .collect();
    let gone: Vec<_> = rows.iter().filter(|row| !routes.contains(row)).collect();
    assert!(missing.is_empty(), "write a row for {missing:?}");
    assert!(gone.is_empty(), "take out {gone:?}");
    assert_eq!(routes.len(), rows.len(), "a row stands twice");
}
