//! What readers cost that take nothing, however much there is to tell them.

use std::time::{Duration, Instant};

use crate::revocations::reader::Reader;
use crate::stage::Stage;

/// Readers that take nothing after their first event.
const READERS: usize = 16;
/// What waits for each: 12 MiB, more than any socket takes.
const EVENTS: usize = 90_000;
/// What one may cost: the piece that it does not take, the door's buffers, a connection.
const MAX_KIB_A_READER: u64 = 192;
/// How long their memory is watched: a server that queued what they do not take would have done so long before.
const WATCHED: Duration = Duration::from_secs(2);

#[test]
fn readers_that_take_nothing_cost_less_than_192_kib_each_however_much_waits_for_them() {
    let stage = Stage::new();
    let server = stage.serve();
    let token = stage.run(&["service", "add", "shop"]).good();
    let token = token.trim();
    let mut reader = Reader::open(&server, token, None);
    let place = reader.named("ready").id;
    stage
        .connection()
        .execute_batch(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS})
             INSERT INTO revocations (kind, session_id, user_id, what, at)
             SELECT 'session', i, 2, 'revoked', 0 FROM n"
        ))
        .unwrap();
    // One that takes everything: what that costs once, it costs before the others come.
    for number in 1..=EVENTS {
        let event = reader.named("session");
        assert_eq!(event.data["sid"], format!("{number:016x}"));
    }
    let calm = server.own_memory_kib();
    let mut readers: Vec<Reader> = (0..READERS)
        .map(|_| Reader::open(&server, token, Some(&place)))
        .collect();
    for reader in &mut readers {
        assert_eq!(reader.named("session").data["sid"], format!("{:016x}", 1));
    }
    let since = Instant::now();
    let mut peak = 0;
    while since.elapsed() < WATCHED {
        peak = peak.max(server.own_memory_kib());
        std::thread::sleep(Duration::from_millis(20));
    }
    let growth = peak.saturating_sub(calm);
    eprintln!("{READERS} readers that take nothing: {growth} KiB beside {calm} KiB");
    assert!(growth < MAX_KIB_A_READER * READERS as u64, "{growth} KiB");
    // Nothing was thrown away for it.
    let last = readers.pop().map(|mut reader| {
        let heard = (2..=EVENTS).map(|_| reader.named("session"));
        heard.last().expect("events").data["sid"].clone()
    });
    assert_eq!(last, Some(format!("{EVENTS:016x}").into()));
    drop(readers);
    assert_eq!(server.stop().0, 0);
}
