//! Commands that only read: no lock, no key, no trace.

use std::fs;

use crate::stage::{Stage, bytes};

#[test]
fn reading_commands_need_neither_the_write_lock_nor_the_key_and_leave_no_trace() {
    let stage = Stage::new();
    let server = stage.serve();
    let id = server.sign_in("alice").session();
    let key = stage.data().join("secret.key");
    let away = stage.data().join("elsewhere.key");
    fs::rename(&key, &away).unwrap();
    let holder = stage.connection();
    holder
        .execute_batch("BEGIN IMMEDIATE; UPDATE hub SET probed_at = 1;")
        .unwrap();
    let files = ["hub.db", "hub.db-wal"].map(|name| stage.data().join(name));
    let before = files.each_ref().map(|path| bytes(path));
    assert!(before.iter().all(Option::is_some));
    let read_all = || {
        for arguments in [
            &["user", "list"][..],
            &["user", "list", "--json"],
            &["user", "show", "alice"],
            &["session", "list"],
            &["session", "show", &id],
            &["session", "revoke", "--user", "alice", "--dry-run"],
            &["audit", "list"],
            &["audit", "verify"],
            &["migrate", "--status"],
        ] {
            stage.run(arguments).good();
        }
    };
    read_all();
    fs::rename(&away, &key).unwrap();
    // This one needs the key, for it reads a signature; still it waits for nobody.
    stage.run_with(&["token", "inspect"], "hello").good();
    assert!(files.each_ref().map(|path| bytes(path)) == before);
    holder.execute_batch("ROLLBACK").unwrap();
    // Nor do they take the chance to tidy up once the lock is free: the log is the server's.
    read_all();
    assert!(files.each_ref().map(|path| bytes(path)) == before);
}

#[test]
fn without_a_server_a_database_is_read_and_left_as_it_was() {
    let stage = Stage::new();
    let before = bytes(&stage.database());
    stage.run(&["user", "list"]).good();
    stage.run(&["audit", "verify"]).good();
    assert!(bytes(&stage.database()) == before);
    // And a server starts on it as before.
    stage.serve().sign_in("alice");
}
