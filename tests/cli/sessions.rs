//! `hub session`, beside a running server.

use serde_json::{Value, json};

use crate::stage::{Server, Stage, Tokens};

/// A stage with two sessions of alice and one of admin, oldest first.
fn signed_in(stage: &Stage) -> (Server, [Tokens; 3]) {
    let server = stage.serve();
    let tokens = ["alice", "alice", "admin"].map(|name| server.sign_in(name));
    (server, tokens)
}

fn ids(listed: &Value) -> Vec<String> {
    let listed = listed.as_array().expect("a list");
    listed
        .iter()
        .map(|session| session["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// Moves a session's last use into the past.
fn age(stage: &Stage, tokens: &Tokens, days: i64) {
    let sid = i64::from_str_radix(&tokens.session(), 16).unwrap();
    let earlier = days * 86_400_000_000;
    let changed = stage
        .connection()
        .execute(
            "UPDATE sessions SET rotated_at = rotated_at - ?1 WHERE id = ?2",
            [earlier, sid],
        )
        .unwrap();
    assert_eq!(changed, 1);
}

#[test]
fn each_filter_shows_what_passes_it() {
    let stage = Stage::new();
    let (_server, [first, second, third]) = signed_in(&stage);
    age(&stage, &first, 8);
    age(&stage, &second, 40);
    stage.run(&["session", "revoke", &third.session()]).good();
    let list = |filters: &[&str]| {
        let arguments = [&["session", "list", "--json"], filters].concat();
        ids(&stage.run(&arguments).json())
    };
    let [first, second, third] = [first, second, third].map(|tokens| tokens.session());
    assert_eq!(list(&[]), [&*third, &second, &first]);
    assert_eq!(list(&["--user", "alice"]), [&*second, &first]);
    assert_eq!(list(&["--user", "1"]), [&*third]);
    assert_eq!(list(&["--ip", "127.0.0.1"]).len(), 3);
    assert!(list(&["--ip", "127.0.0.2"]).is_empty());
    assert_eq!(list(&["--ip", "127.0.0.0/8"]).len(), 3);
    assert_eq!(list(&["--ip", "127."]).len(), 3);
    assert!(list(&["--status", "expiring"]).is_empty());
    assert_eq!(list(&["--status", "active"]), [&*first]);
    assert_eq!(list(&["--status", "expired"]), [&*second]);
    assert_eq!(list(&["--status", "ended"]), [&*third]);
    assert!(list(&["--status", "reused"]).is_empty());
    assert_eq!(list(&["--older-than", "7d"]), [&*second, &first]);
    assert_eq!(
        list(&["--older-than", "7d", "--status", "active"]),
        [&*first]
    );
    for wrong in [
        ["--status", "gone"],
        ["--older-than", "7"],
        ["--ip", "here"],
    ] {
        let arguments = [&["session", "list"][..], &wrong].concat();
        assert_eq!(stage.run(&arguments).code, 2, "{wrong:?}");
    }
    let cut = stage.run(&["session", "list", "--limit", "2", "--json"]);
    assert_eq!(
        cut.err,
        "hub: only the newest 2 are shown; ask for more with --limit\n"
    );
    assert_eq!(
        serde_json::from_str::<Value>(&cut.out)
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_session_is_shown_with_its_lineage_in_order_and_without_its_secrets() {
    let stage = Stage::new();
    let server = stage.serve();
    let tokens = server.sign_in("alice");
    let (_, body) = server.refresh(&tokens.refresh);
    let next = Tokens::of(&body);
    assert_eq!(server.refresh(&tokens.refresh).0, 200);
    let id = tokens.session();
    stage.run(&["session", "revoke", &id]).good();
    let shown = stage.run(&["session", "show", &id, "--json"]);
    let plain = stage.run(&["session", "show", &id]).good();
    for secret in [
        next.claim(&next.refresh, "jti"),
        next.claim(&next.access, "jti"),
    ] {
        assert!(!shown.out.contains(&secret) && !plain.contains(&secret));
    }
    let shown = shown.json();
    assert!(shown.get("salt").is_none());
    assert_eq!(shown["username"], "alice");
    assert_eq!(shown["status"], "ended");
    assert_eq!(shown["end_reason"], "administrator");
    assert_eq!(shown["generation"], 2);
    assert_eq!(shown["rotations"], 1);
    let kinds: Vec<_> = shown["lineage"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["position"].as_i64(), event["kind"].as_str()))
        .collect();
    let wanted = ["start", "rotate", "retry", "end"];
    let wanted: Vec<_> = (1..)
        .zip(wanted)
        .map(|(n, kind)| (Some(n), Some(kind)))
        .collect();
    assert_eq!(kinds, wanted);
    // What the client called itself cannot move the cursor of whoever looks.
    assert!(
        plain.contains("test") && !plain.contains('\u{9b}'),
        "{plain}"
    );
    let unknown = stage
        .run(&["session", "show", "0000000000000001"])
        .failed(1);
    assert!(
        unknown.starts_with("there is no session 0000000000000001;"),
        "{unknown}"
    );
    assert_eq!(stage.run(&["session", "show", "1"]).code, 2);
}

#[test]
fn a_revoked_session_is_refused_at_the_next_request_and_no_other() {
    let stage = Stage::new();
    let (server, [first, second, _]) = signed_in(&stage);
    let told = stage.run(&["session", "revoke", &first.session()]).good();
    let path = stage.database();
    assert_eq!(told, format!("ended 1 session in {}\n", path.display()));
    assert_eq!(server.refusal(&first.refresh), "session_revoked");
    let (status, body) = server.validate(&first.access);
    assert_eq!((status, &body["code"]), (401, &json!("session_revoked")));
    assert_eq!(server.refresh(&second.refresh).0, 200);
    // Ended once: the second time there is nothing to end.
    let told = stage.run(&["session", "revoke", &first.session()]).good();
    assert_eq!(told, format!("ended 0 sessions in {}\n", path.display()));
}

#[test]
fn a_dry_run_prints_the_very_number_that_the_real_call_ends() {
    let stage = Stage::new();
    let (server, [first, second, third]) = signed_in(&stage);
    server.sign_in("admin");
    age(&stage, &second, 40);
    let (first, second, third) = (first.session(), second.session(), third.session());
    let live = || {
        let sql = "SELECT count(*) FROM sessions WHERE ended_at IS NULL";
        let count = stage.connection().query_row(sql, [], |row| row.get(0));
        count.unwrap()
    };
    let mut before: i64 = live();
    for (which, wanted) in [
        (&["--user", "nobody-is-this"][..], None),
        (&["--ip", "127.0.0.2"], Some(0)),
        (&["--user", "alice"], Some(1)),
        (&["--status", "expired"], Some(1)),
        (&[&*first, &second, &third, &third], Some(1)),
        (&["--older-than", "0s"], Some(1)),
        (&["--status", "ended"], Some(0)),
    ] {
        let revoke = [&["session", "revoke"], which].concat();
        let dry = stage.run(&[&revoke[..], &["--dry-run"]].concat());
        let Some(wanted) = wanted else {
            assert_eq!(dry.code, 1);
            continue;
        };
        assert_eq!(live(), before, "a dry run ends nothing");
        let noun = if wanted == 1 { "session" } else { "sessions" };
        assert_eq!(
            dry.good(),
            format!("{wanted} {noun} would be ended; nothing was changed\n"),
            "{which:?}"
        );
        let told = stage.run(&[&revoke[..], &["--yes"]].concat()).good();
        assert!(
            told.starts_with(&format!("ended {wanted} {noun} in /")),
            "{told}"
        );
        let after = live();
        assert_eq!(before - after, wanted, "{which:?}");
        before = after;
    }
    assert_eq!(before, 0);
}

#[test]
fn what_a_filter_shows_is_what_it_would_end() {
    let stage = Stage::new();
    let (server, [first, second, third]) = signed_in(&stage);
    server.sign_in("admin");
    age(&stage, &first, 8);
    age(&stage, &second, 40);
    stage.run(&["session", "revoke", &third.session()]).good();
    for status in ["active", "expired", "ended", "reused"] {
        for filter in [
            &[][..],
            &["--user", "alice"],
            &["--user", "admin"],
            &["--ip", "127.0.0.1"],
            &["--ip", "127.0.0.2"],
            &["--older-than", "7d"],
            &["--user", "alice", "--older-than", "9d"],
        ] {
            let filter = [&["--status", status], filter].concat();
            let list = [&["session", "list", "--json"], &filter[..]].concat();
            // What was ended before is shown, and cannot be ended again.
            let shown = match status {
                "active" | "expired" => ids(&stage.run(&list).json()).len(),
                _ => 0,
            };
            let revoke = [&["session", "revoke", "--dry-run"], &filter[..]].concat();
            let noun = if shown == 1 { "session" } else { "sessions" };
            let wanted = format!("{shown} {noun} would be ended; nothing was changed\n");
            assert_eq!(stage.run(&revoke).good(), wanted, "{filter:?}");
        }
    }
}

#[test]
fn several_sessions_are_ended_only_after_a_yes() {
    let stage = Stage::new();
    let (server, [first, second, third]) = signed_in(&stage);
    for which in [
        vec!["--user", "alice"],
        vec!["--status", "active", "--user", "alice"],
        vec![&*first.session(), &*second.session()],
    ] {
        let arguments = [&["session", "revoke"], &which[..]].concat();
        let line = stage.run(&arguments).failed(2);
        assert_eq!(
            line,
            "this would end 2 sessions; add --yes to do it without a terminal"
        );
    }
    assert_eq!(server.validate(&first.access).0, 200);
    stage
        .run(&["session", "revoke", "--user", "alice", "--yes"])
        .good();
    assert_eq!(server.validate(&first.access).0, 401);
    assert_eq!(server.validate(&third.access).0, 200);
    // One needs no yes.
    stage.run(&["session", "revoke", "--user", "admin"]).good();
    assert_eq!(server.validate(&third.access).0, 401);
}

#[test]
fn nothing_said_is_nothing_ended() {
    let stage = Stage::new();
    let (server, [first, ..]) = signed_in(&stage);
    let line = stage.run(&["session", "revoke", "--yes"]).failed(2);
    assert_eq!(
        line,
        "nothing says which sessions to end; name ids, or a filter such as --user NAME"
    );
    let both = ["session", "revoke", "0000000000000001", "--user", "alice"];
    assert_eq!(stage.run(&both).code, 2);
    assert_eq!(server.validate(&first.access).0, 200);
}

#[test]
fn an_unknown_session_is_said_and_the_known_ones_are_ended() {
    let stage = Stage::new();
    let (server, [first, ..]) = signed_in(&stage);
    let done = stage.run(&["session", "revoke", &first.session(), "0000000000000001"]);
    assert_eq!(done.code, 1);
    assert!(done.out.starts_with("ended 1 session in /"), "{}", done.out);
    assert!(
        done.err
            .starts_with("hub: there is no session 0000000000000001;")
    );
    assert_eq!(server.validate(&first.access).0, 401);
}
