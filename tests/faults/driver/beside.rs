//! The command line beside the running server: people who are locked out and let in again, and whose sessions are all ended at once.

use std::io;
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::driver::chance::Chance;
use crate::driver::journal::Account;
use crate::driver::load::{self, Progress, Told};
use crate::driver::server::{self, Launch};
use crate::driver::stage::{PASSWORD, refresh_body, sign_in_body};
use crate::driver::talk::Connection;

/// Live sessions before an administrator comes.
const SESSIONS: usize = 2;
/// Refreshes of a session before that.
const REFRESHES: u64 = 6;
/// How often a command is asked whether it is done.
const ASK_EVERY: Duration = Duration::from_millis(2);
/// A command that lasts longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The commands that run at present: when the power goes they stop with the server.
pub struct Commands {
    launch: Launch,
    /// `None` once the power has gone.
    running: Mutex<Option<Vec<Child>>>,
}

impl Commands {
    pub fn beside(launch: &Launch) -> Arc<Self> {
        Arc::new(Self {
            launch: launch.clone(),
            running: Mutex::new(Some(Vec::new())),
        })
    }

    /// Starts `hub …`; its process id. Once the power has gone there is nothing to start it on.
    fn start(&self, words: &[&str]) -> Option<u32> {
        let mut running = self.running.lock().unwrap();
        let running = running.as_mut()?;
        let mut command = self.launch.hub();
        command.args(words).stdout(Stdio::null());
        running.push(command.stderr(Stdio::null()).spawn().unwrap());
        running.last().map(Child::id)
    }

    /// Whether it is done, and well.
    fn ended(&self, pid: u32) -> Option<bool> {
        let mut running = self.running.lock().unwrap();
        let Some(running) = running.as_mut() else {
            return Some(false);
        };
        let place = running.iter().position(|child| child.id() == pid)?;
        running[place].try_wait().unwrap()?;
        let status = running.remove(place).wait().unwrap();
        Some(status.success())
    }

    /// Stops all of them where they are, for good. Whoever has not been answered by now will not be.
    pub fn stop(&self) -> Vec<Child> {
        let stopped = self.running.lock().unwrap().take().unwrap_or_default();
        for child in &stopped {
            server::stop(child.id());
        }
        stopped
    }
}

/// Ends what was stopped.
pub fn kill(stopped: Vec<Child>) {
    for mut child in stopped {
        // One that had ended before it was stopped has nothing left to be killed.
        let _ended = child.kill();
        let _status = child.wait();
    }
}

/// Everybody at once, until the server is gone.
pub fn spawn(
    clients: &mut JoinSet<(Account, Told)>,
    address: SocketAddr,
    accounts: Vec<Account>,
    commands: &Arc<Commands>,
    progress: &Progress,
    chance: &mut Chance,
) {
    for account in accounts {
        let mut lodger = Lodger {
            account,
            commands: Arc::clone(commands),
            progress: progress.clone(),
            chance: chance.branch(),
            told: Told::default(),
        };
        clients.spawn(async move {
            if let Ok(mut connection) = Connection::dial(address).await {
                for _ in 0..load::WITHOUT_END {
                    let round = lodger.round(&mut connection).await;
                    if round.is_err() || !lodger.told.odd.is_empty() {
                        break;
                    }
                }
            }
            (lodger.account, lodger.told)
        });
    }
}

struct Lodger {
    account: Account,
    commands: Arc<Commands>,
    progress: Progress,
    chance: Chance,
    told: Told,
}

impl Lodger {
    async fn round(&mut self, connection: &mut Connection) -> io::Result<()> {
        if self.account.locked_out != Some(false) {
            self.let_in(connection).await?;
        }
        while self.account.living().len() < SESSIONS {
            let body = sign_in_body(&self.account.name, PASSWORD);
            let line = "POST /api/auth/login";
            let answer = connection.ask(line, None, Some(&body)).await?;
            if answer.status != 200 {
                self.told.odd.push(format!("{line}: {answer}"));
                return Ok(());
            }
            self.account.signed_in(&answer);
        }
        for _ in 0..self.chance.below(REFRESHES) {
            self.refresh_one(connection, false).await?;
        }
        self.end_all(connection).await
    }

    /// While they are being ended a session may be refused already.
    async fn refresh_one(
        &mut self,
        connection: &mut Connection,
        being_ended: bool,
    ) -> io::Result<()> {
        let all = self.account.sessions.len();
        let place = all - SESSIONS + self.chance.place(SESSIONS);
        self.account.rotating(place);
        let body = refresh_body(self.account.sessions[place].last_refresh());
        let line = "POST /api/auth/refresh";
        let answer = connection.ask(line, None, Some(&body)).await?;
        match answer.status {
            200 => self.told.refreshes += u64::from(self.account.rotated(place, &answer)),
            401 if being_ended => {}
            _ => self.told.odd.push(format!("{line}: {answer}")),
        }
        Ok(())
    }

    /// An administrator locks them out, or ends all their sessions.
    async fn end_all(&mut self, connection: &mut Connection) -> io::Result<()> {
        let places = self.account.living();
        let name = self.account.name.clone();
        let locks = self.chance.below(2) == 0;
        self.account.ending(&places);
        let words = if locks {
            self.account.locking();
            vec!["user", "disable", &name]
        } else {
            vec!["session", "revoke", "--user", &name, "--yes"]
        };
        // They go on working while it happens.
        self.done(connection, &words, true).await?;
        self.account.ended(&places);
        self.told.endings += places.len() as u64;
        self.progress.ended();
        if locks {
            self.account.locked(true);
        }
        self.nothing_opens(connection, &places).await?;
        if locks {
            self.let_in(connection).await?;
        }
        Ok(())
    }

    async fn let_in(&mut self, connection: &mut Connection) -> io::Result<()> {
        let name = self.account.name.clone();
        self.account.locking();
        self.done(connection, &["user", "enable", &name], false)
            .await?;
        self.account.locked(false);
        Ok(())
    }

    /// Waits for a command; an error if nobody knows whether it was done.
    async fn done(
        &mut self,
        connection: &mut Connection,
        words: &[&str],
        meanwhile: bool,
    ) -> io::Result<()> {
        let begun = Instant::now();
        let pid = self.commands.start(words).ok_or(io::ErrorKind::Other)?;
        let mut reached = Ok(());
        loop {
            if let Some(well) = self.commands.ended(pid) {
                return reached.and(well.then_some(()).ok_or(io::ErrorKind::Other.into()));
            }
            assert!(begun.elapsed() < PATIENCE, "{words:?} does not end");
            if meanwhile && reached.is_ok() {
                reached = self.refresh_one(connection, true).await;
            } else {
                sleep(ASK_EVERY).await;
            }
        }
    }

    /// Once the end is answered, whatever begins later is refused on every route.
    async fn nothing_opens(
        &mut self,
        connection: &mut Connection,
        places: &[usize],
    ) -> io::Result<()> {
        for place in places {
            let session = &self.account.sessions[*place];
            let body = refresh_body(session.last_refresh());
            let line = "POST /api/auth/refresh";
            let refreshed = connection.ask(line, None, Some(&body)).await?.status;
            let mut statuses = vec![refreshed];
            for line in [
                "GET /api/auth/validate",
                "GET /api/auth/me",
                "GET /api/auth/sessions",
            ] {
                let access = Some(session.last_access());
                statuses.push(connection.ask(line, access, None).await?.status);
            }
            if statuses != [401; 4] {
                let id = &session.id;
                self.told
                    .odd
                    .push(format!("session {id} was ended and opens: {statuses:?}"));
            }
        }
        Ok(())
    }
}
