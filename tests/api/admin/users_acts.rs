//! `/admin/users/{id}/…` and `/admin/users/new`: every act on an account, who may do it, and what it does.

use hub::types::role::Role;

use crate::answer::Answer;
use crate::browsing::Browser;
use crate::stage::{Pair, Stage};

const NEW: &str = "another horse 8";
/// The last part of each act's address.
pub const ACTS: [&str; 8] = [
    "role",
    "tier",
    "disable",
    "enable",
    "password",
    "sign-out",
    "second-factor",
    "delete",
];

/// `root` is 1, `ann` is 2, `alice` is 3, `rita` (a SUPERADMIN too) is 4, `adam` (an ADMIN too) is 5.
pub async fn stage() -> (Stage, Pair) {
    let stage = Stage::new().await;
    stage.register_as("root", Role::SuperAdmin).await;
    stage.register_as("ann", Role::Admin).await;
    let alice = stage.register("alice").await;
    stage.register_as("rita", Role::SuperAdmin).await;
    stage.register_as("adam", Role::Admin).await;
    (stage, alice)
}

pub fn fields(act: &str) -> Vec<(&'static str, &'static str)> {
    match act {
        "role" => vec![("role", "ADMIN")],
        "tier" => vec![("tier", "PREMIUM")],
        "password" => vec![("password", NEW), ("password_again", NEW)],
        "delete" => vec![("name", "alice")],
        _ => vec![],
    }
}

pub async fn act(browser: &Browser<'_>, user: i64, act: &str) -> Answer {
    let path = format!("/admin/users/{user}/{act}");
    browser.confirm(&path, &fields(act)).await
}

/// The note on the page that an act leads to.
pub async fn note(browser: &Browser<'_>, answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = browser.get(answer.header("Location").expect("a way")).await;
    let (_, rest) = page.body.split_once("<p class=\"note").expect("a note");
    let rest = rest.split_once("</svg>").expect("an icon").1;
    rest.split('<').next().unwrap_or_default().to_owned()
}

fn last_action(stage: &Stage) -> (String, String, Option<String>, Option<String>) {
    let row = stage.audit().pop().expect("a row");
    (row.action, row.actor, row.target, row.detail)
}

fn audited(action: &str, detail: Option<&str>) -> (String, String, Option<String>, Option<String>) {
    (
        action.to_owned(),
        "user:1".to_owned(),
        Some("user:3".to_owned()),
        detail.map(str::to_owned),
    )
}

#[rocket::async_test]
async fn a_role_and_a_tier_are_given_and_count_at_once() {
    let (stage, alice) = stage().await;
    let root = Browser::of(&stage, "root").await;
    let done = act(&root, 3, "role").await;
    assert_eq!(
        last_action(&stage),
        audited("user.role", Some("from=USER to=ADMIN"))
    );
    assert!(
        note(&root, &done)
            .await
            .contains("counts at their next request")
    );
    let done = act(&root, 3, "tier").await;
    assert_eq!(
        last_action(&stage),
        audited("user.tier", Some("to=PREMIUM"))
    );
    assert_eq!(note(&root, &done).await, "The tier is given.");
    let me = stage.me(&alice.access).await;
    assert!(me.body.contains("\"ADMIN\"") && me.body.contains("\"PREMIUM\""));
    let rows = stage.audit().len();
    act(&root, 3, "tier").await;
    assert_eq!(stage.audit().len(), rows, "the same again changes nothing");
}

#[rocket::async_test]
async fn whoever_is_disabled_is_out_everywhere_until_they_are_enabled() {
    let (stage, alice) = stage().await;
    let root = Browser::of(&stage, "root").await;
    let done = act(&root, 3, "disable").await;
    assert_eq!(
        last_action(&stage),
        audited("user.disable", Some("ended=1"))
    );
    assert!(note(&root, &done).await.contains("1 session is ended"));
    assert_eq!(stage.refresh(&alice.refresh).await.code(), "user_disabled");
    assert_eq!(
        stage
            .login_with("alice", crate::stage::PASSWORD)
            .await
            .status,
        401
    );
    act(&root, 3, "enable").await;
    assert_eq!(last_action(&stage), audited("user.enable", None));
    stage.login("alice").await;
}

#[rocket::async_test]
async fn a_set_password_replaces_the_old_one_and_ends_every_session() {
    let (stage, alice) = stage().await;
    let root = Browser::of(&stage, "root").await;
    let done = act(&root, 3, "password").await;
    assert_eq!(
        last_action(&stage),
        audited("password.set", Some("ended=1"))
    );
    assert!(note(&root, &done).await.contains("The password is set"));
    assert_eq!(
        stage.refresh(&alice.refresh).await.code(),
        "password_changed"
    );
    assert_eq!(stage.login_with("alice", NEW).await.status, 200);
    for (password, again, problem) in [
        ("short1", "short1", "Password must be at least 8 characters"),
        (NEW, "x", "The two passwords differ."),
        ("", "", "Password must be at least 8 characters"),
        (
            "nothing but letters",
            "nothing but letters",
            "at least one digit",
        ),
    ] {
        let form = [("password", password), ("password_again", again)];
        let answer = root.confirm("/admin/users/3/password", &form).await;
        assert_eq!(answer.status, 422, "{password}");
        assert!(answer.body.contains(problem), "{password}: {}", answer.body);
        assert!(!answer.body.contains(NEW));
    }
}

#[rocket::async_test]
async fn signing_out_everywhere_ends_all_sessions_but_ones_own_unless_ticked() {
    let (stage, alice) = stage().await;
    let ann = Browser::of(&stage, "ann").await;
    let done = act(&ann, 3, "sign-out").await;
    assert_eq!(note(&ann, &done).await, "1 session is ended.");
    assert_eq!(
        stage.refresh(&alice.refresh).await.code(),
        "session_revoked"
    );
    // Every administrator manages sessions, whosever they are.
    act(&ann, 1, "sign-out").await;
    let own = act(&ann, 2, "sign-out").await;
    assert_eq!(note(&ann, &own).await, "1 session is ended.");
    let gone = ann
        .confirm("/admin/users/2/sign-out", &[("own", "true")])
        .await;
    assert_eq!(gone.header("Location"), Some("/login"));
    assert_eq!(ann.get("/admin/users").await.status, 303);
}

#[rocket::async_test]
async fn whoever_is_to_confirm_an_act_reads_how_many_sessions_it_ends() {
    let (stage, _) = stage().await;
    let root = Browser::of(&stage, "root").await;
    for told in [
        "Their one session is ended and its client signed out",
        "Their 2 sessions are ended and the clients signed out",
    ] {
        let page = root.get("/admin/users/3/sign-out").await;
        assert!(page.body.contains(told), "{told}: {}", page.body);
        stage.login("alice").await;
    }
    act(&root, 3, "sign-out").await;
    let page = root.get("/admin/users/3/sign-out").await;
    let told = "They are signed in nowhere now, so nobody is signed out";
    assert!(page.body.contains(told), "{}", page.body);
}

#[rocket::async_test]
async fn a_second_factor_is_reset() {
    let (stage, _) = stage().await;
    let root = Browser::of(&stage, "root").await;
    let done = act(&root, 3, "second-factor").await;
    assert!(note(&root, &done).await.contains("had no second factor"));
    stage.sql("INSERT INTO second_factors (user_id, nonce, key_id, drawn_at, drawn_steady, drawn_boot, confirmed_at, last_step) VALUES (3, zeroblob(16), 1, 1, 1, 1, 1, 1)");
    let done = act(&root, 3, "second-factor").await;
    assert_eq!(last_action(&stage), audited("second_factor.reset", None));
    assert_eq!(note(&root, &done).await, "The second factor is reset.");
    assert_eq!(stage.number("SELECT count(*) FROM second_factors"), 0);
}

#[rocket::async_test]
async fn a_user_is_deleted_only_by_name() {
    let (stage, alice) = stage().await;
    let root = Browser::of(&stage, "root").await;
    for wrong in ["", "Alice", "bob"] {
        let answer = root
            .confirm("/admin/users/3/delete", &[("name", wrong)])
            .await;
        assert_eq!(answer.status, 422, "{wrong}");
        assert!(answer.body.contains("Nobody was deleted."));
    }
    stage.validate(&alice.access).await;
    let done = act(&root, 3, "delete").await;
    assert_eq!(last_action(&stage), audited("user.delete", Some("ended=1")));
    assert_eq!(done.header("Location"), Some("/admin/users"));
    assert_eq!(stage.refresh(&alice.refresh).await.code(), "user_not_found");
    assert_eq!(root.get("/admin/users/3").await.status, 404);
}

#[rocket::async_test]
async fn a_user_is_added_in_a_role_that_the_administrator_may_give() {
    let (stage, _) = stage().await;
    let (root, ann) = (
        Browser::of(&stage, "root").await,
        Browser::of(&stage, "ann").await,
    );
    let form = |name, email, role| {
        [
            ("username", name),
            ("email", email),
            ("role", role),
            ("password", NEW),
            ("password_again", NEW),
        ]
    };
    assert!(
        !ann.get("/admin/users/new")
            .await
            .body
            .contains("name=\"role\"")
    );
    let refused = ann
        .post("/admin/users/new", &form("eve", "eve@x.example", "ADMIN"))
        .await;
    assert_eq!(refused.status, 403);
    let added = ann
        .post("/admin/users/new", &form("eve", "eve@x.example", ""))
        .await;
    assert_eq!(note(&ann, &added).await, "The user can sign in.");
    assert_eq!(
        stage.text("SELECT role FROM users WHERE username = 'eve'"),
        "USER"
    );
    root.confirm(
        "/admin/users/new",
        &form("max", "max@x.example", "SUPERADMIN"),
    )
    .await;
    assert_eq!(
        stage.text("SELECT role FROM users WHERE username = 'max'"),
        "SUPERADMIN"
    );
    assert_eq!(stage.login_with("max", NEW).await.status, 200);
    for (name, email, role, problem) in [
        (
            "EVE",
            "new@x.example",
            "USER",
            "Somebody has this name already.",
        ),
        (
            "new",
            "EVE@x.example",
            "USER",
            "Somebody has this address already.",
        ),
        ("x", "new@x.example", "USER", "between 3 and 64"),
        ("new", "nowhere", "USER", "Invalid email format"),
        (
            "new",
            "new@x.example",
            "KING",
            "a role is USER, ADMIN or SUPERADMIN",
        ),
    ] {
        let answer = root
            .confirm("/admin/users/new", &form(name, email, role))
            .await;
        assert_eq!(answer.status, 422, "{name} {email} {role}");
        assert!(answer.body.contains(problem), "{problem}: {}", answer.body);
        assert!(
            answer.body.contains(&format!("value=\"{name}\"")),
            "typed text stays"
        );
        assert!(!answer.body.contains(NEW));
    }
}
