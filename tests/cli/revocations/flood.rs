//! Many endings at once: each is told once to each reader, in the order in which they stand in the database, and to who comes late as well.

use std::collections::BTreeSet;
use std::thread;

use serde_json::{Value, json};

use crate::revocations::reader::{Event, Reader};
use crate::stage::{Stage, Tokens};

/// Sessions that one command ends: many pieces of a stream, and many batches.
const SESSIONS: usize = 1_500;
/// Sessions whose users sign out while it runs.
const SIGNING_OUT: usize = 8;
/// Services that listen.
const READERS: usize = 6;

/// What a reader has to hear: the place and the session of each row.
fn written(stage: &Stage) -> Vec<(String, String)> {
    let connection = stage.connection();
    let mut rows = connection
        .prepare("SELECT id || '-' || lower(hex(mark)), printf('%016x', session_id) FROM revocations WHERE kind = 'session' ORDER BY id")
        .unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn heard(events: &[Event]) -> Vec<(String, String)> {
    let ended = events.iter().filter(|event| event.name == "session");
    ended
        .map(|event| {
            (
                event.id.clone(),
                event.data["sid"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

/// Everything up to what is told of a user who changed.
fn until_the_change(reader: &mut Reader) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let event = reader.next().expect("an event");
        if event.data == json!({"user_id": 2, "what": "changed"}) {
            return events;
        }
        events.push(event);
    }
}

#[test]
fn each_of_many_sessions_that_end_at_once_is_told_once_to_each_reader_in_order() {
    let stage = Stage::new();
    let server = stage.serve();
    let token = stage.run(&["service", "add", "shop"]).good();
    let token = token.trim();
    let pairs: Vec<Tokens> = (0..SIGNING_OUT).map(|_| server.sign_in("alice")).collect();
    stage
        .connection()
        .execute_batch(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SESSIONS})
             INSERT INTO sessions (id, user_id, salt, generation, retries, rotated_at, rotated_steady, rotated_boot, created_at, ends_at,
                                   first_agent, agent, address, address_key, lineage_length)
             SELECT i * 1000003, s.user_id, s.salt, 1, 0, s.rotated_at, s.rotated_steady, s.rotated_boot, s.created_at, s.ends_at,
                    s.first_agent, s.agent, s.address, s.address_key, 1
             FROM n, (SELECT * FROM sessions ORDER BY id LIMIT 1) s"
        ))
        .unwrap();
    let mut readers: Vec<Reader> = (0..READERS)
        .map(|_| Reader::open(&server, token, None))
        .collect();
    let places: Vec<String> = readers
        .iter_mut()
        .map(|reader| reader.named("ready").id)
        .collect();
    thread::scope(|scope| {
        for pair in &pairs {
            // Whichever comes first ends it; the other finds it ended.
            scope.spawn(|| server.ask("POST /api/auth/logout", &pair.access, &Value::Null));
        }
        let everything = ["session", "revoke", "--user", "alice", "--yes"];
        stage.run(&everything).good();
    });
    // In the midst of what the others hear, one begins that read no further than them.
    readers.push(Reader::open(&server, token, Some(&places[0])));
    stage.run(&["user", "role", "alice", "ADMIN"]).good();
    let all = written(&stage);
    let ended: BTreeSet<&String> = all.iter().map(|(_, session)| session).collect();
    assert_eq!(
        (all.len(), ended.len()),
        (SESSIONS + SIGNING_OUT, all.len())
    );
    assert!(pairs.iter().all(|pair| ended.contains(&pair.session())));
    for reader in &mut readers {
        assert!(heard(&until_the_change(reader)) == all);
    }
    // And who comes after it all, from the same place.
    let mut late = Reader::open(&server, token, Some(&places[0]));
    assert!(heard(&late.missed().0) == all);
    readers.push(late);
    assert_eq!(server.stop().0, 0);
    // Nothing is told twice later on either.
    for reader in &mut readers {
        while let Some(event) = reader.next() {
            assert_eq!(event.name, "ready", "{event:?}");
        }
    }
}
