//! `hub user`, beside a running server: every change counts at the next request.

use serde_json::json;

use crate::stage::{PASSWORD, Stage};

#[test]
fn an_account_made_beside_a_running_server_signs_in() {
    let stage = Stage::empty();
    let server = stage.serve();
    let arguments = ["user", "add", "bob", "--email", "bob@example.com"];
    let told = stage
        .run_with(
            &[&arguments[..], &["--password-stdin"]].concat(),
            "correct horse 7\n",
        )
        .good();
    let path = stage.database();
    let line = format!("added user 1 bob with role USER in {}\n", path.display());
    assert_eq!(told, line);
    // The line end behind the password is not part of it.
    assert_eq!(server.login("bob", PASSWORD).0, 200);
}

#[test]
fn what_somebody_has_already_is_refused() {
    let stage = Stage::new();
    let add = |name, email| {
        let arguments = ["user", "add", name, "--email", email, "--password-stdin"];
        stage.run_with(&arguments, PASSWORD).failed(1)
    };
    let database = format!("(database {})", stage.database().display());
    assert_eq!(
        add("Alice", "new@example.com"),
        format!("a user with this name exists already {database}")
    );
    assert_eq!(
        add("new", "Alice@example.com"),
        format!("a user with this email exists already {database}")
    );
}

#[test]
fn a_new_password_keeps_the_rules_and_is_never_an_argument() {
    let stage = Stage::new();
    let passwd = ["user", "passwd", "alice", "--password-stdin"];
    for (password, rule) in [
        ("", "Password must be at least 8 characters"),
        ("password123", "Password is too common"),
        ("alice12345", "Password must not be the username or email"),
    ] {
        let line = stage.run_with(&passwd, password).failed(1);
        let wanted = format!("{rule}; nothing was changed, choose another password");
        assert_eq!(line, wanted);
    }
    let line = stage.run(&["user", "passwd", "alice"]).failed(2);
    assert_eq!(
        line,
        "there is no terminal to ask for the password; give it on standard input and add --password-stdin"
    );
    assert_eq!(stage.run(&["user", "passwd", "alice", PASSWORD]).code, 2);
    let long = "x1".repeat(600);
    let line = stage.run_with(&passwd, &long).failed(1);
    assert_eq!(line, "standard input is longer than 1026 bytes; give less");
}

#[test]
fn every_user_is_listed_however_many_there_are() {
    let stage = Stage::new();
    // More than one page of the command's own reading.
    stage
        .connection()
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
             INSERT INTO users (username, username_key, email, email_key, password_hash, created_at, updated_at)
             SELECT 'u-' || i, 'u-' || i, i || '@b.co', i || '@b.co', '$none', 0, 0 FROM n",
        )
        .unwrap();
    let users = stage.run(&["user", "list", "--json"]).json();
    assert_eq!(users.as_array().unwrap().len(), 1_102);
    assert_eq!(users[1]["username"], "alice");
    assert_eq!(users[0]["role"], "SUPERADMIN");
    assert_eq!(users[1_101]["created_at"], "1970-01-01T00:00:00.000000");
    let table = stage.run(&["user", "list"]).good();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 1_103);
    let column = lines[0].find("EMAIL").expect("a heading");
    assert!(lines[2][column..].starts_with("alice@example.com"));
    assert!(lines[1_102][column..].starts_with("1100@b.co"));
}

#[test]
fn a_user_is_shown_by_name_or_number_and_never_with_the_hash() {
    let stage = Stage::new();
    let server = stage.serve();
    server.sign_in("alice");
    for named in ["alice", "ALICE", "2", "id:2", "name:alice"] {
        let shown = stage.run(&["user", "show", named, "--json"]).json();
        assert_eq!(shown["id"], 2, "{named}");
        assert_eq!(shown["email"], "alice@example.com");
        assert_eq!(shown["active_sessions"], 1);
        assert!(shown.get("password_hash").is_none());
    }
    let shown = stage.run(&["user", "show", "alice"]).good();
    assert!(shown.contains("active sessions  1\n"), "{shown}");
    assert!(!shown.contains("argon2"), "{shown}");
    let line = stage.run(&["user", "show", "nobody"]).failed(1);
    let path = stage.database();
    assert_eq!(
        line,
        format!(
            "there is no user \"nobody\"; `hub user list` shows all (database {})",
            path.display()
        )
    );
}

#[test]
fn a_number_that_is_also_somebodys_name_is_not_guessed_at() {
    let stage = Stage::new();
    stage.add("200", "USER");
    let moved = "UPDATE users SET id = 200 WHERE username = 'alice'";
    stage.connection().execute_batch(moved).unwrap();
    let line = stage.run(&["user", "disable", "200"]).failed(2);
    assert!(
        line.starts_with("200 is one user's number and another's name; write id:200 or name:200")
    );
    let named =
        |which: &str| stage.run(&["user", "show", which, "--json"]).json()["username"].clone();
    assert_eq!(
        (named("id:200"), named("name:200")),
        (json!("alice"), json!("200"))
    );
}

#[test]
fn a_new_password_ends_all_sessions_and_says_how_many() {
    let stage = Stage::new();
    let server = stage.serve();
    let (first, second) = (server.sign_in("alice"), server.sign_in("alice"));
    let other = server.sign_in("admin");
    let passwd = ["user", "passwd", "alice", "--password-stdin"];
    let told = stage.run_with(&passwd, "another horse 8").good();
    let path = stage.database();
    assert_eq!(
        told,
        format!(
            "set the password of user 2 alice and ended 2 sessions in {}\n",
            path.display()
        )
    );
    for ended in [first, second] {
        assert_eq!(server.refusal(&ended.refresh), "password_changed");
    }
    assert_eq!(server.validate(&other.access).0, 200);
    assert_eq!(server.login("alice", PASSWORD).0, 401);
    assert_eq!(server.login("alice", "another horse 8").0, 200);
}

#[test]
fn who_is_disabled_is_refused_at_the_next_request_until_enabled() {
    let stage = Stage::new();
    let server = stage.serve();
    let tokens = server.sign_in("alice");
    assert_eq!(server.validate(&tokens.access).0, 200);
    let told = stage.run(&["user", "disable", "alice"]).good();
    assert!(
        told.starts_with("disabled user 2 alice and ended 1 session in /"),
        "{told}"
    );
    let (status, body) = server.validate(&tokens.access);
    assert_eq!((status, &body["code"]), (401, &json!("user_disabled")));
    assert_eq!(server.refusal(&tokens.refresh), "user_disabled");
    let (status, body) = server.login("alice", PASSWORD);
    assert_eq!((status, &body["code"]), (401, &json!("user_disabled")));
    let told = stage.run(&["user", "enable", "2"]).good();
    assert!(told.starts_with("enabled user 2 alice in /"), "{told}");
    server.sign_in("alice");
    // The old session stays ended.
    assert_eq!(server.validate(&tokens.access).0, 401);
}

#[test]
fn the_last_who_manages_the_hub_can_be_neither_disabled_nor_lowered_nor_deleted() {
    let stage = Stage::new();
    for arguments in [
        &["user", "disable", "admin"][..],
        &["user", "role", "admin", "ADMIN"],
        &["user", "delete", "admin", "--yes"],
    ] {
        let line = stage.run(arguments).failed(1);
        assert!(
            line.starts_with(
                "this is the last active SUPERADMIN; make another one first (database /"
            )
        );
    }
    let told = stage.run(&["user", "role", "alice", "superadmin"]).good();
    assert!(told.starts_with("gave user 2 alice the role SUPERADMIN (it was USER) in /"));
    stage.run(&["user", "role", "admin", "USER"]).good();
    assert_eq!(stage.run(&["user", "role", "alice", "KING"]).code, 2);
}

#[test]
fn a_user_is_deleted_only_after_a_yes() {
    let stage = Stage::new();
    let server = stage.serve();
    let tokens = server.sign_in("alice");
    let line = stage.run(&["user", "delete", "alice"]).failed(2);
    assert_eq!(
        line,
        "deleting user 2 alice cannot be undone; add --yes to do it without a terminal"
    );
    assert_eq!(server.validate(&tokens.access).0, 200);
    let told = stage.run(&["user", "delete", "alice", "--yes"]).good();
    assert!(
        told.starts_with("deleted user 2 alice and ended 1 session in /"),
        "{told}"
    );
    assert_eq!(server.refusal(&tokens.refresh), "user_not_found");
    assert_eq!(stage.run(&["user", "show", "2"]).code, 1);
    // What is left of them can still be looked at, by number.
    let left = stage
        .run(&["session", "list", "--user", "2", "--json"])
        .json();
    assert_eq!(left[0]["end_reason"], "user_deleted");
    assert!(left[0]["username"].is_null());
}

#[test]
fn passwd_forgets_failed_sign_ins_beside_a_running_server() {
    let stage = Stage::new();
    let server = stage.serve();
    for _ in 0..5 {
        assert_eq!(server.login("alice", "wrong horse 7").0, 401);
    }
    let (status, body) = server.login("alice", PASSWORD);
    assert_eq!((status, &body["code"]), (429, &"too_many_requests".into()));
    let passwd = ["user", "passwd", "alice", "--password-stdin"];
    stage.run_with(&passwd, "another horse 8\n").good();
    assert_eq!(server.login("alice", "another horse 8").0, 200);
}
