//! Thousands of connections that want nothing: closed in time, and a healthy client does not notice.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::driver::probe::Probe;
use crate::driver::rows::{Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage;
use crate::driver::talk::{Connection, request};

const HALF_HEADS: usize = 1_000;
const SILENT: usize = 2_500;
/// Those that were served once and then keep quiet.
const IDLE: usize = 2_500;
/// Between two bytes of a head that never ends.
const DRIP: Duration = Duration::from_millis(500);
/// How much later than its deadline a connection may end while six thousand others do.
const LATENESS: Duration = Duration::from_secs(3);
/// What a healthy client may meet.
const MAX_P99: Duration = Duration::from_millis(200);
/// In MiB, for all places taken.
const MAX_GROWTH_MIB: u64 = 50;

#[test]
fn six_thousand_connections_that_want_nothing_are_closed_in_time_and_a_healthy_client_is_served() {
    let row = Row::begin(
        "flood",
        "thousands of connections that want nothing",
        "2,500 silent, 2,500 idle, 1,000 with a head that drips, a healthy client beside them",
    );
    stage::in_turn(async {
        stage::allow_many_connections();
        let directory = tempfile::tempdir().unwrap();
        let deadline = Duration::from_secs(3);
        let server = Launch::on(&directory.path().join("data"))
            .cheap_hashing()
            .set("HUB_FRONT__HEADER_DEADLINE", "3s")
            .set("HUB_FRONT__IDLE_TIMEOUT", "3s")
            .start();
        let address = server.address;
        let access = stage::register(address, "healthy").await;
        let calm_kib = server.resident_kib();
        let probe = Probe::begin(address, access.text("access_token"));
        let begun = Instant::now();
        let mut strangers = JoinSet::new();
        for number in 0..HALF_HEADS + SILENT + IDLE {
            let connection = Connection::dial_from(stage::stranger(number), address).await;
            strangers.spawn(want_nothing(number, connection.unwrap(), address, deadline));
        }
        let opened = begun.elapsed();
        while let Some(ended) = strangers.join_next().await {
            ended.unwrap();
        }
        let noticed = probe.end().await;
        let growth_mib = server.peak_mib() - calm_kib / 1_024;
        eprintln!(
            "flood: {} connections opened in {opened:.1?}, all closed after {:.1?}; memory grew by {growth_mib} MiB; {noticed}",
            HALF_HEADS + SILENT + IDLE,
            begun.elapsed()
        );
        assert_eq!(noticed.odd, [""; 0]);
        assert!(noticed.p99() < MAX_P99);
        assert!(growth_mib < MAX_GROWTH_MIB);
        assert!(!server.log().contains("ERROR"), "{}", server.log());
    });
    row.tell(Figures {
        rounds: 1,
        checked: (HALF_HEADS + SILENT + IDLE) as u64,
        violations: 0,
    });
}

async fn want_nothing(
    number: usize,
    mut connection: Connection,
    address: SocketAddr,
    deadline: Duration,
) {
    // The door may close it for want of room at any time, also before it is heard.
    if number.is_multiple_of(6) {
        let end = Instant::now() + deadline + LATENESS;
        let mut open = true;
        while open {
            open = connection.send(b"G").await.is_ok();
            sleep(DRIP).await;
            assert!(Instant::now() < end, "a head that drips is read for ever");
        }
        return;
    }
    if number.is_multiple_of(2) {
        let asked = request(address, "GET /healthz", None, None);
        let _closed = connection.send(asked.as_bytes()).await;
        let _closed = connection.answer().await;
    }
    let begun = Instant::now();
    let rest = connection.rest(deadline + LATENESS).await;
    assert!(rest.is_some(), "still open after {:?}", begun.elapsed());
}

#[test]
fn a_network_that_is_at_its_limit_shuts_nobody_else_out_and_a_proxy_has_no_limit() {
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let server = Launch::on(&directory.path().join("data"))
            .set("HUB_FRONT__MAX_CONNECTIONS_PER_NETWORK", "3")
            .set("HUB_TRUSTED_PROXIES", "127.0.0.3")
            .start();
        let half = "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{";
        let mut busy = Vec::new();
        // The third is not refused for being in the proxy's neighbourhood, nor the proxy for being busy.
        for source in [2, 2, 2, 3, 3, 3, 3, 3] {
            let source = Ipv4Addr::new(127, 0, 0, source);
            let mut connection = Connection::dial_from(source, server.address).await.unwrap();
            connection.send(half.as_bytes()).await.unwrap();
            busy.push(connection);
        }
        let mut answers = Vec::new();
        for source in [2, 3, 4] {
            let source = Ipv4Addr::new(127, 0, 0, source);
            let mut connection = Connection::dial_from(source, server.address).await.unwrap();
            let answer = connection.ask("GET /healthz", None, None).await;
            answers.push(answer.ok().map(|answer| answer.status));
        }
        assert_eq!(answers, [None, Some(200), Some(200)]);
    });
}

#[test]
fn asking_for_health_costs_no_memory_and_writes_nothing() {
    const CALLS: usize = 5_000;
    const MAX_GROWTH_KIB: u64 = 4_096;
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let server = Launch::on(&data).start();
        let written = || {
            ["hub.db", "hub.db-wal"].map(|name| {
                let file = std::fs::metadata(data.join(name)).unwrap();
                (file.len(), file.modified().unwrap())
            })
        };
        let mut connection = Connection::dial(server.address).await.unwrap();
        for _ in 0..CALLS / 10 {
            connection.ask("GET /healthz", None, None).await.unwrap();
        }
        let (calm_kib, before) = (server.resident_kib(), written());
        let begun = Instant::now();
        for _ in 0..CALLS {
            let answer = connection.ask("GET /healthz", None, None).await.unwrap();
            assert_eq!(answer.status, 200);
        }
        let growth_kib = server.peak_kib() - calm_kib;
        eprintln!(
            "health: {CALLS} calls in {:.1?}; memory grew by {growth_kib} KiB",
            begun.elapsed()
        );
        assert_eq!(written(), before);
        assert!(growth_kib < MAX_GROWTH_KIB);
    });
}
