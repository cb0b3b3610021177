//! Few open files: the database has its share first, and connections share what is left.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::driver::rows::{Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage;
use crate::driver::talk::Connection;

/// Many times as many as there are places.
const STRANGERS: usize = 300;
/// For how long they stay: several times the grace after which the door closes whoever says nothing.
const SIEGE: Duration = Duration::from_secs(4);
/// Between two requests of a client that is inside.
const PAUSE: Duration = Duration::from_millis(20);
/// Until a newcomer is served, once the strangers have gone.
const MAX_RECOVERY: Duration = Duration::from_secs(2);

#[test]
fn with_64_open_files_the_database_has_its_share_and_newcomers_are_served_once_a_flood_has_gone() {
    let row = Row::begin(
        "few-files",
        "no descriptor is left",
        "prlimit --nofile=64, 300 strangers, clients that were there before",
    );
    let answered = stage::in_turn(async {
        stage::allow_many_connections();
        let directory = tempfile::tempdir().unwrap();
        let server = Launch::on(&directory.path().join("data"))
            .cheap_hashing()
            .open_files("64:64")
            .start();
        let address = server.address;
        let log = server.log();
        assert!(log.contains("fewer connections than configured"), "{log}");
        let registered = stage::register(address, "healthy").await;
        let access = registered.text("access_token");
        let mut inside = JoinSet::new();
        for line in ["GET /readyz", "GET /api/auth/validate", "GET /api/auth/me"] {
            let connection = Connection::dial(address).await.unwrap();
            inside.spawn(keep_asking(connection, line, access.clone()));
        }
        let mut strangers = JoinSet::new();
        for number in 0..STRANGERS {
            strangers.spawn(besiege(number, address));
        }
        let (mut answered, mut most_open) = (0, 0);
        while !inside.is_empty() {
            most_open = most_open.max(server.open_files());
            sleep(PAUSE).await;
            while let Some(answers) = inside.try_join_next() {
                answered += answers.unwrap();
            }
        }
        strangers.shutdown().await;
        let released = Instant::now();
        let body = stage::refresh_body(&registered.text("refresh_token"));
        let answer = stage::ask(address, "POST /api/auth/refresh", None, &body).await;
        assert_eq!(answer.status, 200, "{answer}");
        let recovery = released.elapsed();
        eprintln!(
            "64 open files: {answered} requests answered beside {STRANGERS} strangers, at most {most_open} files open, a newcomer's refresh {recovery:.1?} after they had gone"
        );
        assert!(recovery < MAX_RECOVERY);
        assert!(most_open < 64);
        let log = server.log();
        assert_eq!(log.matches("too many connections").count(), 1, "{log}");
        for word in ["ERROR", "could not be accepted", "database"] {
            assert!(!log.contains(word), "{log}");
        }
        answered as u64
    });
    row.tell(Figures {
        rounds: 1,
        checked: answered,
        violations: 0,
    });
}

/// One that was in before the flood and goes on asking: nothing may go wrong for it. How often it asked.
async fn keep_asking(mut connection: Connection, line: &str, access: String) -> usize {
    let (begun, mut served) = (Instant::now(), 0);
    while begun.elapsed() < SIEGE {
        let answer = connection.ask(line, Some(&access), None).await.unwrap();
        assert_eq!(answer.status, 200, "{line}: {answer}");
        served += 1;
        sleep(PAUSE).await;
    }
    served
}

/// Connects again and again, sends a little and holds on.
async fn besiege(number: usize, address: SocketAddr) {
    for _ in 0..1_000 {
        let source = stage::stranger(number);
        if let Ok(mut connection) = Connection::dial_from(source, address).await {
            let _closed = connection.send(b"GET /").await;
            let _closed = connection.rest(SIEGE).await;
        }
        sleep(PAUSE).await;
    }
}

#[test]
fn the_limit_of_open_files_is_raised_as_far_as_it_may_be() {
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let server = Launch::on(&directory.path().join("data"))
            .open_files("64:1000")
            .start();
        let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max open files"))
            .unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[3..5], ["1000", "1000"]);
        // What is left of them beside the database's share and that of webhooks is what it says that it serves.
        assert!(server.log().contains("850"), "{}", server.log());
    });
}

#[test]
fn too_few_open_files_to_serve_anybody_are_refused_at_the_start_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let output = Launch::on(&directory.path().join("data"))
        .open_files("40:40")
        .command()
        .stderr(Stdio::piped())
        .output()
        .expect("this test needs prlimit");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("40 files") && said.contains("at least 62") && said.contains("ulimit -n 62"),
        "{said}"
    );
    assert!(!directory.path().join("data").exists());
}
