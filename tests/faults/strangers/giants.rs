//! Requests that are far too large in one way or another: refused, and memory stays where it was.

use std::net::SocketAddr;

use crate::driver::rows::{Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage;
use crate::driver::talk::{Connection, PATIENCE};

/// How often each is sent: what leaks adds up.
const ROUNDS: usize = 10;
const MAX_GROWTH_KIB: u64 = 4 * 1_024;
/// Far more than a refused client may still send, far less than it would like to.
const MAX_TAKEN: usize = 16 << 20;

const CHUNK: usize = 64 << 10;
const GIB: usize = 1 << 30;

#[test]
fn giant_bodies_heads_and_paths_are_refused_and_cost_no_memory() {
    let row = Row::begin(
        "giants",
        "bodies, heads and paths far too large",
        "1 GiB in chunks and by its length, 10,000 lines, 1 MiB of path and of a line",
    );
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let server = Launch::on(&directory.path().join("data")).start();
        let head =
            |rest: &str| format!("POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n{rest}");
        let lines = "X-Line: value\r\n".repeat(10_000);
        let path = "p".repeat(1 << 20);
        let chunk = [
            format!("{CHUNK:x}\r\n").into_bytes(),
            vec![b'c'; CHUNK],
            b"\r\n".to_vec(),
        ]
        .concat();
        let kind = "Content-Type: application/json\r\n";
        let giants = [
            (
                head(&format!("{kind}Transfer-Encoding: chunked\r\n\r\n")),
                chunk.clone(),
                GIB / CHUNK,
                &[413][..],
            ),
            (
                head(&format!("{kind}Content-Length: {GIB}\r\n\r\n")),
                chunk.clone(),
                GIB / CHUNK,
                &[413],
            ),
            (head(&lines), Vec::new(), 0, &[431]),
            (
                format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                Vec::new(),
                0,
                &[414, 431],
            ),
            (
                head(&format!("X-Long: {path}\r\n\r\n")),
                Vec::new(),
                0,
                &[431],
            ),
        ];
        stage::ask(server.address, "GET /healthz", None, "").await;
        let calm_kib = server.resident_kib();
        for _ in 0..ROUNDS {
            for (head, more, times, statuses) in &giants {
                let said = send(server.address, head, more, *times).await;
                let refused = statuses
                    .iter()
                    .any(|status| said.starts_with(&format!("HTTP/1.1 {status} ")));
                // Whoever goes on sending for long enough loses the answer to a reset.
                assert!(refused || said.is_empty(), "{said}");
                assert!(said.matches("HTTP/1.1 ").count() <= 1, "{said}");
            }
        }
        let growth_kib = server.peak_kib() - calm_kib;
        eprintln!(
            "giants: {} refused; memory grew by {growth_kib} KiB",
            ROUNDS * giants.len()
        );
        assert!(growth_kib < MAX_GROWTH_KIB);
        let answer = stage::ask(server.address, "GET /healthz", None, "").await;
        assert_eq!(answer.status, 200);
    });
    row.tell(Figures {
        rounds: ROUNDS as u64,
        checked: (ROUNDS * 5) as u64,
        violations: 0,
    });
}

/// Sends as much as is taken and returns what comes back.
async fn send(address: SocketAddr, head: &str, more: &[u8], times: usize) -> String {
    let mut connection = Connection::dial(address).await.unwrap();
    let mut taken = 0;
    let mut open = connection.send(head.as_bytes()).await.is_ok();
    for _ in 0..times {
        if !open {
            break;
        }
        open = connection.send(more).await.is_ok();
        taken += more.len();
        assert!(taken < MAX_TAKEN, "it reads a body that it has refused");
    }
    let rest = connection.rest(PATIENCE).await;
    rest.expect("a refused connection is closed")
}
