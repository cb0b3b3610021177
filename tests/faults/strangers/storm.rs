//! Two thousand sign-ins at once: bounded memory, an answer for everybody, and nobody else notices.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::driver::probe::Probe;
use crate::driver::rows::{Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage::{self, PASSWORD, sign_in_body};
use crate::driver::talk::{Connection, request};

const SIGN_INS: usize = 2_000;
/// All of the server's memory at its highest: 150 MB are 143 MiB.
const MAX_PEAK_MIB: u64 = 143;
/// Two hashes of 19 MiB, and 10 KiB for each waiting connection.
const MAX_GROWTH_MIB: u64 = 2 * 19 + 20;
/// What a healthy client may meet at worst, unoptimized and on a small machine.
const MAX_P99: Duration = Duration::from_secs(1);

#[test]
fn two_thousand_sign_ins_at_once_cost_bounded_memory_and_all_are_answered() {
    let row = Row::begin(
        "storm",
        "two thousand sign-ins at once",
        "at the full cost of a hash, a healthy client beside them",
    );
    stage::in_turn(async {
        stage::allow_many_connections();
        let directory = tempfile::tempdir().unwrap();
        // What a password costs is as it is by default. As many threads everywhere: each holds a block of memory.
        let server = Launch::on(&directory.path().join("data"))
            .set("HUB_HASHING__THREADS", "2")
            .start();
        let address = server.address;
        let registered = stage::register(address, "known").await;
        let access = registered.text("access_token");
        let calm_mib = server.peak_mib();
        let probe = Probe::begin(address, access);
        let start = Arc::new(Barrier::new(SIGN_INS + 1));
        let mut clients = JoinSet::new();
        for number in 0..SIGN_INS {
            let body = match number % 4 {
                0 | 1 => sign_in_body("known", PASSWORD),
                2 => sign_in_body("known", "battery staple 8"),
                _ => sign_in_body("unknown", PASSWORD),
            };
            let source = stage::stranger(number);
            let mut connection = Connection::dial_from(source, address).await.unwrap();
            let start = Arc::clone(&start);
            clients.spawn(async move {
                let bytes = request(address, "POST /api/auth/login", None, Some(&body));
                start.wait().await;
                connection.send(bytes.as_bytes()).await?;
                connection.answer().await
            });
        }
        start.wait().await;
        let begun = Instant::now();
        let mut answers = BTreeMap::<u16, usize>::new();
        while let Some(client) = clients.join_next().await {
            let answer = client.unwrap().expect("every sign-in is answered");
            let known = match answer.status {
                200 => answer.body.contains("Login successful"),
                401 => answer.body.contains("Invalid credentials"),
                503 => answer.header("retry-after").is_some(),
                _ => false,
            };
            assert!(known, "{answer:?}");
            *answers.entry(answer.status).or_default() += 1;
        }
        let took = begun.elapsed();
        let noticed = probe.end().await;
        let peak_mib = server.peak_mib();
        eprintln!(
            "storm: {SIGN_INS} sign-ins in {took:.1?}: {answers:?}; peak {peak_mib} MiB, {calm_mib} MiB before; {noticed}"
        );
        assert_eq!(noticed.odd, [""; 0]);
        assert!(noticed.p99() < MAX_P99);
        assert!(peak_mib < MAX_PEAK_MIB);
        assert!(peak_mib - calm_mib <= MAX_GROWTH_MIB);
        assert!(answers.contains_key(&200) && answers.contains_key(&503));
    });
    row.tell(Figures {
        rounds: 1,
        checked: SIGN_INS as u64,
        violations: 0,
    });
}
