//! The power goes in the middle of refreshes, sign-outs, and people being locked out: what was answered is on the disk when it comes back.
//!
//! The server stands still when it goes. Otherwise it could answer in the moment between the cut and its end, which no server without power does.

use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use crate::crashes::kill::{LEAST_REFRESHES, people, spawn};
use crate::driver::auditor::{Auditor, Findings};
use crate::driver::beside::{self, Commands};
use crate::driver::chance::Chance;
use crate::driver::disk::{Disk, FileSystem};
use crate::driver::journal::Account;
use crate::driver::load::{self, Progress, Told};
use crate::driver::replay::Depth;
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::Launch;
use crate::driver::shim::{Shim, Syncs};
use crate::driver::stage;

/// Cuts of the short run, and of the long one.
const CUTS: u64 = 5;
const LONG_CUTS: u64 = 50;
/// Cuts until a server that lies must have been caught: each loses hundreds of answers.
const MAX_CUTS_OF_A_LIAR: u64 = 3;
/// The cut comes at most so much later than everybody has begun.
const CUT_WITHIN_MS: u64 = 600;
/// How long an orderly end may take.
const PATIENCE: Duration = Duration::from_secs(15);

#[test]
fn what_was_answered_survives_a_power_cut() {
    survives(
        "power-cut",
        "the power goes under load",
        "ext4 on a loop device: kill -STOP, EXT4_IOC_SHUTDOWN without its log, kill -9, mount, restart",
        FileSystem::Ext4,
    );
}

#[test]
fn on_a_disk_that_orders_its_writes_otherwise_what_was_answered_survives_a_power_cut() {
    survives(
        "power-cut-xfs",
        "the same on a disk that orders its writes otherwise",
        "XFS on a loop device, shut down in the same way",
        FileSystem::Xfs,
    );
}

fn survives(name: &'static str, fault: &'static str, how: &'static str, file_system: FileSystem) {
    let row = Row::begin(name, fault, how);
    if row.is_left_out() {
        return;
    }
    let cuts = rows::rounds(CUTS, LONG_CUTS);
    let (told, findings) = stage::in_turn(many_cuts(file_system, cuts, rows::seed(), None));
    eprintln!(
        "{name}: {} refreshes and {} endings answered, {} lost answers asked for again",
        told.refreshes, told.endings, findings.asked_again
    );
    row.tell(Figures {
        rounds: cuts,
        checked: findings.checked,
        violations: findings.violations.len() + told.odd.len(),
    });
    assert_eq!(findings.violations, [""; 0]);
    assert_eq!(told.odd, [""; 0]);
    assert!(told.refreshes >= cuts * LEAST_REFRESHES && told.endings >= cuts);
}

#[test]
fn a_server_that_answers_before_the_disk_has_it_is_caught_by_a_power_cut() {
    is_caught(
        "power-cut-liar",
        "the same, and the answer comes before the sync",
        Syncs::Never,
    );
}

#[test]
fn a_server_that_syncs_its_log_at_checkpoints_only_is_caught_by_a_power_cut() {
    is_caught(
        "power-cut-normal",
        "the same with synchronous=NORMAL",
        Syncs::LogAtCheckpoints,
    );
}

/// The test of the test: the driver must report losses.
fn is_caught(name: &'static str, fault: &'static str, syncs: Syncs) {
    let how = "a library before the binary makes fsync lie: the driver must report losses";
    let row = Row::begin(name, fault, how);
    if row.is_left_out() {
        return;
    }
    let (told, findings) = stage::in_turn(many_cuts(
        FileSystem::Ext4,
        MAX_CUTS_OF_A_LIAR,
        1,
        Some(syncs),
    ));
    let lost = |found: &&String| found.contains(" lost");
    let lost = findings.violations.iter().filter(lost).count();
    eprintln!(
        "{name}: {} answers, {lost} sessions with losses",
        told.answers()
    );
    row.tell_caught(findings.checked, lost);
    assert!(lost > 0, "{:?}", findings.violations);
}

/// So many cuts, or until something was lost.
async fn many_cuts(
    file_system: FileSystem,
    cuts: u64,
    seed: u64,
    lie: Option<Syncs>,
) -> (Told, Findings) {
    // The disk, too: what is cut is the file system in it, and many answers fit into a second.
    let directory = stage::in_memory();
    let disk = Disk::new(directory.path(), file_system);
    let data = disk.place().join("data");
    let log = directory.path().join("hub.log");
    let honest = Launch::on(&data).cheap_hashing().log_to(log);
    let shim = Shim::new(directory.path());
    let launch = match lie {
        Some(_) => shim.before(honest.clone()),
        None => honest.clone(),
    };
    let mut auditor = Auditor::of(&data);
    let mut chance = Chance::new(seed);
    let (mut told, mut findings) = (Told::default(), Findings::default());
    let mut accounts = newcomers(&honest, directory.path()).await;
    for cut in 1..=cuts {
        let mut server = launch.start();
        if let Some(syncs) = lie {
            shim.lie(syncs);
        }
        let commands = Commands::beside(&launch);
        let progress = Progress::default();
        let clients = spawn(&server, accounts, &commands, &progress, &mut chance);
        progress.reaches(LEAST_REFRESHES).await;
        sleep(Duration::from_millis(chance.below(CUT_WITHIN_MS))).await;
        server.stop();
        let stopped = commands.stop();
        disk.cut_power();
        server.kill();
        beside::kill(stopped);
        let (after, answered) = load::gather(clients).await;
        told.add(answered);
        disk.come_back();
        let server = honest.start();
        let depth = Depth::after(cut, cuts);
        let (after, found) = auditor.audit(&server, after, depth, &mut chance).await;
        accounts = after;
        findings.add(found);
        if lie.is_some() && !findings.violations.is_empty() {
            break;
        }
    }
    (told, findings)
}

/// Registered, and the server gone again in good order: what a liar has made no promise about.
async fn newcomers(launch: &Launch, books: &Path) -> Vec<Account> {
    let mut server = launch.start();
    let accounts = people(&server, books).await;
    assert!(server.terminate());
    assert!(server.ended(PATIENCE).await.success());
    accounts
}
