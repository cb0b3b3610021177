//! After a crash: whether the database holds everything that was answered, and nothing that nobody asked for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hub::features::sessions::lineage::KEPT_EVENTS;
use hub::store::audit::{self, Chain};
use hub::store::{Mode, Store};
use rusqlite::{Connection, OpenFlags};

use super::chance::Chance;
use super::journal::{Account, End, Session};
use super::replay::{self, Depth};
use super::server::Server;

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
    lineage_length: i64,
    rotate_events: i64,
}

/// Compares the journal with the database, then with what the restarted server says.
pub async fn audit(
    server: &Server,
    database: &Path,
    accounts: Vec<Account>,
    depth: Depth,
    chance: &mut Chance,
) -> (Vec<Account>, Findings) {
    let mut findings = Findings::default();
    let rows = rows(database);
    for (id, row) in &rows {
        findings.expect(is_told_by_its_lineage(row), || {
            format!("the lineage of {id:016x} does not tell its rotations: {row:?}")
        });
    }
    for session in accounts.iter().flat_map(|account| &account.sessions) {
        compare(session, rows.get(&session.row()), &mut findings);
    }
    let replayed = replay::all(server.address, accounts, rows, depth, chance).await;
    findings.add(replayed.1);
    findings.add(whole(database.to_owned()).await);
    (replayed.0, findings)
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
            "SELECT s.id, s.generation, s.retries, s.ended_at IS NOT NULL, s.lineage_length,
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
            lineage_length: row.get(4)?,
            rotate_events: row.get(5)?,
        };
        Ok((row.get(0)?, found))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// SQLite's own checks and the audit's chain.
async fn whole(database: PathBuf) -> Findings {
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
