//! The server as its administrator meets it: greeting, signals, health.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::stage::Stage;

#[test]
fn the_greeting_has_at_most_twelve_lines_and_no_secret() {
    let stage = Stage::empty();
    let (code, greeting, _) = stage.serve().stop();
    assert_eq!(code, 0);
    assert!((1..=12).contains(&greeting.lines().count()), "{greeting}");
    let data = stage.data();
    assert!(greeting.contains(&*data.to_string_lossy()), "{greeting}");
    let key = fs::read_to_string(data.join("secret.key")).unwrap();
    assert!(!greeting.contains(key.trim()));
}

#[test]
fn term_and_int_end_the_server_with_0_and_release_its_directory() {
    let stage = Stage::new();
    for _ in 0..2 {
        let server = stage.serve();
        let tokens = server.sign_in("alice");
        let (code, _, log) = server.stop();
        assert_eq!(code, 0, "{log}");
        assert!(log.contains("stopped"), "{log}");
        assert!(!log.contains(&tokens.access) && !log.contains(&tokens.refresh));
    }
    let server = stage.serve();
    server.signal(Signal::INT);
    // The directory is free as soon as the process has gone, and the second TERM finds nobody or an ending server.
    assert_eq!(server.stop().0, 0);
    stage.serve().sign_in("alice");
}

#[test]
fn hup_reads_the_log_level_anew_and_keeps_the_old_one_when_the_file_is_wrong() {
    let stage = Stage::empty();
    fs::create_dir(stage.data()).unwrap();
    let file = stage.data().join("hub.toml");
    fs::write(&file, "log = \"error\"\n").unwrap();
    let server = stage.serve();
    assert_eq!(server.log(), "");
    let until = |wanted: &str| {
        for _ in 0..1_000 {
            if server.log().contains(wanted) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{wanted} was never logged: {}", server.log());
    };
    fs::write(&file, "log = \"loud\"\n").unwrap();
    server.signal(Signal::HUP);
    until("the old one stays");
    assert!(!server.log().contains("were read anew"));
    fs::write(&file, "log = \"info\"\n").unwrap();
    server.signal(Signal::HUP);
    until("were read anew");
    let (code, _, log) = server.stop();
    assert_eq!(code, 0);
    assert!(log.contains("stopping"), "{log}");
}

#[test]
fn health_is_0_while_the_server_lives_and_1_otherwise() {
    let mut stage = Stage::empty();
    let server = stage.serve();
    let address = server.address.to_string();
    let told = stage.run(&["healthcheck", "--bind", &address]).good();
    assert_eq!(told, format!("alive at {address}\n"));
    stage.environment.push(("HUB_BIND", address.clone()));
    stage.run(&["healthcheck"]).good();
    // A server on every address is asked on loopback.
    let everywhere = format!("0.0.0.0:{}", server.address.port());
    stage.run(&["healthcheck", "--bind", &everywhere]).good();
    assert_eq!(server.stop().0, 0);
    let line = stage.run(&["healthcheck"]).failed(1);
    assert!(
        line.starts_with(&format!("no healthy server at {address}: ")),
        "{line}"
    );
    // Whatever is wrong, a container knows only 0 and 1.
    stage.run(&["healthcheck", "--bind", "here"]).failed(1);
}

#[test]
fn a_server_that_accepts_and_stays_silent_is_not_healthy() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let line = Stage::empty()
        .run(&["healthcheck", "--bind", &address])
        .failed(1);
    assert!(
        line.starts_with(&format!("no healthy server at {address}: ")),
        "{line}"
    );
    drop(silent);
}

#[test]
fn what_failed_and_what_the_door_refused_are_logged_beside_the_requests_id() {
    let stage = Stage::new();
    let server = stage.serve();
    let tokens = server.sign_in("alice");
    let outside = stage.connection();
    let rename = |from, to| outside.execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}"));
    rename("sessions", "away").unwrap();
    assert_eq!(server.refresh(&tokens.refresh).0, 500);
    rename("away", "sessions").unwrap();
    let mut stream = TcpStream::connect(server.address).unwrap();
    let two_hosts = b"GET / HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n";
    stream.write_all(two_hosts).unwrap();
    let mut refused = String::new();
    stream.read_to_string(&mut refused).unwrap();
    let (_, id) = refused.split_once("x-request-id: ").unwrap();
    let (id, _) = id.split_once("\r\n").unwrap();
    let (_, _, log) = server.stop();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |line: &Value| line["request_id"].as_str().map(str::to_owned);
    let at_door: Vec<_> = lines
        .iter()
        .filter(|line| of(line).as_deref() == Some(id))
        .collect();
    assert_eq!(at_door.len(), 1, "{log}");
    assert_eq!(at_door[0]["status"], 400);
    let answered = lines.iter().find(|line| line["status"] == 500).unwrap();
    let cause = lines.iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(cause["message"], "the store failed");
    assert!(of(cause).is_some() && of(cause) == of(answered), "{log}");
}

#[test]
fn a_proxy_that_is_not_trusted_is_told_of_once_and_what_it_wrote_is_not_repeated() {
    let stage = Stage::empty();
    let server = stage.serve();
    for number in 1..=3 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let head = format!(
            "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.9.8.{number}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let (_, _, log) = server.stop();
    let told = log.matches("X-Forwarded-For comes from a peer that is not trusted");
    assert_eq!(told.count(), 1, "{log}");
    assert!(!log.contains("10.9.8."), "{log}");
}
