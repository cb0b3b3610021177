//! TERM: what was sent is answered, what was answered is in the file, and the process ends well.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::OpenFlags;
use tokio::time::sleep;

use crate::driver::auditor;
use crate::driver::rows::{Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage::{self, PASSWORD, refresh_body, sign_in_body};
use crate::driver::talk::{Connection, request};

/// Sign-ins that still run when the server is told to stop.
const SLOW_SIGN_INS: usize = 8;
/// Refreshes that are sent in the moment before.
const REFRESHES: usize = 40;
/// How often it is told so.
const STOPS: u64 = 3;
const DRAIN: &str = "TERM while requests are under way";
const HOW: &str =
    "kill -TERM after refreshes and dear sign-ins were sent, a second one while they run";
/// Longer than the drain may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// What a process ends with whose data directory is in use: `EX_TEMPFAIL`.
const TRY_AGAIN: i32 = 75;

#[test]
fn slow_sign_ins_that_were_sent_before_the_stop_are_answered() {
    let row = Row::begin("drain", DRAIN, HOW);
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        // The dearest hash there is, and time to wait for it.
        let mut server = Launch::on(&data)
            .set("HUB_HASHING__MEMORY_KIB", "65536")
            .set("HUB_HASHING__PASSES", "10")
            .set("HUB_HASHING__QUEUE_WAIT", "10s")
            .start();
        let address = server.address;
        assert_eq!(stage::register(address, "slow").await.status, 201);
        let body = sign_in_body("slow", PASSWORD);
        let bytes = request(address, "POST /api/auth/login", None, Some(&body));
        let mut clients = Vec::new();
        for _ in 0..SLOW_SIGN_INS {
            let mut client = Connection::dial(address).await.unwrap();
            client.send(bytes.as_bytes()).await.unwrap();
            clients.push(client);
        }
        assert!(server.terminate());
        sleep(Duration::from_millis(50)).await;
        assert!(server.terminate(), "it was gone before its work was done");
        for client in &mut clients {
            let answer = client.answer().await.unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        assert_eq!(server.ended(PATIENCE).await.code(), Some(0));
        assert!(is_folded(&data));
        // One of the registration, one of each sign-in.
        assert_eq!(rows_of(&data, "sessions"), SLOW_SIGN_INS + 1);
    });
    row.tell(Figures {
        rounds: 1,
        checked: SLOW_SIGN_INS as u64,
        violations: 0,
    });
}

#[test]
fn refreshes_that_were_sent_before_the_stop_are_answered() {
    let row = Row::begin("drain", DRAIN, HOW);
    stage::in_turn(async {
        for _ in 0..STOPS {
            let directory = tempfile::tempdir().unwrap();
            let data = directory.path().join("data");
            let mut server = Launch::on(&data).cheap_hashing().start();
            let address = server.address;
            let mut clients = Vec::new();
            for number in 0..REFRESHES {
                let registered = stage::register(address, &format!("person{number}")).await;
                let body = refresh_body(&registered.text("refresh_token"));
                let client = Connection::dial(address).await.unwrap();
                let line = "POST /api/auth/refresh";
                clients.push((client, request(address, line, None, Some(&body))));
            }
            for (client, bytes) in &mut clients {
                client.send(bytes.as_bytes()).await.unwrap();
            }
            assert!(server.terminate());
            for (client, _) in &mut clients {
                let answer = client.answer().await.unwrap();
                assert_eq!(answer.status, 200, "{answer:?}");
            }
            assert_eq!(server.ended(PATIENCE).await.code(), Some(0));
            assert!(is_folded(&data));
            assert_eq!(rows_of(&data, "sessions WHERE generation = 2"), REFRESHES);
        }
    });
    row.tell(Figures {
        rounds: STOPS,
        checked: STOPS * REFRESHES as u64,
        violations: 0,
    });
}

#[test]
fn a_second_server_on_the_directory_ends_at_once_and_names_the_first() {
    let row = Row::begin(
        "second-process",
        "a second server on the directory",
        "it is started while the first one serves",
    );
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let launch = Launch::on(&directory.path().join("data"));
        let first = launch.start();
        let second = launch
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(second.status.code(), Some(TRY_AGAIN));
        assert_eq!(second.stdout, b"");
        let complaint = String::from_utf8(second.stderr).unwrap();
        let named = format!("process {}", first.pid());
        assert!(complaint.contains(&named), "{complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
        // The first has not noticed.
        assert_eq!(stage::register(first.address, "somebody").await.status, 201);
    });
    row.tell(Figures {
        rounds: 1,
        checked: 2,
        violations: 0,
    });
}

/// Everything is in the database file: the log beside it is empty or gone.
fn is_folded(data: &Path) -> bool {
    fs::metadata(data.join("hub.db-wal")).map_or(true, |log| log.len() == 0)
}

fn rows_of(data: &Path, table: &str) -> usize {
    let connection = auditor::open(&data.join("hub.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let sql = format!("SELECT count(*) FROM {table}");
    let rows: i64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
    usize::try_from(rows).unwrap()
}
