//! A person on an open connection.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::time::timeout;

use crate::load::dialect::Request;
use crate::load::http::Connection;
use crate::load::now;
use crate::load::person::Person;
use crate::load::tally::Tally;

/// How long a connection, a sign-up or the last answer of a phase may take: past it a server counts as hung.
pub const PATIENCE_SECONDS: u64 = 30;

/// Much of an error's body: enough for the contract's `error` and `code`.
const SHOWN_ERROR_BYTES: usize = 160;

/// What is asked again and again, and of whom.
#[derive(Clone)]
pub struct Job {
    /// The server.
    pub to: SocketAddr,
    /// The request.
    pub request: std::sync::Arc<Request>,
    /// Whether each request is somebody new's.
    pub renames: bool,
    /// Whether 429 and 503 with a `Retry-After` count as refused and not as wrong.
    pub may_refuse: bool,
    /// Whether whoever is refused asks again at once.
    pub is_rude: bool,
}

impl Job {
    /// One that nobody may be refused.
    pub fn new(to: SocketAddr, request: std::sync::Arc<Request>) -> Self {
        Self {
            to,
            request,
            renames: false,
            may_refuse: false,
            is_rude: false,
        }
    }
}

/// A person on its connection.
pub struct Seat {
    /// Who sits there.
    pub person: Person,
    connection: Connection,
    written: String,
}

impl Seat {
    /// Connects.
    pub async fn take(person: Person, to: SocketAddr) -> anyhow::Result<Self> {
        let dialled = Connection::dial(person.address, to);
        let connection = timeout(Duration::from_secs(PATIENCE_SECONDS), dialled)
            .await
            .map_err(io::Error::from)
            .flatten()
            .context("connecting to the server")?;
        Ok(Self {
            person,
            connection,
            written: String::new(),
        })
    }

    /// Asks once; the status and the body.
    pub async fn ask(
        &mut self,
        request: &Request,
        to: SocketAddr,
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        request.write(&mut self.person, to, &mut self.written);
        let answer = self.connection.exchange(self.written.as_bytes()).await?;
        Ok((answer.status, answer.body.to_vec()))
    }

    /// Asks once, and counts the answer; `due` is when it was to be asked. Tells how long a refused one is to wait.
    pub async fn count(
        &mut self,
        job: &Job,
        due: std::time::Instant,
        tally: &mut Tally,
    ) -> anyhow::Result<Option<Duration>> {
        if job.renames {
            self.person.rename();
        }
        let request = &job.request;
        request.write(&mut self.person, job.to, &mut self.written);
        let answer = self.connection.exchange(self.written.as_bytes()).await?;
        let took = now().saturating_duration_since(due);
        if answer.status == request.status {
            tally.answered(took);
            request.take(&mut self.person, answer.body)?;
            self.person.turn_over();
            return Ok(None);
        }
        if let (true, 429 | 503, Some(seconds)) =
            (job.may_refuse, answer.status, answer.retry_after)
        {
            tally.refused(seconds);
            return Ok(Some(Duration::from_secs(seconds.into())));
        }
        tally.wrong(shown(answer.status, answer.body));
        Ok(None)
    }
}

/// A seat for each of the people.
pub async fn connect(people: Vec<Person>, to: SocketAddr) -> anyhow::Result<Vec<Seat>> {
    let mut seats = Vec::with_capacity(people.len());
    for person in people {
        seats.push(Seat::take(person, to).await?);
    }
    Ok(seats)
}

/// Closes the connections and gives the people back.
pub fn disconnect(seats: Vec<Seat>) -> Vec<Person> {
    seats.into_iter().map(|seat| seat.person).collect()
}

/// A wrong answer for people. The contract's errors carry no token, so their text may be shown.
pub fn shown(status: u16, body: &[u8]) -> String {
    let shown = &body[..body.len().min(SHOWN_ERROR_BYTES)];
    format!("{status} {}", String::from_utf8_lossy(shown))
}
