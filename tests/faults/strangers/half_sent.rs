//! Requests that never become whole: closed in time, and nobody else notices.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::driver::probe::Probe;
use crate::driver::rows::{Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage;
use crate::driver::talk::Connection;

const HALF_HEADS: usize = 1_000;
const HALF_BODIES: usize = 200;
/// How much later than its deadline a connection may end while a thousand others do.
const LATENESS: Duration = Duration::from_secs(2);
/// A timer may be early by its resolution, a client's clock by the time that its bytes travel.
const EARLINESS: Duration = Duration::from_millis(100);
/// What a healthy client may meet at worst, unoptimized and on a small machine.
const MAX_P99: Duration = Duration::from_secs(1);

const HALF_HEAD: &str = "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Ty";
const HALF_BODY: &str = "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{\"username\": \"some";

#[test]
fn a_thousand_half_sent_requests_are_closed_in_time_and_nobody_notices() {
    let row = Row::begin(
        "half-sent",
        "heads and bodies that never become whole",
        "1,000 half heads and 200 half bodies, a healthy client beside them",
    );
    stage::in_turn(async {
        stage::allow_many_connections();
        let (heads, bodies) = (Duration::from_secs(1), Duration::from_secs(2));
        let directory = tempfile::tempdir().unwrap();
        let server = Launch::on(&directory.path().join("data"))
            .cheap_hashing()
            .set("HUB_FRONT__HEADER_DEADLINE", "1s")
            .set("HUB_FRONT__BODY_DEADLINE", "2s")
            .start();
        let access = stage::register(server.address, "healthy").await;
        let probe = Probe::begin(server.address, access.text("access_token"));
        let mut halves = JoinSet::new();
        for number in 0..HALF_HEADS + HALF_BODIES {
            let (half, deadline) = if number < HALF_HEADS {
                (HALF_HEAD, heads)
            } else {
                (HALF_BODY, bodies)
            };
            halves.spawn(half_sent(number, server.address, half, deadline));
        }
        let mut slowest = Duration::ZERO;
        while let Some(late) = halves.join_next().await {
            slowest = slowest.max(late.unwrap());
        }
        let noticed = probe.end().await;
        eprintln!(
            "half-sent: {HALF_HEADS} heads, {HALF_BODIES} bodies, all closed, at most {} ms after their deadline; {noticed}",
            slowest.as_millis()
        );
        assert_eq!(noticed.odd, [""; 0]);
        assert!(noticed.p99() < MAX_P99);
    });
    row.tell(Figures {
        rounds: 1,
        checked: (HALF_HEADS + HALF_BODIES) as u64,
        violations: 0,
    });
}

#[test]
fn without_any_setting_a_half_sent_head_is_closed_after_ten_seconds() {
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let server = Launch::on(&directory.path().join("data")).start();
        let mut connection = Connection::dial(server.address).await.unwrap();
        let begun = Instant::now();
        connection.send(HALF_HEAD.as_bytes()).await.unwrap();
        let rest = connection.rest(Duration::from_secs(15)).await;
        let seconds = begun.elapsed().as_secs_f64();
        assert!(
            rest.is_some() && (8.5..11.5).contains(&seconds),
            "{seconds}"
        );
    });
}

#[test]
fn a_client_that_trickles_its_head_gains_no_time() {
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let server = Launch::on(&directory.path().join("data"))
            .set("HUB_FRONT__HEADER_DEADLINE", "1s")
            .start();
        let mut connection = Connection::dial(server.address).await.unwrap();
        let begun = Instant::now();
        for byte in HALF_HEAD.as_bytes() {
            // Once the other side has closed, sending fails.
            if connection.send(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        assert!(connection.rest(LATENESS).await.is_some());
        assert!(begun.elapsed() < Duration::from_secs(1) + LATENESS);
    });
}

/// Sends it, waits for the other side to close, and tells how long after the deadline that was.
async fn half_sent(number: usize, address: SocketAddr, half: &str, deadline: Duration) -> Duration {
    let source = stage::stranger(number);
    // The server's time begins in between.
    let dialling = Instant::now();
    let mut connection = Connection::dial_from(source, address).await.unwrap();
    let connected = Instant::now();
    connection.send(half.as_bytes()).await.unwrap();
    let rest = connection.rest(deadline + LATENESS).await;
    let (most, least) = (dialling.elapsed(), connected.elapsed());
    assert!(rest.is_some(), "it is still open after {least:?}");
    assert!(most + EARLINESS > deadline, "closed after {most:?}");
    least.saturating_sub(deadline)
}
