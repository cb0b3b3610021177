//! Clients that are gone before their answer comes: they ask again, and get what the first answer carried.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rusqlite::OpenFlags;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::driver::auditor::{self, Auditor, Findings};
use crate::driver::chance::Chance;
use crate::driver::journal::Account;
use crate::driver::load;
use crate::driver::replay::Depth;
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage::{self, PASSWORD, refresh_body, sign_in_body};
use crate::driver::talk::{Connection, request};

/// Lost answers of the short run, and of the long one.
const ROUNDS: u64 = 480;
const LONG_ROUNDS: u64 = 10_000;
const PEOPLE: usize = 16;
/// The client is gone after this many milliseconds at most: before, while, or after its request is read.
const GONE_AFTER_MS: u64 = 3;

#[test]
fn whoever_loses_an_answer_and_asks_again_gets_the_same_successor_and_nobody_is_signed_out() {
    let row = Row::begin(
        "lost-answer",
        "answers that never arrive",
        "the client resets its connection 0 to 2 ms after sending a refresh, and asks again",
    );
    let rounds = rows::rounds(ROUNDS, LONG_ROUNDS);
    // One in each session: a retry lets it settle, and it is not rotated again for a while.
    let sessions = usize::try_from(rounds).unwrap().div_ceil(PEOPLE);
    let (findings, lost) = stage::in_turn(async {
        stage::allow_many_connections();
        let directory = stage::in_memory();
        let data = directory.path().join("data");
        let launch = Launch::on(&data).cheap_hashing();
        let mut server = launch.start();
        let mut chance = Chance::new(rows::seed());
        let people = load::people(server.address, "client", PEOPLE, directory.path()).await;
        let mut clients = JoinSet::new();
        for account in people {
            let mut client = Client {
                address: server.address,
                account,
                chance: chance.branch(),
                findings: Findings::default(),
            };
            clients.spawn(async move {
                client.all(sessions).await.unwrap();
                (client.account, client.findings)
            });
        }
        let (mut accounts, mut findings) = (Vec::new(), Findings::default());
        while let Some(client) = clients.join_next().await {
            let (account, found) = client.unwrap();
            accounts.push(account);
            findings.add(found);
        }
        server.kill();
        let lost = retries(&data) - i64::try_from(sessions * PEOPLE).unwrap();
        let server = launch.start();
        let mut auditor = Auditor::of(&data);
        let audited = auditor.audit(&server, accounts, Depth::Half, &mut chance);
        let (_, found) = audited.await;
        findings.add(found);
        (findings, lost)
    });
    eprintln!("lost-answer: {lost} rotations took place whose answer was lost");
    row.tell(Figures {
        rounds: (sessions * PEOPLE) as u64,
        checked: findings.checked,
        violations: findings.violations.len(),
    });
    assert_eq!(findings.violations, [""; 0]);
    assert!(lost > 0, "no rotation lost its answer");
}

/// One in each session is the second of those that were answered; each other one is the first of them, after a rotation whose answer was lost.
fn retries(data: &Path) -> i64 {
    let connection = auditor::open(&data.join("hub.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let sql = "SELECT count(*) FROM lineage WHERE kind = 'retry'";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

struct Client {
    address: SocketAddr,
    account: Account,
    chance: Chance,
    findings: Findings,
}

impl Client {
    async fn all(&mut self, sessions: usize) -> io::Result<()> {
        let mut connection = Connection::dial(self.address).await?;
        for place in 0..sessions {
            let body = sign_in_body(&self.account.name, PASSWORD);
            let line = "POST /api/auth/login";
            let answer = connection.ask(line, None, Some(&body)).await?;
            assert_eq!(answer.status, 200, "{answer}");
            self.account.signed_in(&answer);
            self.one(&mut connection, place).await?;
        }
        Ok(())
    }

    async fn one(&mut self, connection: &mut Connection, place: usize) -> io::Result<()> {
        self.account.rotating(place);
        let body = refresh_body(self.account.sessions[place].last_refresh());
        let line = "POST /api/auth/refresh";
        let mut lost = Connection::dial(self.address).await?;
        let bytes = request(self.address, line, None, Some(&body));
        lost.send(bytes.as_bytes()).await?;
        sleep(Duration::from_millis(self.chance.below(GONE_AFTER_MS))).await;
        lost.reset()?;
        let first = connection.ask(line, None, Some(&body)).await?;
        let again = connection.ask(line, None, Some(&body)).await?;
        let same = first.text("refresh_token") == again.text("refresh_token");
        let good = first.status == 200 && again.status == 200 && same;
        self.findings.expect(good, || {
            format!("after a lost answer: {first}, and once more: {again}")
        });
        self.account.rotated(place, &first);
        Ok(())
    }
}
