//! A server behind the library that makes calls fail: the first of a kind, then the second, until none is left to fail.

use std::process::ExitStatus;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::driver::auditor::{Auditor, Findings};
use crate::driver::chance::Chance;
use crate::driver::journal::Account;
use crate::driver::load::{self, Told, Weather};
use crate::driver::probe::Probe;
use crate::driver::replay::Depth;
use crate::driver::rows;
use crate::driver::server::{Launch, Refused, Server};
use crate::driver::shim::{Call, Failure, Of, Shim};
use crate::driver::stage;
use crate::driver::talk::Connection;

const CLIENTS: usize = 4;
/// Requests of each client while calls fail: a dozen commits or more. And where a checkpoint must come: after 1,000 pages of the log.
pub const REQUESTS: usize = 6;
pub const REQUESTS_TO_A_CHECKPOINT: usize = 200;
/// Longer than every loop: a call that is still reached then is reached without end.
const MAX_CALLS: i64 = 20_000;
/// No end in sight.
const LASTING: i64 = i64::MAX;
/// Until it is ready again once calls work.
const MAX_HEALING: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(10);
/// How long an orderly end may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// What a server may refuse to start with.
const KNOWN_CODES: [i32; 7] = [1, 69, 71, 73, 75, 77, 78];

/// When calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Under load; with so many requests a client.
    AtWork(usize),
    /// From the first call of the process on, and then under load.
    FromTheStart,
    /// After TERM.
    AtTheEnd,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    Once,
    Twice,
    Ever,
}

/// When, which, of which file, how, and for how long.
pub type Fault = (When, Call, Of, Failure, Lasts);

/// A server behind the library, its clients, and what was found so far.
pub struct Stand {
    _directory: TempDir,
    shim: Shim,
    launch: Launch,
    server: Server,
    auditor: Auditor,
    chance: Chance,
    accounts: Vec<Account>,
    /// Of somebody who only looks.
    access: String,
    pub told: Told,
    pub findings: Findings,
    pub rounds: u64,
}

impl Stand {
    pub async fn new(seed: u64) -> Self {
        // The disk is not what fails here.
        let directory = stage::in_memory();
        let data = directory.path().join("data");
        let shim = Shim::new(directory.path());
        let launch = shim.before(Launch::on(&data).cheap_hashing());
        let server = launch.start();
        let accounts = load::people(server.address, "client", CLIENTS, directory.path()).await;
        let looks = stage::register(server.address, "onlooker").await;
        Self {
            auditor: Auditor::of(&data),
            chance: Chance::new(seed),
            access: looks.text("access_token"),
            told: Told::default(),
            findings: Findings::default(),
            rounds: 0,
            _directory: directory,
            shim,
            launch,
            server,
            accounts,
        }
    }

    /// The first call fails, then the second …; in the short run, and up to a checkpoint, with growing steps.
    pub async fn until_none_is_reached(&mut self, fault: Fault) {
        let to_a_checkpoint = fault.0 == When::AtWork(REQUESTS_TO_A_CHECKPOINT);
        if to_a_checkpoint && !rows::is_long() {
            // The end of the process makes one, too.
            return;
        }
        let each = rows::is_long() && !to_a_checkpoint;
        let mut number = 1;
        while self.is_reached(fault, number).await {
            self.rounds += 1;
            number += if each { 1 } else { 1 + number };
            assert!(number < MAX_CALLS, "{fault:?} has no end");
        }
        assert!(number > 1, "{fault:?}: there was no such call");
        let Self { server, .. } = self;
        assert!(server.has_ended().is_none(), "{fault:?}: {}", server.log());
    }

    /// Whether there were so many calls, and one failed.
    async fn is_reached(&mut self, fault: Fault, number: i64) -> bool {
        let (when, call, of, how, lasts) = fault;
        let to = match lasts {
            Lasts::Once => number,
            Lasts::Twice => number + 1,
            Lasts::Ever => LASTING,
        };
        let arm = |stand: &Self| stand.shim.fail(call, of, how, number, to);
        match when {
            When::AtWork(requests) => {
                arm(self);
                self.work(requests, lasts != Lasts::Ever).await;
                let reached = self.shim.failed() > 0;
                if reached && lasts == Lasts::Ever {
                    self.lasting(call).await;
                }
                self.shim.disarm();
                self.heals(fault).await;
                reached
            }
            When::FromTheStart => {
                self.server.kill();
                arm(self);
                match self.launch.try_start() {
                    Ok(server) => {
                        self.server = server;
                        self.work(REQUESTS, false).await;
                        let reached = self.shim.failed() > 0;
                        self.shim.disarm();
                        self.heals(fault).await;
                        reached
                    }
                    Err(refused) => {
                        self.shim.disarm();
                        self.is_refused_well(&refused, fault);
                        self.server = self.launch.start();
                        true
                    }
                }
            }
            When::AtTheEnd => {
                self.work(REQUESTS, false).await;
                arm(self);
                assert!(self.server.terminate());
                self.server.ended(PATIENCE).await;
                let reached = self.shim.failed() > 0;
                self.shim.disarm();
                self.server = self.launch.start();
                reached
            }
        }
    }

    /// Everybody at work; and somebody who only looks must notice nothing, unless more than writes may fail.
    async fn work(&mut self, requests: usize, reads_work: bool) {
        let address = self.server.address;
        let probe = reads_work.then(|| Probe::begin(address, self.access.clone()));
        let accounts = std::mem::take(&mut self.accounts);
        let weather = Weather::Foul;
        let done = load::all(address, accounts, requests, weather, &mut self.chance).await;
        self.accounts = done.0;
        self.told.add(done.1);
        if let Some(probe) = probe {
            let noticed = probe.end().await;
            self.findings.checked += noticed.answered();
            self.findings.expect(noticed.odd.is_empty(), || {
                format!("reads failed with the writes: {:?}", noticed.odd)
            });
        }
    }

    /// While it lasts: not ready, and reads work; but the third failed sync in a row ends the process.
    async fn lasting(&mut self, call: Call) {
        let address = self.server.address;
        if call == Call::Sync {
            let status = self.ends().await;
            self.findings.expect(!status.success(), || {
                format!("syncs failed and it ended with {status}")
            });
            return;
        }
        let ready = stage::ask(address, "GET /readyz", None, "").await;
        self.findings
            .expect(ready.status == 503, || format!("ready: {ready}"));
        let line = "GET /api/auth/validate";
        let valid = stage::ask(address, line, Some(&self.access), "").await;
        self.findings
            .expect(valid.status == 200, || format!("{line}: {valid}"));
    }

    /// Calls work again: so does the server, without a restart unless syncs were why.
    async fn heals(&mut self, fault: Fault) {
        let begun = Instant::now();
        if let Some(status) = self.server.has_ended() {
            let (_, call, of, _, lasts) = fault;
            let may = call == Call::Sync && (lasts == Lasts::Ever || of == Of::Database);
            let log = self.server.log();
            self.findings
                .expect(may, || format!("{fault:?}: it ended with {status}: {log}"));
            self.server = self.launch.start();
            return;
        }
        while !self.is_ready().await {
            if fault.1 == Call::Read {
                // A page that cannot be read is damage, for SQLite and so for the Hub: it believes this file no more until it is started anew.
                let log = self.server.log();
                self.findings
                    .expect(log.contains("is damaged"), || format!("{fault:?}: {log}"));
                self.server.kill();
                self.server = self.launch.start();
                return;
            }
            if begun.elapsed() > MAX_HEALING {
                let log = self.server.log();
                self.findings
                    .expect(false, || format!("{fault:?}: it does not heal: {log}"));
                self.server.kill();
                self.server = self.launch.start();
                return;
            }
            sleep(ASK_EVERY).await;
        }
    }

    /// Asks for writes until it has ended: the load may have met fewer failed syncs than that takes.
    async fn ends(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.server.has_ended() {
                return status;
            }
            let log = self.server.log();
            assert!(begun.elapsed() < PATIENCE, "it does not end: {log}");
            // It may end meanwhile.
            if let Ok(mut connection) = Connection::dial(self.server.address).await {
                let _refused = connection.ask("GET /readyz", None, None).await;
            }
            sleep(ASK_EVERY).await;
        }
    }

    async fn is_ready(&self) -> bool {
        let ready = stage::ask(self.server.address, "GET /readyz", None, "").await;
        ready.status == 200
    }

    fn is_refused_well(&mut self, refused: &Refused, fault: Fault) {
        let known = refused.code.is_some_and(|code| KNOWN_CODES.contains(&code));
        let last = refused.said.lines().last().unwrap_or_default();
        let well = known && last.starts_with("hub: ") && !last.contains("a fault of its own");
        self.findings.expect(well, || {
            format!("{fault:?}: a start was refused with {refused:?}")
        });
    }

    /// After a kill: every answer is there.
    pub async fn audit(&mut self) {
        self.server.kill();
        self.server = self.launch.start();
        let accounts = std::mem::take(&mut self.accounts);
        let depth = Depth::Half;
        let audited = self
            .auditor
            .audit(&self.server, accounts, depth, &mut self.chance);
        let (accounts, findings) = audited.await;
        self.accounts = accounts;
        self.findings.add(findings);
    }
}
