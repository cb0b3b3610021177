//! Clients that sign in, refresh, sign out and end sessions, each asking for the next thing when the last is answered and written down.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::driver::chance::Chance;
use crate::driver::journal::{Account, End};
use crate::driver::stage::{self, PASSWORD, refresh_body, sign_in_body};
use crate::driver::talk::{Answer, Connection, PATIENCE};

/// Live sessions that a client keeps.
const SESSIONS: usize = 3;
/// How often somebody looks how far the clients are.
const ASK_EVERY: Duration = Duration::from_millis(5);
/// More than any server answers before its end.
pub const WITHOUT_END: usize = 100_000;

/// What a client may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Everything works until the connection breaks.
    Fair,
    /// The server may refuse, in the words for it: then nobody knows what happened, and the client asks again.
    Foul,
}

/// What became of a client's requests.
#[derive(Default)]
pub struct Told {
    /// Refreshes that were answered with 200.
    pub refreshes: u64,
    /// Endings that were answered with 200.
    pub endings: u64,
    /// Requests that were refused in foul weather.
    pub refused: u64,
    /// Connections that broke, with an answer on its way or not.
    pub broken: u64,
    /// Answers that no client of a healthy server gets.
    pub odd: Vec<String>,
}

impl Told {
    pub fn add(&mut self, other: Self) {
        self.refreshes += other.refreshes;
        self.endings += other.endings;
        self.refused += other.refused;
        self.broken += other.broken;
        self.odd.extend(other.odd);
    }

    /// All answers that could have been lost.
    pub fn answers(&self) -> u64 {
        self.refreshes + self.endings
    }
}

/// How far everybody together has come, for whoever waits for the moment of a fault. Cheap to clone.
#[derive(Clone, Default)]
pub struct Progress(Arc<(AtomicU64, AtomicU64)>);

impl Progress {
    pub fn refreshed(&self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn ended(&self) {
        self.0.1.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until so many refreshes, and an ending, were answered: on a machine that has other work that takes longer.
    pub async fn reaches(&self, refreshes: u64) {
        let begun = Instant::now();
        while self.0.0.load(Ordering::Relaxed) < refreshes || self.0.1.load(Ordering::Relaxed) == 0
        {
            assert!(begun.elapsed() < PATIENCE, "nobody gets anywhere");
            sleep(ASK_EVERY).await;
        }
    }
}

/// The people of a run, each with a client of their own.
pub async fn people(address: SocketAddr, names: &str, many: usize, books: &Path) -> Vec<Account> {
    let mut accounts = Vec::new();
    for number in 1..=many {
        let account = Account::new(&format!("{names}{number}"), books);
        let answer = stage::register(address, &account.name).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        accounts.push(account);
    }
    accounts
}

/// Everybody at work at once, each for so many requests; what they know afterwards.
pub async fn all(
    address: SocketAddr,
    accounts: Vec<Account>,
    requests: usize,
    weather: Weather,
    chance: &mut Chance,
) -> (Vec<Account>, Told) {
    let mut clients = JoinSet::new();
    for account in accounts {
        let (chance, progress) = (chance.branch(), Progress::default());
        clients.spawn(run(address, account, chance, requests, weather, progress));
    }
    gather(clients).await
}

/// Waits for all of them.
pub async fn gather(mut clients: JoinSet<(Account, Told)>) -> (Vec<Account>, Told) {
    let (mut accounts, mut told) = (Vec::new(), Told::default());
    while let Some(client) = clients.join_next().await {
        let (account, answered) = client.unwrap();
        accounts.push(account);
        told.add(answered);
    }
    // The same chance makes the same choices only if everybody has their place.
    accounts.sort_by(|one, other| one.name.cmp(&other.name));
    (accounts, told)
}

/// One client: until its requests are done, the server is gone, or an answer is odd.
pub async fn run(
    address: SocketAddr,
    account: Account,
    chance: Chance,
    requests: usize,
    weather: Weather,
    progress: Progress,
) -> (Account, Told) {
    let mut client = Client {
        account,
        chance,
        weather,
        progress,
        told: Told::default(),
    };
    let mut connection = Connection::dial(address).await;
    for _ in 0..requests {
        let Ok(open) = &mut connection else { break };
        let step = client.step(open).await;
        if !client.told.odd.is_empty() {
            break;
        }
        if step.is_err() {
            client.told.broken += 1;
            if weather == Weather::Fair {
                break;
            }
            connection = Connection::dial(address).await;
        }
    }
    (client.account, client.told)
}

struct Client {
    account: Account,
    chance: Chance,
    weather: Weather,
    progress: Progress,
    told: Told,
}

impl Client {
    async fn step(&mut self, connection: &mut Connection) -> io::Result<()> {
        let usable = self.usable();
        if usable.len() < SESSIONS {
            return self.sign_in(connection).await;
        }
        let first = usable[self.chance.place(usable.len())];
        let bearer = self.account.sessions[first].last_access().to_owned();
        let (line, ends) = match self.chance.below(200) {
            0..=2 => ("POST /api/auth/logout".to_owned(), vec![first]),
            3..=5 => {
                let other = usable[self.chance.place(usable.len())];
                let id = &self.account.sessions[other].id;
                (format!("DELETE /api/auth/sessions/{id}"), vec![other])
            }
            6 => {
                let all = self.account.living();
                ("POST /api/auth/logout-all".to_owned(), all)
            }
            _ => return self.refresh(connection, first).await,
        };
        self.account.ending(&ends);
        let answer = connection.ask(&line, Some(&bearer), None).await?;
        if self.is_done(&line, &answer) {
            self.account.ended(&ends);
            self.told.endings += ends.len() as u64;
            self.progress.ended();
        }
        Ok(())
    }

    /// Those to go on with. In foul weather also those whose last refresh was refused: it is asked for again.
    fn usable(&self) -> Vec<usize> {
        let mut living = self.account.living();
        let sessions = &self.account.sessions;
        living.retain(|place| self.weather == Weather::Foul || !sessions[*place].rotating);
        living
    }

    async fn sign_in(&mut self, connection: &mut Connection) -> io::Result<()> {
        let body = sign_in_body(&self.account.name, PASSWORD);
        let line = "POST /api/auth/login";
        let answer = connection.ask(line, None, Some(&body)).await?;
        if self.is_done(line, &answer) {
            self.account.signed_in(&answer);
        }
        Ok(())
    }

    async fn refresh(&mut self, connection: &mut Connection, place: usize) -> io::Result<()> {
        self.account.rotating(place);
        let body = refresh_body(self.account.sessions[place].last_refresh());
        let line = "POST /api/auth/refresh";
        let answer = connection.ask(line, None, Some(&body)).await?;
        if self.is_done(line, &answer) {
            // What settled is answered, but nothing that a crash could lose.
            let anew = self.account.rotated(place, &answer);
            self.told.refreshes += u64::from(anew);
            if anew {
                self.progress.refreshed();
            }
        }
        Ok(())
    }

    fn is_done(&mut self, line: &str, answer: &Answer) -> bool {
        if answer.status == 200 {
            return true;
        }
        if self.weather == Weather::Foul && answer.is_refusal() {
            self.told.refused += 1;
        } else {
            self.told.odd.push(format!("{line}: {answer}"));
        }
        false
    }
}

/// The sessions that may still be used, for whoever asks beside the clients.
pub fn anyone_alive(accounts: &[Account]) -> Option<(usize, usize)> {
    accounts.iter().enumerate().find_map(|(person, account)| {
        let alive = |place: &usize| {
            let session = &account.sessions[*place];
            session.end == End::NotAsked && !session.rotating
        };
        Some((person, account.living().into_iter().find(alive)?))
    })
}
