//! The database's files are taken away, replaced, or copied while they are written.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::driver::auditor;
use crate::driver::chance::Chance;
use crate::driver::journal::Account;
use crate::driver::load::{self, Weather};
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::{Launch, Server};
use crate::driver::stage::{self, ask, refresh_body};

const CLIENTS: usize = 4;
const REQUESTS: usize = 40;
/// A server looks for its file every second, and at every write.
const MAX_UNTIL_ITS_END: Duration = Duration::from_secs(4);
const ASK_EVERY: Duration = Duration::from_millis(20);
/// What a start ends with whose database is gone: `EX_UNAVAILABLE`. And with one that is damaged: `EX_CONFIG`.
const LOST: i32 = 69;
const DAMAGED: i32 = 78;
/// Copies of a database that is written meanwhile.
const COPIES: usize = 5;

/// In words, and how it is done.
type Loss = (&'static str, fn(&Path));

/// What happens to the files under a running server.
const LOSSES: [Loss; 4] = [
    ("hub.db was removed", |data| {
        fs::remove_file(data.join("hub.db")).unwrap();
    }),
    ("hub.db was replaced by a copy of itself", |data| {
        fs::copy(data.join("hub.db"), data.join("copy")).unwrap();
        fs::rename(data.join("copy"), data.join("hub.db")).unwrap();
    }),
    ("hub.db-wal was removed", |data| {
        fs::remove_file(data.join("hub.db-wal")).unwrap();
    }),
    ("the whole directory was moved away", |data| {
        fs::rename(data, data.with_extension("away")).unwrap();
    }),
];

#[test]
fn a_server_whose_files_were_taken_or_replaced_answers_no_write_and_ends() {
    let row = Row::begin(
        "lost-file",
        "the database or its log is removed, replaced or copied",
        "unlink and rename under a running server and a stopped one; cp of the database without its log under load",
    );
    let checked = stage::in_turn(async {
        let mut checked = 0;
        for loss in LOSSES {
            checked += taken_at_work(loss).await;
        }
        checked + gone_at_the_start().await + log_gone_at_the_start().await + copied_hot().await
    });
    row.tell(Figures {
        rounds: (LOSSES.len() + 2 + COPIES) as u64,
        checked,
        violations: 0,
    });
}

async fn worked(launch: &Launch, books: &Path) -> (Server, Vec<Account>) {
    let server = launch.start();
    let mut chance = Chance::new(rows::seed());
    let accounts = load::people(server.address, "client", CLIENTS, books).await;
    let fair = Weather::Fair;
    let (accounts, told) = load::all(server.address, accounts, REQUESTS, fair, &mut chance).await;
    assert_eq!(told.odd, [""; 0]);
    (server, accounts)
}

async fn taken_at_work((loss, happens): Loss) -> u64 {
    let directory = stage::in_memory();
    let data = directory.path().join("data");
    let launch = Launch::on(&data).cheap_hashing();
    let (mut server, accounts) = worked(&launch, directory.path()).await;
    let (person, place) = load::anyone_alive(&accounts).unwrap();
    let session = &accounts[person].sessions[place];
    happens(&data);
    let body = refresh_body(session.last_refresh());
    let answer = ask(server.address, "POST /api/auth/refresh", None, &body).await;
    assert!(answer.is_refusal(), "{loss}, and a write: {answer}");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = server.has_ended() {
            break status;
        }
        assert!(begun.elapsed() < MAX_UNTIL_ITS_END, "{loss}: it goes on");
        sleep(ASK_EVERY).await;
    };
    assert!(!status.success(), "{loss}: it ended with {status}");
    let log = server.log();
    assert!(log.contains("hub.db"), "{loss}: {log}");
    2
}

/// The key tells that there was a database.
async fn gone_at_the_start() -> u64 {
    let directory = stage::in_memory();
    let data = directory.path().join("data");
    let launch = Launch::on(&data).cheap_hashing();
    let (mut server, _) = worked(&launch, directory.path()).await;
    server.kill();
    for name in ["hub.db", "hub.db-wal", "hub.db-shm"] {
        fs::remove_file(data.join(name)).unwrap();
    }
    let refused = launch.try_start().err().expect("its database is lost");
    assert_eq!(refused.code, Some(LOST), "{refused:?}");
    let said = &refused.said;
    assert!(said.contains("hub restore"), "{said}");
    assert!(!data.join("hub.db").exists(), "an empty one in its place");
    1
}

/// What was in the log is gone, and nobody can know it. What is left is whole, and newer tokens open nothing.
async fn log_gone_at_the_start() -> u64 {
    let directory = stage::in_memory();
    let data = directory.path().join("data");
    let launch = Launch::on(&data).cheap_hashing();
    let (mut server, accounts) = worked(&launch, directory.path()).await;
    assert!(server.terminate());
    server.ended(Duration::from_secs(15)).await;
    let mut server = launch.start();
    let mut chance = Chance::new(rows::seed() + 1);
    let fair = Weather::Fair;
    let worked = load::all(server.address, accounts, REQUESTS, fair, &mut chance).await;
    server.kill();
    fs::remove_file(data.join("hub.db-wal")).unwrap();
    match launch.try_start() {
        Ok(server) => is_older_and_whole(&server, &data, &worked.0).await,
        Err(refused) => {
            assert_eq!(refused.code, Some(DAMAGED), "{refused:?}");
            1
        }
    }
}

/// A copy without its log is older, or it is refused.
async fn copied_hot() -> u64 {
    let directory = stage::in_memory();
    let data = directory.path().join("data");
    let launch = Launch::on(&data).cheap_hashing();
    let (server, accounts) = worked(&launch, directory.path()).await;
    let mut chance = Chance::new(rows::seed());
    let address = server.address;
    let many = REQUESTS * COPIES;
    let fair = Weather::Fair;
    let load =
        tokio::spawn(async move { load::all(address, accounts, many, fair, &mut chance).await });
    let mut copies = Vec::new();
    for number in 0..COPIES {
        sleep(ASK_EVERY).await;
        let copy = directory.path().join(format!("copy{number}"));
        fs::create_dir(&copy).unwrap();
        for name in ["hub.db", "secret.key"] {
            fs::copy(data.join(name), copy.join(name)).unwrap();
        }
        copies.push(copy);
    }
    let (accounts, told) = load.await.unwrap();
    assert_eq!(told.odd, [""; 0]);
    let mut checked = 0;
    for copy in copies {
        checked += match Launch::on(&copy).cheap_hashing().try_start() {
            Ok(server) => is_older_and_whole(&server, &copy, &accounts).await,
            Err(refused) => {
                assert_eq!(refused.code, Some(DAMAGED), "{refused:?}");
                1
            }
        };
    }
    checked
}

/// It knows less than was answered, and nothing else: no token is worth more than it was, and nothing is half there.
async fn is_older_and_whole(server: &Server, data: &Path, accounts: &[Account]) -> u64 {
    let mut checked = 1;
    for session in accounts.iter().flat_map(|account| &account.sessions) {
        for token in [session.last_refresh(), &session.refresh[0]] {
            let body = refresh_body(token);
            let answer = ask(server.address, "POST /api/auth/refresh", None, &body).await;
            assert!([200, 401].contains(&answer.status), "{answer}");
            checked += 1;
        }
    }
    let findings = auditor::whole(data.join("hub.db")).await;
    assert_eq!(findings.violations, [""; 0]);
    checked
}
