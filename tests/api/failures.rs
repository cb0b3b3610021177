//! What every endpoint says when the store fails: its own text, and nothing from inside.

use rocket::futures::future::join_all;
use rocket::http::Method;

use crate::answer::Answer;
use crate::stage::{PASSWORD, Pair, Stage};

/// One request to every endpoint that touches the store, with the text of its failure.
async fn all_endpoints(stage: &Stage, pair: &Pair) -> Vec<(Answer, &'static str, &'static str)> {
    let internal = ("Internal server error", "internal_error");
    let ask = |method, path| stage.ask(method, path, &pair.access);
    let profile = stage
        .request(Method::Patch, "/api/auth/me")
        .bearer(&pair.access);
    let session = crate::answer::session_of(&pair.access);
    let session = format!("/api/auth/sessions/{session}");
    vec![
        (
            stage
                .register_with("bob", "bob@example.com", PASSWORD)
                .await,
            "Registration failed",
            "registration_failed",
        ),
        (
            stage.login_with("alice", PASSWORD).await,
            "Login failed",
            "login_failed",
        ),
        (
            stage.login_with("nobody", PASSWORD).await,
            "Login failed",
            "login_failed",
        ),
        (
            stage.refresh(&pair.refresh).await,
            "Token refresh failed",
            "refresh_failed",
        ),
        (
            ask(Method::Post, "/api/auth/logout").await,
            "Logout failed",
            "logout_failed",
        ),
        (
            ask(Method::Get, "/api/auth/validate").await,
            internal.0,
            internal.1,
        ),
        (
            ask(Method::Get, "/api/auth/me").await,
            internal.0,
            internal.1,
        ),
        (
            profile.json(r#"{"bio":"x"}"#).send().await,
            internal.0,
            internal.1,
        ),
        (
            stage
                .change_password(&pair.access, PASSWORD, "another horse 8")
                .await,
            internal.0,
            internal.1,
        ),
        (
            ask(Method::Get, "/api/auth/sessions").await,
            internal.0,
            internal.1,
        ),
        (ask(Method::Delete, &session).await, internal.0, internal.1),
        (
            ask(Method::Post, "/api/auth/logout-all").await,
            internal.0,
            internal.1,
        ),
    ]
}

#[rocket::async_test]
async fn a_store_that_fails_is_500_in_each_endpoints_own_words_and_nothing_from_inside() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.sql("ALTER TABLE users RENAME TO gone");
    for (answer, text, code) in all_endpoints(&stage, &pair).await {
        answer.is_error(500, text, code);
        answer.tells_nothing();
    }
    stage.sql("ALTER TABLE gone RENAME TO users");
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn without_its_audit_row_no_change_is_made() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.sql("ALTER TABLE audit RENAME TO gone");
    let failed = ("Profile update failed", "Password change failed");
    let read = ["/api/auth/validate", "/api/auth/me", "/api/auth/sessions"];
    for path in read {
        assert_eq!(stage.ask(Method::Get, path, &pair.access).await.status, 200);
    }
    for (answer, text, code) in all_endpoints(&stage, &pair).await {
        if answer.status == 200 {
            continue;
        }
        assert_eq!(answer.status, 500);
        let told = answer.json()["error"].as_str().expect("a text").to_owned();
        assert!(
            told == text || told == failed.0 || told == failed.1,
            "{told} {code}"
        );
        answer.tells_nothing();
    }
    stage.sql("ALTER TABLE gone RENAME TO audit");
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
    assert_eq!(
        stage.number("SELECT count(*) FROM sessions WHERE ended_at IS NULL"),
        1
    );
    assert_eq!(
        stage.number("SELECT count(*) FROM users WHERE bio IS NOT NULL"),
        0
    );
    stage.login("alice").await;
    assert_eq!(stage.validate(&pair.access).await.status, 200);
}

#[rocket::async_test]
async fn an_impossible_row_is_a_failure_and_no_guess() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.sql("PRAGMA ignore_check_constraints = ON; UPDATE users SET role = 'GOD'");
    let answer = stage.validate(&pair.access).await;
    answer.is_error(500, "Internal server error", "internal_error");
    let answer = stage.refresh(&pair.refresh).await;
    answer.is_error(500, "Token refresh failed", "refresh_failed");
    let answer = stage.login_with("alice", PASSWORD).await;
    answer.is_error(500, "Login failed", "login_failed");
    answer.tells_nothing();
}

#[rocket::async_test]
async fn while_another_process_holds_the_database_writes_come_back_later_and_reads_go_on() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let holder = stage.stranger();
    holder.execute_batch("BEGIN IMMEDIATE").expect("held");
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    let writes: Vec<_> = join_all([
        Box::pin(stage.refresh(&pair.refresh)) as std::pin::Pin<Box<dyn Future<Output = Answer>>>,
        Box::pin(stage.ask(Method::Post, "/api/auth/logout", &pair.access)),
        Box::pin(stage.get("/readyz")),
        Box::pin(stage.login_with("alice", PASSWORD)),
    ])
    .await;
    for answer in &writes {
        answer.is_error(503, "Service temporarily unavailable", "unavailable");
        assert_eq!(answer.header("Retry-After"), Some("1"));
    }
    holder.execute_batch("COMMIT").expect("let go");
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.rotate(&pair.refresh).await;
}
