//! The disk fails to take what was folded into the database beside the commits.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::time::{Instant, sleep};

use crate::driver::auditor::Auditor;
use crate::driver::chance::Chance;
use crate::driver::load::{self, Weather};
use crate::driver::replay::Depth;
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::Launch;
use crate::driver::shim::{Call, Failure, Of, Shim};
use crate::driver::stage;

const CLIENTS: usize = 4;
/// Of each client: many times the 250 pages after which the log is folded.
const REQUESTS: usize = 400;
const MAX_UNTIL_ITS_END: Duration = Duration::from_secs(10);

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test plays another program that reads for long"
)]
fn a_failed_sync_of_what_was_folded_ends_the_process_and_leaves_the_log_to_the_next() {
    let row = Row::begin(
        "failed-fold",
        "fsync of the database fails beside the commits",
        "a reader holds up the fold, so that the folder alone syncs the database; a library before the binary fails that sync once",
    );
    let findings = stage::in_turn(async {
        let directory = stage::in_memory();
        let data = directory.path().join("data");
        let shim = Shim::new(directory.path());
        let launch = shim.before(Launch::on(&data).cheap_hashing());
        let mut server = launch.start();
        let accounts = load::people(server.address, "client", CLIENTS, directory.path()).await;
        let access = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let reader = Connection::open_with_flags(data.join("hub.db"), access).unwrap();
        reader
            .execute_batch("BEGIN; SELECT count(*) FROM sessions")
            .unwrap();
        shim.fail(Call::Sync, Of::Database, Failure::Io, 1, 1);
        let mut chance = Chance::new(rows::seed());
        let foul = Weather::Foul;
        let let_go = async {
            let begun = Instant::now();
            while shim.failed() == 0 && begun.elapsed() < MAX_UNTIL_ITS_END {
                sleep(Duration::from_millis(1)).await;
            }
            // Nobody but the server itself keeps the log from now on.
            drop(reader);
        };
        let ((accounts, told), ()) = tokio::join!(
            load::all(server.address, accounts, REQUESTS, foul, &mut chance),
            let_go
        );
        assert_eq!(told.odd, [""; 0]);
        let status = server.ended(MAX_UNTIL_ITS_END).await;
        let log = server.log();
        assert_eq!(shim.failed(), 1, "{log}");
        assert!(!status.success(), "it ended with {status}: {log}");
        let why = "the disk failed to sync what was folded into the database";
        assert!(log.contains(why), "{log}");
        // What the kernel has dropped is there alone.
        let kept = std::fs::metadata(data.join("hub.db-wal")).map_or(0, |log| log.len());
        assert!(kept > 250 * 4_096, "a log of {kept} bytes is left");
        shim.disarm();
        let server = launch.start();
        let mut auditor = Auditor::of(&data);
        let audited = auditor.audit(&server, accounts, Depth::Half, &mut chance);
        audited.await.1
    });
    row.tell(Figures {
        rounds: 1,
        checked: findings.checked,
        violations: findings.violations.len(),
    });
    assert_eq!(findings.violations, [""; 0]);
}
