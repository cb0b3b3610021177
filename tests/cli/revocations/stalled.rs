//! Readers that take nothing. (That the door cuts them off, `tests/front/streams.rs` shows of every answer.)

use std::fs;

use crate::revocations::reader::{Reader, ask};
use crate::stage::{Server, Stage};

/// Readers that stall.
const READERS: usize = 40;
/// What one more byte of each event would cost all of them together, in KiB, if they were held for them: some hundred MiB.
const BOUND_KIB: u64 = 20 * 1024;

fn resident_kib(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

#[test]
fn readers_that_take_nothing_hold_no_memory_and_nobody_else_up() {
    let stage = Stage::new();
    let server = stage.serve();
    let token = stage.run(&["service", "add", "shop"]).good();
    let token = token.trim();
    let ready = Reader::open(&server, token, None).named("ready");
    // 30,000 events of 140 bytes, 4 MiB: more than a socket takes.
    stage
        .connection()
        .execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
             INSERT INTO revocations (kind, session_id, user_id, what, at)
             SELECT 'session', i, 2, 'revoked', 0 FROM n",
        )
        .unwrap();
    let header = format!("Last-Event-ID: {}\r\n", ready.id);
    let read_all = || {
        let (missed, _) = Reader::open(&server, token, Some(&ready.id)).missed();
        assert_eq!(missed.len(), 30_000);
    };
    read_all();
    let before = resident_kib(&server);
    let path = "/api/auth/revocations";
    let stalled: Vec<_> = (0..READERS)
        .map(|_| Reader::of(ask(server.address, token, path, &header)))
        .collect();
    // Whoever reads gets everything meanwhile.
    read_all();
    let grown = resident_kib(&server).saturating_sub(before);
    assert!(
        grown < BOUND_KIB,
        "{grown} KiB for {} readers",
        stalled.len()
    );
    drop(stalled);
    assert_eq!(server.stop().0, 0);
}
