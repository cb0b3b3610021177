//! Somebody else's transaction holds the database: short ones are waited out, long ones cost a refusal with the time to come back.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::driver::probe::Probe;
use crate::driver::rows::{Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage::{self, ask, refresh_body};

/// Shorter than anybody is made to wait, and longer: by two seconds, so that the one who came first is told while it lasts.
const SHORT: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(7);
/// For how long the Hub waits for somebody else's transaction, and how much later its answer may come on a machine that has other work.
const BUSY: Duration = Duration::from_secs(5);
const LATENESS: Duration = Duration::from_millis(1_900);

#[test]
fn a_foreign_transaction_is_waited_out_and_after_five_seconds_whoever_waits_is_told_to_come_back() {
    let row = Row::begin(
        "foreign-lock",
        "another program locks the database",
        "sqlite3 holds BEGIN EXCLUSIVE for 2 s and for 7 s",
    );
    let checked = stage::in_turn(async {
        let directory = stage::in_memory();
        let data = directory.path().join("data");
        let server = Launch::on(&data).cheap_hashing().start();
        let address = server.address;
        let registered = stage::register(address, "somebody").await;
        let body = refresh_body(&registered.text("refresh_token"));
        let refresh = async || ask(address, "POST /api/auth/refresh", None, &body).await;
        let probe = Probe::begin(address, registered.text("access_token"));

        let holder = hold(&data);
        let waiting = async {
            let begun = Instant::now();
            (refresh().await, begun.elapsed())
        };
        let ((answer, waited), ()) = tokio::join!(waiting, async {
            sleep(SHORT).await;
            release(holder);
        });
        assert_eq!(answer.status, 200, "{answer}");
        assert!(waited >= SHORT, "nobody held it: {waited:?}");

        let holder = hold(&data);
        let begun = Instant::now();
        let answer = ask(address, "GET /readyz", None, "").await;
        let waited = begun.elapsed();
        assert_eq!(answer.status, 503, "{answer}");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        assert!((BUSY..BUSY + LATENESS).contains(&waited), "{waited:?}");
        sleep(LONG.saturating_sub(begun.elapsed())).await;
        release(holder);
        // A retry: it gets what the first got.
        let again = refresh().await;
        assert_eq!(again.status, 200, "{again}");
        let ready = ask(address, "GET /readyz", None, "").await;
        assert_eq!(ready.status, 200, "{ready}");
        let noticed = probe.end().await;
        assert_eq!(noticed.odd, [""; 0], "reads go on");
        noticed.answered() + 4
    });
    row.tell(Figures {
        rounds: 2,
        checked,
        violations: 0,
    });
}

/// `sqlite3` with a transaction that shuts everybody else out.
fn hold(data: &Path) -> Child {
    let mut holder = Command::new("sqlite3")
        .arg(data.join("hub.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs sqlite3");
    let input = holder.stdin.as_mut().unwrap();
    input
        .write_all(b".timeout 2000\nBEGIN EXCLUSIVE;\nSELECT 'held';\n")
        .unwrap();
    input.flush().unwrap();
    let mut said = [0; 4];
    let output = holder.stdout.as_mut().unwrap();
    std::io::Read::read_exact(output, &mut said).unwrap();
    assert_eq!(&said, b"held");
    holder
}

/// Its input ends, and with it the program and its transaction.
fn release(mut holder: Child) {
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
}
