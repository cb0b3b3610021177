//! Damaged files: refused at the start with the way out, never mended in silence, and at work no answer is built on them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::driver::auditor;
use crate::driver::chance::Chance;
use crate::driver::journal::{Account, End};
use crate::driver::load::{self, Weather};
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage::{self, ask, refresh_body};
use crate::driver::talk::Answer;
use crate::storage::damage::{self, ALL, Damage};

const CLIENTS: usize = 4;
const REQUESTS: usize = 40;
/// Cases of the short run, each kind a few times, and of the long one.
const CASES: u64 = 44;
const LONG_CASES: u64 = 220;
/// The same for those at work.
const CASES_AT_WORK: u64 = 3;
const LONG_CASES_AT_WORK: u64 = 30;
/// Requests until somebody has met a spoiled page: pages that are in memory are still good.
const MOST_UNNOTICED: usize = 400;
const PATIENCE: Duration = Duration::from_secs(15);
/// What a start ends with that fails, that finds nothing, or what is not a sound database of the Hub.
const REFUSED: [i32; 3] = [1, 69, 78];

#[test]
fn a_damaged_database_is_refused_with_the_way_out_or_what_is_left_of_it_is_whole() {
    let row = Row::begin(
        "corruption",
        "damaged files at the start",
        "headers, pages, single bytes, cut ends, empty and foreign files, log and index, from a seed",
    );
    let cases = rows::rounds(CASES, LONG_CASES);
    let checked = stage::in_turn(async {
        let directory = stage::in_memory();
        let (whole, accounts) = worked(&directory).await;
        let mut chance = Chance::new(rows::seed());
        let mut checked = 0;
        for case in 0..cases {
            let kind = ALL[usize::try_from(case).unwrap() % ALL.len()];
            let data = directory.path().join(format!("case{case}"));
            copy(&whole, &data);
            kind.strike(&data, &mut chance);
            checked += one(kind, &data, &accounts).await;
            fs::remove_dir_all(&data).unwrap();
        }
        checked
    });
    row.tell(Figures {
        rounds: cases,
        checked,
        violations: 0,
    });
}

/// A directory that was at work: half of it folded into the database, the rest in the log.
async fn worked(directory: &TempDir) -> (PathBuf, Vec<Account>) {
    let data = directory.path().join("data");
    let launch = Launch::on(&data).cheap_hashing();
    let mut chance = Chance::new(1);
    let fair = Weather::Fair;
    let mut server = launch.start();
    let people = load::people(server.address, "client", CLIENTS, directory.path()).await;
    let done = load::all(server.address, people, REQUESTS, fair, &mut chance).await;
    assert!(server.terminate());
    server.ended(PATIENCE).await;
    let mut server = launch.start();
    let done = load::all(server.address, done.0, REQUESTS, fair, &mut chance).await;
    server.kill();
    assert_eq!(done.1.odd, [""; 0]);
    (data, done.0)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

async fn one(kind: Damage, data: &Path, accounts: &[Account]) -> u64 {
    let before = fs::read(data.join("hub.db")).unwrap();
    let launch = Launch::on(data).cheap_hashing();
    let mut server = match launch.try_start() {
        Ok(server) => server,
        Err(refused) => {
            let said = &refused.said;
            let known = refused.code.is_some_and(|code| REFUSED.contains(&code));
            assert!(known, "{kind:?}: {refused:?}");
            assert_eq!(said.lines().count(), 1, "{kind:?}: {said}");
            assert!(shows_a_way_out(said), "{kind:?}: {said}");
            let after = fs::read(data.join("hub.db")).unwrap();
            assert!(after == before, "{kind:?}: it was changed");
            return 1;
        }
    };
    assert!(!kind.leaves_nothing(), "{kind:?}: it serves");
    let mut checked = 1;
    for session in accounts.iter().flat_map(|account| &account.sessions) {
        for answer in used(
            server.address,
            session.last_refresh(),
            session.last_access(),
        )
        .await
        {
            let is_known = [200, 401].contains(&answer.status) || answer.is_refusal();
            assert!(is_known, "{kind:?}: {answer:?}");
            let is_lost = session.end == End::Answered && answer.status == 200;
            assert!(!is_lost || kind.may_forget(), "{kind:?}: {answer}");
            let is_kept = session.end != End::NotAsked || answer.status == 200;
            assert!(is_kept || kind != Damage::Index, "{kind:?}: {answer}");
            checked += 1;
        }
    }
    assert!(server.has_ended().is_none(), "{kind:?}: {}", server.log());
    if !kind.may_hide() {
        let findings = auditor::whole(data.join("hub.db")).await;
        assert_eq!(findings.violations, [""; 0], "{kind:?}");
    }
    checked
}

/// What to do, in a line that does not only say that something is wrong.
fn shows_a_way_out(said: &str) -> bool {
    ["restore", "backup", "move it away"]
        .iter()
        .any(|words| said.contains(words))
}

async fn used(address: SocketAddr, refresh: &str, access: &str) -> [Answer; 2] {
    let body = refresh_body(refresh);
    [
        ask(address, "GET /api/auth/validate", Some(access), "").await,
        ask(address, "POST /api/auth/refresh", None, &body).await,
    ]
}

#[test]
fn once_a_running_server_has_met_damage_it_is_not_ready_and_lets_nobody_in() {
    let row = Row::begin(
        "corruption-at-work",
        "damaged files under a running server",
        "every page but the first is spoiled in place",
    );
    let cases = rows::rounds(CASES_AT_WORK, LONG_CASES_AT_WORK);
    let checked = stage::in_turn(async {
        let mut chance = Chance::new(rows::seed());
        let directory = stage::in_memory();
        let (whole, accounts) = worked(&directory).await;
        let mut checked = 0;
        for case in 0..cases {
            let data = directory.path().join(format!("case{case}"));
            copy(&whole, &data);
            checked += spoiled(&data, &accounts, &mut chance).await;
            fs::remove_dir_all(&data).unwrap();
        }
        checked
    });
    row.tell(Figures {
        rounds: cases,
        checked,
        violations: 0,
    });
}

async fn spoiled(data: &Path, accounts: &[Account], chance: &mut Chance) -> u64 {
    let launch = Launch::on(data).cheap_hashing();
    // What was in the log goes into the database.
    let mut server = launch.start();
    assert!(server.terminate());
    server.ended(PATIENCE).await;
    let mut server = launch.start();
    let address = server.address;
    damage::spoil_all_pages(data, chance);
    let sessions: Vec<_> = accounts
        .iter()
        .flat_map(|account| &account.sessions)
        .collect();
    let mut noticed = false;
    let mut checked = 0;
    for number in 0..MOST_UNNOTICED {
        let session = sessions[number % sessions.len()];
        for answer in used(address, session.last_refresh(), session.last_access()).await {
            checked += 1;
            noticed |= answer.status >= 500;
            assert!(
                answer.is_refusal() || (!noticed && [200, 401].contains(&answer.status)),
                "{answer:?}"
            );
        }
        if noticed {
            break;
        }
    }
    assert!(noticed, "nobody has met a spoiled page");
    let ready = ask(address, "GET /readyz", None, "").await;
    assert_eq!(ready.status, 503, "{ready}");
    for session in sessions {
        for answer in used(address, session.last_refresh(), session.last_access()).await {
            // A refresh has a failure of its own in the contract.
            assert!(answer.is_refusal(), "{answer}");
            checked += 1;
        }
    }
    let alive = ask(address, "GET /healthz", None, "").await;
    assert_eq!(alive.status, 200, "{alive}");
    server.kill();
    let refused = launch.try_start().err().expect("it is damaged");
    assert!(shows_a_way_out(&refused.said), "{refused:?}");
    checked + 2
}
