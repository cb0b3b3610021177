//! `hub audit`: what was done, and whether anybody rewrote it.

use serde_json::{Value, json};

use crate::stage::Stage;

fn list(stage: &Stage, filters: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "list", "--json"], filters].concat();
    let listed = stage.run(&arguments).json();
    listed.as_array().expect("a list").clone()
}

#[test]
fn every_change_by_the_command_line_is_told_with_who_and_what() {
    let stage = Stage::new();
    let server = stage.serve();
    let id = server.sign_in("alice").session();
    stage.run(&["session", "revoke", &id]).good();
    stage.run(&["user", "role", "alice", "ADMIN"]).good();
    let all = list(&stage, &[]);
    let actions: Vec<&str> = all
        .iter()
        .filter_map(|row| row["action"].as_str())
        .collect();
    let newest_first = [
        "user.role",
        "session.end",
        "session.start",
        "user.add",
        "user.add",
        "setup.link",
    ];
    assert_eq!(actions, newest_first);
    let actor = format!("cli:{}", rustix::process::getuid().as_raw());
    assert_eq!(all[0]["actor"], *actor);
    assert_eq!(all[0]["target"], "user:2");
    assert!(all[0]["ip"].is_null() && all[0]["request_id"].is_null());
    assert_eq!(all[1]["target"], format!("session:{id}"));
    assert_eq!(all[2]["actor"], "user:2");
    assert_eq!(all[2]["ip"], "127.0.0.1");

    assert_eq!(list(&stage, &["--actor", &actor]).len(), 4);
    assert_eq!(list(&stage, &["--action", "session"]).len(), 2);
    assert_eq!(list(&stage, &["--action", "session.end"]).len(), 1);
    assert_eq!(list(&stage, &["--target", "user:2"]).len(), 2);
    assert_eq!(list(&stage, &["--since", "1h"]).len(), 6);
    assert_eq!(list(&stage, &["--since", "2100-01-01"]).len(), 0);
    let second = all[1]["at"].as_str().unwrap();
    assert_eq!(list(&stage, &["--since", second]), all[..2]);
    assert_eq!(list(&stage, &["--limit", "3"]), all[..3]);
    let table = stage.run(&["audit", "list"]).good();
    assert_eq!(table.lines().count(), 7);
    assert_eq!(stage.run(&["audit", "list", "--since", "soon"]).code, 2);
}

#[test]
fn a_whole_chain_is_verified_and_a_rewritten_one_fails() {
    let stage = Stage::new();
    let head = list(&stage, &[])[0]["hash"].as_str().unwrap().to_owned();
    let told = stage.run(&["audit", "verify"]).good();
    assert_eq!(told, format!("the chain is whole: 3 rows, head {head}\n"));
    let told = stage.run(&["audit", "verify", "--json"]).json();
    assert_eq!(told, json!({"whole": true, "rows": 3, "head": head}));
    stage
        .connection()
        .execute_batch(
            "DROP TRIGGER audit_refuses_update;
             UPDATE audit SET detail = 'role=USER' WHERE id = 1;",
        )
        .unwrap();
    let line = stage.run(&["audit", "verify"]).failed(1);
    assert_eq!(
        line,
        "the audit's chain is broken at row 1: that row is missing or was changed; compare with a backup"
    );
    let told = stage.run(&["audit", "verify", "--json"]);
    assert_eq!(told.code, 1);
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told, json!({"whole": false, "broken_at": 1}));
}
