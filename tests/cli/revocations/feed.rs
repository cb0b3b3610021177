//! What the feed tells, how soon, and what a break of the connection, a restart or a restored backup changes about that.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::revocations::reader::{Event, Reader, ask};
use crate::stage::{PASSWORD, Server, Stage, Tokens};

/// What is promised.
const SOON: Duration = Duration::from_secs(1);

/// A server, and the token of a service.
fn begin() -> (Stage, Server, String) {
    let stage = Stage::new();
    let server = stage.serve();
    let token = stage.run(&["service", "add", "shop"]).good();
    (stage, server, token.trim().to_owned())
}

fn numbers(events: &[Event]) -> Vec<i64> {
    let number = |event: &Event| event.id.split_once('-').unwrap().0.parse().unwrap();
    events.iter().map(number).collect()
}

fn sessions(events: &[Event]) -> Vec<String> {
    let ended = events.iter().filter(|event| event.name == "session");
    ended
        .map(|event| event.data["sid"].as_str().unwrap().to_owned())
        .collect()
}

fn log_out(server: &Server, tokens: &Tokens) {
    let (status, body) = server.ask("POST /api/auth/logout", &tokens.access, &Value::Null);
    assert_eq!(status, 200, "{body}");
}

#[test]
fn every_way_of_ending_is_told_within_a_second() {
    let (stage, server, token) = begin();
    let [signed_out, revoked, by_command, reused, left] =
        std::array::from_fn(|_| server.sign_in("alice"));
    let mut reader = Reader::open(&server, &token, None);
    reader.named("ready");
    let mut told = |why: &str, of: &Tokens, since: Instant| {
        let event = reader.named("session");
        assert!(since.elapsed() < SOON, "{:?} {why}", since.elapsed());
        assert_eq!(event.data["sid"], of.session());
        assert_eq!(event.data["user_id"], 2);
        assert_eq!(event.data["why"], why);
        assert_eq!(event.data["when"].as_str().unwrap().len(), 26);
    };

    log_out(&server, &signed_out);
    told("session_revoked", &signed_out, Instant::now());

    let path = format!("DELETE /api/auth/sessions/{}", revoked.session());
    assert_eq!(server.ask(&path, &left.access, &Value::Null).0, 200);
    told("session_revoked", &revoked, Instant::now());

    stage
        .run(&["session", "revoke", &by_command.session()])
        .good();
    told("session_revoked", &by_command, Instant::now());

    let (_, next) = server.refresh(&reused.refresh);
    let (_, _later) = server.refresh(&Tokens::of(&next).refresh);
    // The grace is over for a token that was used before the machine was started anew; here it is made to be.
    stage
        .connection()
        .execute_batch("UPDATE lineage SET steady = steady - 60000000; UPDATE sessions SET rotated_steady = rotated_steady - 60000000, previous_steady = previous_steady - 60000000")
        .unwrap();
    assert_eq!(server.refusal(&reused.refresh), "token_reused");
    told("token_reused", &reused, Instant::now());

    let body = json!({"current_password": PASSWORD, "new_password": "another horse 8"});
    let other = server.sign_in("alice");
    assert_eq!(
        server.ask("POST /api/auth/password", &left.access, &body).0,
        200
    );
    let since = Instant::now();
    let changed = json!({"user_id": 2, "what": "changed"});
    assert_eq!(reader.named("user").data, changed);
    let session = reader.named("session").data;
    assert!(since.elapsed() < SOON);
    assert_eq!(session["sid"], other.session());
    assert_eq!(session["why"], "password_changed");

    stage.run(&["user", "role", "alice", "ADMIN"]).good();
    let since = Instant::now();
    assert_eq!(
        reader.named("user").data,
        json!({"user_id": 2, "what": "changed"})
    );
    assert!(since.elapsed() < SOON);

    stage.run(&["user", "disable", "alice"]).good();
    let (session, user) = (reader.next().unwrap(), reader.next().unwrap());
    let told = [&session, &user].map(|event| &event.data);
    assert!(
        told.iter().any(|data| data["why"] == "user_disabled"),
        "{told:?}"
    );
    assert!(
        told.contains(&&json!({"user_id": 2, "what": "disabled"})),
        "{told:?}"
    );

    stage.run(&["user", "delete", "alice", "--yes"]).good();
    assert_eq!(
        reader.named("user").data,
        json!({"user_id": 2, "what": "deleted"})
    );
    assert_eq!(server.stop().0, 0);
}

#[test]
fn whoever_comes_back_misses_nothing_and_hears_nothing_twice() {
    let (stage, server, token) = begin();
    let pairs: Vec<Tokens> = (0..6).map(|_| server.sign_in("alice")).collect();
    let mut reader = Reader::open(&server, &token, None);
    reader.named("ready");
    log_out(&server, &pairs[0]);
    let first = reader.named("session");
    drop(reader);

    log_out(&server, &pairs[1]);
    log_out(&server, &pairs[2]);
    let mut reader = Reader::open(&server, &token, Some(&first.id));
    let (missed, ready) = reader.missed();
    assert_eq!(sessions(&missed), [pairs[1].session(), pairs[2].session()]);
    assert_eq!(ready.id, missed[1].id);
    log_out(&server, &pairs[3]);
    let fourth = reader.named("session");
    assert_eq!(server.stop().0, 0);
    assert_eq!(reader.next(), None);

    // A command ends one while no server runs.
    stage
        .run(&["session", "revoke", &pairs[4].session()])
        .good();
    let server = stage.serve();
    let path = format!("/api/auth/revocations?last_event_id={}", fourth.id);
    let mut reader = Reader::of(ask(server.address, &token, &path, ""));
    let (missed, _) = reader.missed();
    assert_eq!(sessions(&missed), [pairs[4].session()]);
    log_out(&server, &pairs[5]);
    let last = reader.named("session");
    let all = [&first, &fourth, &missed[0], &last].map(Clone::clone);
    let begin = numbers(&all)[0];
    assert_eq!(numbers(&all), [begin, begin + 3, begin + 4, begin + 5]);

    // What a client has read since counts, and not what it was told to begin with.
    let path = format!("/api/auth/revocations?last_event_id={}", first.id);
    let header = format!("Last-Event-ID: {}\r\n", last.id);
    let (missed, ready) = Reader::of(ask(server.address, &token, &path, &header)).missed();
    assert_eq!((missed, ready.id), (Vec::new(), last.id));
    assert_eq!(server.stop().0, 0);
}

#[test]
fn whoever_read_another_history_is_told_to_forget_everything() {
    let (stage, server, token) = begin();
    let kept = stage.place().join("kept.db");
    let mut reader = Reader::open(&server, &token, None);
    let ready = reader.named("ready");
    stage.run(&["backup", kept.to_str().unwrap()]).good();
    log_out(&server, &server.sign_in("alice"));
    let only_here = reader.named("session");
    let (number, mark) = only_here.id.split_once('-').unwrap();
    let other_mark = mark.chars().rev().collect::<String>();
    for strange in [
        "nonsense".to_owned(),
        number.to_owned(),
        format!("{number}-{other_mark}"),
        format!("999-{mark}"),
    ] {
        let mut reader = Reader::open(&server, &token, Some(&strange));
        assert_eq!(reader.named("reset").id, only_here.id, "{strange}");
        assert_eq!(reader.named("ready").id, only_here.id);
    }
    assert_eq!(server.stop().0, 0);

    stage
        .run(&["restore", kept.to_str().unwrap(), "--yes"])
        .good();
    let server = stage.serve();
    // One whose last event is in the backup too, and one whose is not.
    for id in [&ready.id, &only_here.id] {
        let mut reader = Reader::open(&server, &token, Some(id));
        let (missed, _) = reader.missed();
        assert!(
            missed.iter().any(|event| event.name == "reset"),
            "{missed:?}"
        );
    }
    assert_eq!(server.stop().0, 0);
}

#[test]
fn an_open_stream_ends_with_the_server_and_does_not_hold_it_up() {
    let (_stage, server, token) = begin();
    let mut reader = Reader::open(&server, &token, None);
    for header in [
        "content-type: text/event-stream; charset=utf-8\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        assert!(reader.head.contains(header), "{}", reader.head);
    }
    assert!(!reader.head.contains("content-encoding"), "{}", reader.head);
    reader.named("ready");
    let since = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(reader.next(), None);
    let (code, _, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    // The grace is ten seconds.
    assert!(since.elapsed() < Duration::from_secs(5), "{log}");
    assert!(!log.contains("\"cut\":1"), "{log}");
}
