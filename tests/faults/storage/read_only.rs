//! A disk that turns read-only at work, and one that is so at the start; and a log that has no room.

use std::path::PathBuf;

use crate::driver::auditor::Auditor;
use crate::driver::chance::Chance;
use crate::driver::disk::{Disk, FileSystem};
use crate::driver::load::{self, Weather};
use crate::driver::probe::Probe;
use crate::driver::replay::Depth;
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage::{self, ask};

const CLIENTS: usize = 4;
const REQUESTS: usize = 40;
/// What a start ends with that may not write: `EX_CANTCREAT` or `EX_NOPERM`.
const CANNOT_WRITE: [i32; 2] = [73, 77];

#[test]
fn a_disk_that_turns_read_only_stops_writes_alone_and_no_answer_is_lost() {
    let row = Row::begin(
        "read-only",
        "the disk turns read-only at work, or is so at the start",
        "ext4 on a loop device, its log aborted under load; mounted read-only before a start",
    );
    if row.is_left_out() {
        return;
    }
    let figures = stage::in_turn(async {
        let directory = stage::in_memory();
        let disk = Disk::new(directory.path(), FileSystem::Ext4);
        let data = disk.place().join("data");
        let log = directory.path().join("hub.log");
        let launch = Launch::on(&data).cheap_hashing().log_to(log);
        let mut chance = Chance::new(rows::seed());
        let mut server = launch.start();
        let address = server.address;
        let looks = stage::register(address, "onlooker").await;
        let access = looks.text("access_token");
        let accounts = load::people(address, "client", CLIENTS, directory.path()).await;
        let fair = Weather::Fair;
        let (accounts, before) = load::all(address, accounts, REQUESTS, fair, &mut chance).await;

        disk.remount("abort");
        let probe = Probe::begin(address, access.clone());
        let foul = Weather::Foul;
        let (accounts, told) = load::all(address, accounts, REQUESTS, foul, &mut chance).await;
        let noticed = probe.end().await;
        assert_eq!(noticed.odd, [""; 0], "reads go on");
        assert_eq!((before.odd.len(), told.odd.len()), (0, 0), "{:?}", told.odd);
        assert!(told.refused > 0 && told.answers() == 0, "it took writes");
        let ready = ask(address, "GET /readyz", None, "").await;
        assert_eq!(ready.status, 503, "{ready}");
        assert!(server.has_ended().is_none(), "{}", server.log());

        server.kill();
        disk.come_back();
        let mut server = launch.start();
        let mut auditor = Auditor::of(&data);
        let audited = auditor.audit(&server, accounts, Depth::Everything, &mut chance);
        let (_, findings) = audited.await;
        assert_eq!(findings.violations, [""; 0]);

        server.kill();
        disk.remount("ro");
        let refused = launch.try_start().err().expect("it cannot write");
        assert!(
            refused
                .code
                .is_some_and(|code| CANNOT_WRITE.contains(&code)),
            "{refused:?}"
        );
        assert_eq!(refused.said.lines().count(), 1, "{refused:?}");
        Figures {
            rounds: 2,
            checked: findings.checked + noticed.answered() + told.refused,
            violations: 0,
        }
    });
    row.tell(figures);
}

#[test]
fn a_log_without_room_stops_nothing() {
    let row = Row::begin(
        "full-log",
        "the log's disk is full",
        "standard error is /dev/full, every request is logged",
    );
    let figures = stage::in_turn(async {
        let directory = stage::in_memory();
        let data = directory.path().join("data");
        let server = Launch::on(&data)
            .cheap_hashing()
            .set("HUB_LOG", "debug")
            .log_to(PathBuf::from("/dev/full"))
            .start();
        let mut chance = Chance::new(rows::seed());
        let address = server.address;
        let accounts = load::people(address, "client", CLIENTS, directory.path()).await;
        let fair = Weather::Fair;
        let (accounts, told) = load::all(address, accounts, REQUESTS, fair, &mut chance).await;
        assert_eq!(told.odd, [""; 0]);
        let mut auditor = Auditor::of(&data);
        let audited = auditor.audit(&server, accounts, Depth::Everything, &mut chance);
        let (_, findings) = audited.await;
        assert_eq!(findings.violations, [""; 0]);
        assert!(told.refreshes > 0);
        Figures {
            rounds: 1,
            checked: findings.checked,
            violations: 0,
        }
    });
    row.tell(figures);
}
