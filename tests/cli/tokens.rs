//! `hub token inspect`: what would become of a token, without doing it.

use serde_json::{Value, json};

use crate::stage::{Stage, Tokens};

fn inspect(stage: &Stage, token: &str) -> Value {
    let input = format!("{token}\n");
    let plain = stage.run_with(&["token", "inspect"], &input).good();
    let told = stage.run_with(&["token", "inspect", "--json"], &input);
    for part in token.split('.').filter(|part| part.len() > 20) {
        assert!(!plain.contains(part) && !told.out.contains(part));
    }
    let told = told.json();
    if let Some(code) = told["code"].as_str() {
        assert!(plain.contains(&format!("refused with {code} ")), "{plain}");
    } else {
        assert!(plain.contains("accepted ("), "{plain}");
    }
    told
}

/// Code and consequence.
fn verdict(told: &Value) -> (Option<&str>, &str) {
    (told["code"].as_str(), told["would"].as_str().unwrap())
}

#[test]
fn a_good_token_is_shown_with_its_claims_and_never_with_its_jti() {
    let stage = Stage::new();
    let server = stage.serve();
    let tokens = server.sign_in("alice");
    for (token, kind) in [(&tokens.access, "access"), (&tokens.refresh, "refresh")] {
        let told = inspect(&stage, token);
        assert!(!told.to_string().contains(&tokens.claim(token, "jti")));
        assert_eq!(
            (&told["kind"], &told["accepted"]),
            (&json!(kind), &json!(true))
        );
        assert_eq!(told["claims"]["user_id"], 2);
        assert_eq!(told["claims"]["session"], *tokens.session());
        assert_eq!(told["claims"]["fingerprint"].as_str().unwrap().len(), 8);
        assert_eq!(told["session"]["username"], "alice");
        assert_eq!(told["session"]["status"], "active");
    }
    assert_eq!(
        inspect(&stage, &tokens.access)["claims"]["email"],
        "alice@example.com"
    );
    assert_eq!(inspect(&stage, &tokens.refresh)["claims"]["generation"], 1);
}

#[test]
fn what_the_machine_would_do_is_told_and_not_done() {
    let stage = Stage::new();
    let server = stage.serve();
    let first = server.sign_in("alice");
    // Asked ten times, it is still the present one.
    for _ in 0..10 {
        assert_eq!(verdict(&inspect(&stage, &first.refresh)), (None, "rotate"));
    }
    let second = Tokens::of(&server.refresh(&first.refresh).1);
    assert_eq!(verdict(&inspect(&stage, &first.refresh)), (None, "retry"));
    assert_eq!(verdict(&inspect(&stage, &second.refresh)), (None, "rotate"));
    // As after one answer again: others may still be on their way.
    let settle = |retries: i64| {
        let answered = format!("UPDATE sessions SET retries = {retries}");
        stage.connection().execute_batch(&answered).unwrap();
    };
    settle(1);
    assert_eq!(verdict(&inspect(&stage, &second.refresh)), (None, "settle"));
    settle(0);
    let third = Tokens::of(&server.refresh(&second.refresh).1);
    assert_eq!(
        verdict(&inspect(&stage, &first.refresh)),
        (None, "straggler")
    );
    // As after twenty answers.
    let answered = "UPDATE sessions SET retries = 20";
    stage.connection().execute_batch(answered).unwrap();
    assert_eq!(
        verdict(&inspect(&stage, &first.refresh)),
        (Some("token_reused"), "worn_out")
    );
    // The same token under a stricter configuration, and still nothing is done.
    let mut strict = stage;
    strict
        .environment
        .push(("HUB_REFRESH_GRACE", "0s".to_owned()));
    let told = inspect(&strict, &first.refresh);
    assert_eq!(verdict(&told), (Some("token_reused"), "reuse"));
    assert_eq!(told["session"]["generation"], 3);
    assert_eq!(server.refresh(&third.refresh).0, 200);
    // The database is set back, as by an old backup.
    let set_back = "UPDATE sessions SET generation = 1";
    strict.connection().execute_batch(set_back).unwrap();
    assert_eq!(
        verdict(&inspect(&strict, &third.refresh)),
        (Some("invalid_token"), "ahead")
    );
}

#[test]
fn a_refused_token_is_told_with_the_code_that_the_server_gives() {
    let stage = Stage::new();
    let server = stage.serve();
    let check = |tokens: &Tokens, code: &str| {
        for token in [&tokens.access, &tokens.refresh] {
            assert_eq!(inspect(&stage, token)["code"], code);
        }
        assert_eq!(server.validate(&tokens.access).1["code"], code);
        assert_eq!(server.refusal(&tokens.refresh), code);
    };
    let revoked = server.sign_in("alice");
    stage.run(&["session", "revoke", &revoked.session()]).good();
    check(&revoked, "session_revoked");
    let disabled = server.sign_in("alice");
    stage.run(&["user", "disable", "alice"]).good();
    check(&disabled, "user_disabled");
    stage.run(&["user", "enable", "alice"]).good();
    let past = server.sign_in("alice");
    let sid = i64::from_str_radix(&past.session(), 16).unwrap();
    stage
        .connection()
        .execute(
            "UPDATE sessions SET ends_at = created_at WHERE id = ?1",
            [sid],
        )
        .unwrap();
    assert_eq!(
        inspect(&stage, &past.access)["session"]["status"],
        "expired"
    );
    check(&past, "session_expired");
    let deleted = server.sign_in("alice");
    stage.run(&["user", "delete", "alice", "--yes"]).good();
    check(&deleted, "user_not_found");
    assert_eq!(
        inspect(&stage, &deleted.access)["session"]["username"],
        Value::Null
    );
}

#[test]
fn a_user_who_was_locked_out_behind_the_hubs_back_would_lose_the_session() {
    let stage = Stage::new();
    let server = stage.serve();
    let tokens = server.sign_in("alice");
    let sql = "UPDATE users SET is_active = 0 WHERE username = 'alice'";
    stage.connection().execute_batch(sql).unwrap();
    let told = inspect(&stage, &tokens.refresh);
    assert_eq!(verdict(&told), (Some("user_disabled"), "end_session"));
    assert_eq!(told["session"]["status"], "active");
}

#[test]
fn what_is_not_ours_is_said_to_be_not_ours() {
    let stage = Stage::new();
    let server = stage.serve();
    let elsewhere = Stage::new();
    let foreign = elsewhere.serve().sign_in("alice");
    let mine = server.sign_in("alice");
    let mut forged = mine.refresh.clone();
    forged.replace_range(60..61, if &forged[60..61] == "A" { "B" } else { "A" });
    for token in ["hello", "a.b.c", &foreign.access, &foreign.refresh, &forged] {
        let told = inspect(&stage, token);
        assert_eq!(told["kind"], "not_ours", "{token}");
        assert_eq!(told["code"], "invalid_token");
        assert!(told["claims"].is_null() && told["session"].is_null());
    }
    assert_eq!(stage.run(&["token", "inspect", &mine.access]).code, 2);
    let line = stage.run(&["token", "inspect"]).failed(2);
    assert_eq!(line, "there is no token on standard input; pipe one in");
}
