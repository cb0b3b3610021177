//! `kill -9` in the middle of refreshes and sign-outs: what was answered is there after it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rusqlite::OpenFlags;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::auditor::{self, Findings};
use super::chance::Chance;
use super::journal::{Account, End};
use super::load::{self, Told};
use super::replay::Depth;
use super::server::{Launch, Server};
use super::stage;
use super::talk::Connection;

/// Clients at once.
const CLIENTS: usize = 8;
/// Rounds unless `HUBTEST_ROUNDS` says otherwise.
const ROUNDS: u64 = 20;
/// The kill comes at a random moment between these, from the load's beginning.
const KILL_AFTER_MS: std::ops::Range<u64> = 50..700;
/// From the start of the process to its greeting, on a database that was left in the middle of a commit.
const MAX_RECOVERY: Duration = Duration::from_secs(1);
/// What twenty rounds must have answered to count as a test.
const LEAST_REFRESHES_A_ROUND: u64 = 100;

#[test]
fn what_was_answered_survives_kill_9() {
    let rounds = number("HUBTEST_ROUNDS", ROUNDS);
    let seed = number("HUBTEST_SEED", u64::from(std::process::id()));
    eprintln!("kill -9: HUBTEST_ROUNDS={rounds} HUBTEST_SEED={seed}");
    let (told, findings, recovery) = stage::in_turn(many_rounds(rounds, seed));
    eprintln!(
        "kill -9: {rounds} rounds, {} refreshes and {} endings answered, {} lost answers asked for again, {} checks, violations {}, slowest recovery {} ms",
        told.refreshes,
        told.endings,
        findings.asked_again,
        findings.checked,
        findings.violations.len(),
        recovery.as_millis()
    );
    assert_eq!(findings.violations, [""; 0]);
    assert_eq!(told.odd, [""; 0]);
    assert!(recovery < MAX_RECOVERY, "{recovery:?}");
    assert!(told.refreshes >= rounds * LEAST_REFRESHES_A_ROUND);
    assert!(told.endings >= rounds);
}

async fn many_rounds(rounds: u64, seed: u64) -> (Told, Findings, Duration) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let launch = Launch::on(&data).cheap_hashing();
    let mut chance = Chance::new(seed);
    let (mut told, mut findings) = (Told::default(), Findings::default());
    let mut recovery = Duration::ZERO;
    let mut server = launch.start();
    let mut accounts = people(server.address).await;
    for round in 1..=rounds {
        let (after, answered) = load_and_kill(&mut server, accounts, &mut chance).await;
        told.add(answered);
        server = launch.start();
        recovery = recovery.max(server.greeted_after);
        let depth = if round == rounds {
            Depth::Everything
        } else {
            Depth::Half
        };
        let database = data.join("hub.db");
        let (after, found) = auditor::audit(&server, &database, after, depth, &mut chance).await;
        accounts = after;
        findings.add(found);
    }
    (told, findings, recovery)
}

/// One round: everybody works, and in the middle of it the server is gone.
async fn load_and_kill(
    server: &mut Server,
    accounts: Vec<Account>,
    chance: &mut Chance,
) -> (Vec<Account>, Told) {
    let address = server.address;
    let mut clients = JoinSet::new();
    for mut account in accounts {
        let mut connection = Connection::dial(address).await.unwrap();
        load::sign_in(&mut connection, &mut account).await.unwrap();
        clients.spawn(load::run(address, account, chance.branch()));
    }
    let width = KILL_AFTER_MS.end - KILL_AFTER_MS.start;
    let after_ms = KILL_AFTER_MS.start + chance.below(width);
    sleep(Duration::from_millis(after_ms)).await;
    server.kill();
    let (mut accounts, mut told) = (Vec::new(), Told::default());
    while let Some(client) = clients.join_next().await {
        let (account, answered) = client.unwrap();
        accounts.push(account);
        told.add(answered);
    }
    (accounts, told)
}

async fn people(address: SocketAddr) -> Vec<Account> {
    let mut accounts = Vec::new();
    for number in 1..=CLIENTS {
        let name = format!("person{number}");
        let answer = stage::register(address, &name).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let sessions = Vec::new();
        accounts.push(Account { name, sessions });
    }
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
    let accounts = people(server.address).await;
    let (mut accounts, _) = load_and_kill(&mut server, accounts, &mut chance).await;
    fs::create_dir(old).unwrap();
    for file in fs::read_dir(data).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), old.join(file.file_name())).unwrap();
        }
    }
    let mut server = launch.start();
    sign_one_out(&server, &mut accounts).await;
    let (mut accounts, told) = load_and_kill(&mut server, accounts, &mut chance).await;
    assert!(told.refreshes > 0);
    let server = launch.start();
    for account in &mut accounts {
        let mut connection = Connection::dial(server.address).await.unwrap();
        for session in &mut account.sessions {
            let body = stage::refresh_body(session.last_refresh());
            let line = "POST /api/auth/refresh";
            let answer = connection.ask(line, None, Some(&body)).await.unwrap();
            if answer.status == 200 {
                session.answered(&answer);
            }
        }
        account.sessions.retain(|session| session.end != End::Asked);
    }
    accounts
}

async fn sign_one_out(server: &Server, accounts: &mut [Account]) {
    let mut sessions = accounts
        .iter_mut()
        .flat_map(|account| &mut account.sessions);
    let live = sessions.find(|session| session.end == End::NotAsked);
    let session = live.unwrap();
    let access = session.last_access();
    let answer = stage::ask(server.address, "POST /api/auth/logout", Some(access), "").await;
    assert_eq!(answer.status, 200, "{answer}");
    session.end = End::Answered;
}

async fn audit_again(data: &Path, accounts: Vec<Account>) -> Vec<String> {
    let server = Launch::on(data).cheap_hashing().start();
    let database = data.join("hub.db");
    let mut chance = Chance::new(1);
    let depth = Depth::Everything;
    let audited = auditor::audit(&server, &database, accounts, depth, &mut chance);
    audited.await.1.violations
}

/// A number from the environment.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}
