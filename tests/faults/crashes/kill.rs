//! `kill -9` in the middle of refreshes, sign-outs, and people being locked out: what was answered is there after it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::OpenFlags;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::driver::auditor::{self, Auditor, Findings};
use crate::driver::beside::{self, Commands};
use crate::driver::chance::Chance;
use crate::driver::journal::{Account, End};
use crate::driver::load::{self, Progress, Told, Weather};
use crate::driver::replay::Depth;
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::{Launch, Server};
use crate::driver::stage;
use crate::driver::talk::Connection;

/// Clients at once, and people whom an administrator ends again and again.
const CLIENTS: usize = 6;
const LODGERS: usize = 2;
/// Rounds of the short run, and of the long one.
const ROUNDS: u64 = 20;
const LONG_ROUNDS: u64 = 200;
/// The kill comes at most so much later than everybody has begun.
const KILL_WITHIN_MS: u64 = 500;
/// From the start of the process to its greeting, on a database that was left in the middle of a commit.
const MAX_RECOVERY: Duration = Duration::from_secs(1);
/// What is answered before the kill at least, also on a machine that has other work.
pub const LEAST_REFRESHES: u64 = 20;

#[test]
fn what_was_answered_survives_kill_9() {
    let row = Row::begin(
        "kill",
        "the process is killed under load",
        "kill -9 amid refreshes, sign-ins, sign-outs, people locked out, bulk revocations; restart",
    );
    let rounds = rows::rounds(ROUNDS, LONG_ROUNDS);
    let (told, findings, recovery) = stage::in_turn(many_rounds(rounds, rows::seed()));
    eprintln!(
        "kill: {} refreshes and {} endings answered, {} lost answers asked for again, slowest recovery {} ms",
        told.refreshes,
        told.endings,
        findings.asked_again,
        recovery.as_millis()
    );
    row.tell(Figures {
        rounds,
        checked: findings.checked,
        violations: findings.violations.len() + told.odd.len(),
    });
    assert_eq!(findings.violations, [""; 0]);
    assert_eq!(told.odd, [""; 0]);
    assert!(recovery < MAX_RECOVERY, "{recovery:?}");
    assert!(told.refreshes >= rounds * LEAST_REFRESHES);
    assert!(told.endings >= rounds);
}

async fn many_rounds(rounds: u64, seed: u64) -> (Told, Findings, Duration) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let launch = Launch::on(&data).cheap_hashing();
    let mut auditor = Auditor::of(&data);
    let mut chance = Chance::new(seed);
    let (mut told, mut findings) = (Told::default(), Findings::default());
    let mut recovery = Duration::ZERO;
    let mut server = launch.start();
    let books = stage::in_memory();
    let mut accounts = people(&server, books.path()).await;
    for round in 1..=rounds {
        let (after, answered) = load_and_kill(&launch, &mut server, accounts, &mut chance).await;
        told.add(answered);
        server = launch.start();
        recovery = recovery.max(server.greeted_after);
        let depth = Depth::after(round, rounds);
        let (after, found) = auditor.audit(&server, after, depth, &mut chance).await;
        accounts = after;
        findings.add(found);
    }
    (told, findings, recovery)
}

/// One round: everybody works, and in the middle of it the server is gone.
async fn load_and_kill(
    launch: &Launch,
    server: &mut Server,
    accounts: Vec<Account>,
    chance: &mut Chance,
) -> (Vec<Account>, Told) {
    let commands = Commands::beside(launch);
    let progress = Progress::default();
    let clients = spawn(server, accounts, &commands, &progress, chance);
    progress.reaches(LEAST_REFRESHES).await;
    sleep(Duration::from_millis(chance.below(KILL_WITHIN_MS))).await;
    server.kill();
    // Commands beside the server go on: they have a connection of their own.
    load::gather(clients).await
}

/// Clients of both kinds, each at work with its account.
pub fn spawn(
    server: &Server,
    accounts: Vec<Account>,
    commands: &Arc<Commands>,
    progress: &Progress,
    chance: &mut Chance,
) -> JoinSet<(Account, Told)> {
    let mut clients = JoinSet::new();
    let (lodgers, others) = accounts
        .into_iter()
        .partition(|account| account.name.starts_with(LODGER));
    for account in others {
        let client = load::run(
            server.address,
            account,
            chance.branch(),
            load::WITHOUT_END,
            Weather::Fair,
            progress.clone(),
        );
        clients.spawn(client);
    }
    let address = server.address;
    beside::spawn(&mut clients, address, lodgers, commands, progress, chance);
    clients
}

/// What the names of those begin with whom an administrator ends.
const LODGER: &str = "lodger";

/// The people of a run, with their books in a directory of its own.
pub async fn people(server: &Server, books: &Path) -> Vec<Account> {
    let mut accounts = load::people(server.address, "client", CLIENTS, books).await;
    accounts.extend(load::people(server.address, LODGER, LODGERS, books).await);
    accounts
}

#[test]
fn the_auditor_reports_answers_that_the_database_lost() {
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let old = directory.path().join("old");
        let lost = after_two_loads(&data, &old, 3).await;
        // The journal tells of both loads, the database of the first.
        fs::remove_dir_all(&data).unwrap();
        fs::rename(&old, &data).unwrap();
        let findings = audit_again(&data, lost).await;
        for violation in [
            "an answered rotation is lost",
            "an answered ending is lost",
            "the last token of a living session",
            "a refresh token of an ended session: 200",
        ] {
            let found = findings.iter().any(|found| found.starts_with(violation));
            assert!(found, "{violation}: {findings:#?}");
        }
    });
}

#[test]
fn the_auditor_reports_what_nobody_asked_for() {
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let accounts = after_two_loads(&data, &directory.path().join("old"), 4).await;
        let live = |account: &Account| {
            let mut sessions = account.sessions.iter().rev();
            let live = sessions.find(|session| session.end == End::NotAsked);
            live.unwrap().row()
        };
        let (ended, rotated, untold) = (live(&accounts[0]), live(&accounts[1]), live(&accounts[2]));
        let write = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let changed = auditor::open(&data.join("hub.db"), write).execute_batch(&format!(
            "UPDATE sessions SET ended_at = 1, end_reason = 'revoked' WHERE id = {ended};
             UPDATE sessions SET generation = generation + 2 WHERE id = {rotated};
             DELETE FROM lineage WHERE session_id = {untold} AND kind = 'rotate';
             DROP TRIGGER audit_refuses_update;
             UPDATE audit SET actor = 'nobody' WHERE id = 5;"
        ));
        changed.unwrap();
        let findings = audit_again(&data, accounts).await;
        for violation in [
            "an ending that nobody asked for",
            "a rotation that nobody asked for",
            "the lineage of ",
            "the audit's chain: Broken { at: 5 }",
        ] {
            let found = findings.iter().any(|found| found.starts_with(violation));
            assert!(found, "{violation}: {findings:#?}");
        }
    });
}

/// Two loads, each ended by a kill, and a last refresh of everything that lives; `old` is a copy of the directory between them.
async fn after_two_loads(data: &Path, old: &Path, seed: u64) -> Vec<Account> {
    let launch = Launch::on(data).cheap_hashing();
    let mut chance = Chance::new(seed);
    let mut server = launch.start();
    let accounts = people(&server, data.parent().unwrap()).await;
    let (mut accounts, _) = load_and_kill(&launch, &mut server, accounts, &mut chance).await;
    fs::create_dir(old).unwrap();
    for file in fs::read_dir(data).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), old.join(file.file_name())).unwrap();
        }
    }
    let mut server = launch.start();
    sign_one_out(&server, &mut accounts).await;
    let (mut accounts, told) = load_and_kill(&launch, &mut server, accounts, &mut chance).await;
    assert!(told.refreshes > 0);
    let server = launch.start();
    for account in &mut accounts {
        let mut connection = Connection::dial(server.address).await.unwrap();
        for place in account.living() {
            let body = stage::refresh_body(account.sessions[place].last_refresh());
            let line = "POST /api/auth/refresh";
            let answer = connection.ask(line, None, Some(&body)).await.unwrap();
            if answer.status == 200 {
                account.rotated(place, &answer);
            }
        }
        account.sessions.retain(|session| session.end != End::Asked);
        account.begin_book();
    }
    accounts
}

async fn sign_one_out(server: &Server, accounts: &mut [Account]) {
    let (person, place) = load::anyone_alive(accounts).unwrap();
    let account = &mut accounts[person];
    let access = account.sessions[place].last_access().to_owned();
    account.ending(&[place]);
    let answer = stage::ask(server.address, "POST /api/auth/logout", Some(&access), "").await;
    assert_eq!(answer.status, 200, "{answer}");
    account.ended(&[place]);
}

async fn audit_again(data: &Path, accounts: Vec<Account>) -> Vec<String> {
    let server = Launch::on(data).cheap_hashing().start();
    let mut chance = Chance::new(1);
    let mut auditor = Auditor::of(data);
    let audited = auditor.audit(&server, accounts, Depth::Everything, &mut chance);
    audited.await.1.violations
}
