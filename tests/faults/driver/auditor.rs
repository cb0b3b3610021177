//! After a crash: whether the database holds everything that was answered, and nothing that nobody asked for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hub::features::sessions::lineage::KEPT_EVENTS;
use hub::store::audit::{self, Chain};
use hub::store::{Mode, Store};
use rusqlite::{Connection, OpenFlags};

use crate::driver::chance::Chance;
use crate::driver::journal::{Account, End, Session};
use crate::driver::replay::{self, Depth};
use crate::driver::server::Server;

/// What an audit found.
#[derive(Default)]
pub struct Findings {
    /// Answers, and tokens presented anew, that were compared with the database or the server.
    pub checked: u64,
    pub violations: Vec<String>,
    /// Rotations that took place though their answer was lost: the client asked again and got it.
    pub asked_again: u64,
}

impl Findings {
    pub fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations.push(otherwise());
        }
    }

    pub fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.violations.extend(other.violations);
        self.asked_again += other.asked_again;
    }
}

/// A session's row and what belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub generation: i64,
    pub retries: i64,
    pub ended: bool,
    rotated_at: i64,
    lineage_length: i64,
    rotate_events: i64,
}

/// Audits one database, as often as it meets a fault.
pub struct Auditor {
    database: PathBuf,
    /// What the last audit saw.
    before: HashMap<i64, Row>,
}

impl Auditor {
    pub fn of(data: &Path) -> Self {
        Self {
            database: data.join("hub.db"),
            before: HashMap::new(),
        }
    }

    /// Compares the books with the database, then with what the restarted server says.
    pub async fn audit(
        &mut self,
        server: &Server,
        accounts: Vec<Account>,
        depth: Depth,
        chance: &mut Chance,
    ) -> (Vec<Account>, Findings) {
        let mut findings = Findings::default();
        let accounts: Vec<Account> = accounts.into_iter().map(Account::read_anew).collect();
        let rows = rows(&self.database);
        for (id, row) in &rows {
            findings.expect(is_told_by_its_lineage(row), || {
                format!("the lineage of {id:016x} does not tell its rotations: {row:?}")
            });
            if let Some(before) = self.before.get(id) {
                findings.expect(goes_on(before, row), || {
                    format!("{id:016x} went back from {before:?} to {row:?}")
                });
            }
        }
        let locked_out = locked_out(&self.database);
        for account in &accounts {
            let found = locked_out.get(&account.name);
            let known = account.locked_out;
            findings.expect(known.is_none_or(|out| found == Some(&out)), || {
                format!(
                    "{} is locked out: {found:?}, answered: {known:?}",
                    account.name
                )
            });
            for session in &account.sessions {
                compare(session, rows.get(&session.row()), &mut findings);
            }
        }
        self.before.clone_from(&rows);
        let replayed = replay::all(server.address, accounts, rows, depth, chance).await;
        findings.add(replayed.1);
        findings.add(whole(self.database.clone()).await);
        let mut accounts = replayed.0;
        for account in &mut accounts {
            account.begin_book();
        }
        (accounts, findings)
    }
}

/// Neither generation nor time ever go down, and nothing that has ended lives again.
fn goes_on(before: &Row, now: &Row) -> bool {
    let same = now.generation == before.generation && now.rotated_at == before.rotated_at;
    let later = now.generation > before.generation;
    (same || later) && (now.ended || !before.ended)
}

fn compare(session: &Session, row: Option<&Row>, findings: &mut Findings) {
    let Some(row) = row else {
        findings.expect(false, || format!("session {} is lost", session.id));
        return;
    };
    let answered = session.generation();
    let possible = answered + i64::from(session.rotating);
    // Each answer is one thing that could have been lost.
    findings.checked += session.refresh.len() as u64;
    findings.expect(row.generation >= answered, || {
        format!("an answered rotation is lost: {answered} were answered, {row:?}")
    });
    findings.expect(row.generation <= possible, || {
        format!("a rotation that nobody asked for: {possible} at most, {row:?}")
    });
    findings.expect(row.ended || session.end != End::Answered, || {
        format!(
            "an answered ending is lost: session {}, {row:?}",
            session.id
        )
    });
    findings.expect(!row.ended || session.end != End::NotAsked, || {
        format!("an ending that nobody asked for: {}, {row:?}", session.id)
    });
}

fn is_told_by_its_lineage(row: &Row) -> bool {
    row.lineage_length >= KEPT_EVENTS || row.rotate_events == row.generation - 1
}

/// Opens the database beside the server, as a stranger would.
#[expect(
    clippy::disallowed_methods,
    reason = "the audit must not rest on the code that it audits"
)]
pub fn open(database: &Path, access: OpenFlags) -> Connection {
    Connection::open_with_flags(database, access).unwrap()
}

fn rows(database: &Path) -> HashMap<i64, Row> {
    let connection = open(database, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let mut statement = connection
        .prepare(
            "SELECT s.id, s.generation, s.retries, s.ended_at IS NOT NULL, s.rotated_at, s.lineage_length,
                    (SELECT count(*)
                     FROM lineage l
                     WHERE l.session_id = s.id AND l.kind = 'rotate')
             FROM sessions s",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let found = Row {
            generation: row.get(1)?,
            retries: row.get(2)?,
            ended: row.get(3)?,
            rotated_at: row.get(4)?,
            lineage_length: row.get(5)?,
            rotate_events: row.get(6)?,
        };
        Ok((row.get(0)?, found))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn locked_out(database: &Path) -> HashMap<String, bool> {
    let connection = open(database, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let mut statement = connection
        .prepare("SELECT username, is_active = 0 FROM users")
        .unwrap();
    let users = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    users.unwrap().map(Result::unwrap).collect()
}

/// SQLite's own checks and the audit's chain.
pub async fn whole(database: PathBuf) -> Findings {
    // The store has a thread of its own to wait for.
    let checked = tokio::task::spawn_blocking(move || {
        let mut findings = Findings::default();
        let connection = open(&database, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let integrity: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        findings.expect(integrity == "ok", || format!("integrity: {integrity}"));
        let mut foreign = connection.prepare("PRAGMA foreign_key_check").unwrap();
        findings.expect(!foreign.exists([]).unwrap(), || {
            "a foreign key leads nowhere".to_owned()
        });
        let store = Store::open(&database, Mode::CommandLine).unwrap();
        let chain = store.read(audit::verify).unwrap();
        findings.expect(matches!(chain, Chain::Whole { .. }), || {
            format!("the audit's chain: {chain:?}")
        });
        findings
    });
    checked.await.unwrap()
}
