//! Clients that refresh, sign out and end sessions until their connection breaks.

use std::io;
use std::net::SocketAddr;

use super::chance::Chance;
use super::journal::{Account, End, Session};
use super::stage::{PASSWORD, refresh_body, sign_in_body};
use super::talk::{Answer, Connection};

/// Live sessions that a client keeps.
const SESSIONS: usize = 3;
/// More than any server answers before it is killed.
const MAX_REQUESTS: usize = 100_000;

/// What became of a client's requests.
#[derive(Default)]
pub struct Told {
    /// Refreshes that were answered with 200.
    pub refreshes: u64,
    /// Endings that were answered with 200.
    pub endings: u64,
    /// Answers that no client of a healthy server gets.
    pub odd: Vec<String>,
}

impl Told {
    pub fn add(&mut self, other: Self) {
        self.refreshes += other.refreshes;
        self.endings += other.endings;
        self.odd.extend(other.odd);
    }

    fn is_good(&mut self, what: &str, answer: &Answer) -> bool {
        if answer.status != 200 {
            self.odd.push(format!("{what}: {answer}"));
        }
        answer.status == 200
    }
}

/// Signs in until the client has all the sessions that it keeps.
pub async fn sign_in(connection: &mut Connection, account: &mut Account) -> io::Result<()> {
    while live(account).len() < SESSIONS {
        let body = sign_in_body(&account.name, PASSWORD);
        let answer = connection
            .ask("POST /api/auth/login", None, Some(&body))
            .await?;
        assert_eq!(answer.status, 200, "{answer:?}");
        account.sessions.push(Session::begun(&answer));
    }
    Ok(())
}

/// Runs until the server is gone.
pub async fn run(address: SocketAddr, mut account: Account, mut chance: Chance) -> (Account, Told) {
    let mut told = Told::default();
    if let Ok(mut connection) = Connection::dial(address).await {
        for _ in 0..MAX_REQUESTS {
            let step = step(&mut connection, &mut account, &mut chance, &mut told);
            if step.await.is_err() || !told.odd.is_empty() {
                break;
            }
        }
    }
    (account, told)
}

async fn step(
    connection: &mut Connection,
    account: &mut Account,
    chance: &mut Chance,
    told: &mut Told,
) -> io::Result<()> {
    sign_in(connection, account).await?;
    let usable = live(account);
    let first = usable[chance.place(usable.len())];
    let bearer = account.sessions[first].last_access().to_owned();
    let (line, ended) = match chance.below(200) {
        0..=2 => ("POST /api/auth/logout".to_owned(), vec![first]),
        3..=5 => {
            let other = usable[chance.place(usable.len())];
            let id = &account.sessions[other].id;
            (format!("DELETE /api/auth/sessions/{id}"), vec![other])
        }
        6 => ("POST /api/auth/logout-all".to_owned(), usable),
        _ => return refresh(connection, &mut account.sessions[first], told).await,
    };
    for session in &ended {
        account.sessions[*session].end = End::Asked;
    }
    let answer = connection.ask(&line, Some(&bearer), None).await?;
    if told.is_good(&line, &answer) {
        for session in ended {
            account.sessions[session].end = End::Answered;
            told.endings += 1;
        }
    }
    Ok(())
}

async fn refresh(
    connection: &mut Connection,
    session: &mut Session,
    told: &mut Told,
) -> io::Result<()> {
    session.rotating = true;
    let body = refresh_body(session.last_refresh());
    let line = "POST /api/auth/refresh";
    let answer = connection.ask(line, None, Some(&body)).await?;
    if told.is_good(line, &answer) {
        let before = session.generation();
        session.answered(&answer);
        // What settled is answered, but nothing that a crash could lose.
        told.refreshes += u64::from(session.generation() > before);
    }
    Ok(())
}

fn live(account: &Account) -> Vec<usize> {
    let sessions = account.sessions.iter().enumerate();
    sessions
        .filter(|(_, session)| session.end == End::NotAsked && !session.rotating)
        .map(|(place, _)| place)
        .collect()
}
