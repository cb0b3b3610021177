//! The closed loop: every connection asks, waits for its answer, and asks again until the time is over.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clients::Client;
use crate::http::Connection;

/// How long a connection, a sign-up or the last answer of a phase may take: past it a server counts as hung.
pub const PATIENCE_SECONDS: u64 = 15;

/// Much of an error's body: enough for the contract's `error` and `code`.
const SHOWN_ERROR_BYTES: usize = 160;

/// What is asked, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Row {
    /// A bare JSON POST route behind Rocket's own server: the yardstick.
    Hello,
    /// The same route behind the front door: what that costs or gains.
    Door,
    /// `POST /api/auth/refresh`, each client with the successor it was given last.
    Refresh,
    /// `GET /api/auth/validate` with an access token.
    Validate,
    /// `GET /api/auth/me` with an access token.
    Me,
}

impl Row {
    /// Method and path.
    pub fn line(self) -> &'static str {
        match self {
            Self::Hello | Self::Door => "POST /",
            Self::Refresh => "POST /api/auth/refresh",
            Self::Validate => "GET /api/auth/validate",
            Self::Me => "GET /api/auth/me",
        }
    }
}

/// What one phase brought.
#[derive(Default)]
pub struct Tally {
    /// How long each answer with status 200 took, in microseconds, in no order.
    pub latencies_us: Vec<u32>,
    /// Answers with any other status.
    pub errors: u32,
    /// One of them, as status and text.
    pub first_error: Option<String>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

/// A client on its open connection.
pub struct Seat {
    client: Client,
    connection: Connection,
    request: String,
}

/// Opens one connection for each of the clients.
pub async fn connect(clients: Vec<Client>, server: SocketAddr) -> anyhow::Result<Vec<Seat>> {
    let mut seats = Vec::with_capacity(clients.len());
    for client in clients {
        let dialled = Connection::dial(client.address(), server);
        let connection = timeout(Duration::from_secs(PATIENCE_SECONDS), dialled)
            .await
            .map_err(io::Error::from)
            .flatten()
            .context("connecting to the server")?;
        seats.push(Seat {
            client,
            connection,
            request: String::new(),
        });
    }
    Ok(seats)
}

/// Closes the connections and gives the clients back.
pub fn disconnect(seats: Vec<Seat>) -> Vec<Client> {
    seats.into_iter().map(|seat| seat.client).collect()
}

/// Asks on all seats for `time`, and waits for what was asked last: a rotation whose answer went
/// unread would break its client's chain.
pub async fn ask_for(
    time: Duration,
    row: Row,
    server: SocketAddr,
    seats: Vec<Seat>,
) -> anyhow::Result<(Vec<Seat>, Tally)> {
    let started = now();
    let until = started + time;
    let mut asking = JoinSet::new();
    for seat in seats {
        asking.spawn(keep_asking(seat, row, server, until));
    }
    let mut back = Vec::with_capacity(asking.len());
    let mut all = Tally::default();
    let gather = async {
        while let Some(ended) = asking.join_next().await {
            let (seat, tally) = ended??;
            back.push(seat);
            all.add(tally);
        }
        anyhow::Ok(())
    };
    let patience = time + Duration::from_secs(PATIENCE_SECONDS);
    let Ok(gathered) = timeout(patience, gather).await else {
        bail!("a connection had no answer for {PATIENCE_SECONDS} seconds");
    };
    gathered.with_context(|| format!("on {}", row.line()))?;
    all.elapsed = started.elapsed();
    Ok((back, all))
}

async fn keep_asking(
    mut seat: Seat,
    row: Row,
    server: SocketAddr,
    until: Instant,
) -> anyhow::Result<(Seat, Tally)> {
    let mut tally = Tally::default();
    seat.client.write_request(row, server, &mut seat.request);
    loop {
        let asked = now();
        if asked >= until {
            return Ok((seat, tally));
        }
        let answer = seat.connection.exchange(seat.request.as_bytes()).await?;
        let took_us = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
        if answer.status != 200 {
            tally.note_error(answer.status, answer.body);
            continue;
        }
        tally.latencies_us.push(took_us);
        if row == Row::Refresh {
            seat.client.take_successor(answer.body)?;
            seat.client.write_request(row, server, &mut seat.request);
        }
    }
}

/// The one place of this benchmark that reads a clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a load driver times the world outside: there is no `hub.clock` here"
)]
fn now() -> Instant {
    Instant::now()
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.errors = self.errors.saturating_add(other.errors);
        self.first_error = self.first_error.take().or(other.first_error);
    }

    fn note_error(&mut self, status: u16, body: &[u8]) {
        self.errors = self.errors.saturating_add(1);
        // The contract's errors carry no token, so their text may be shown.
        self.first_error.get_or_insert_with(|| {
            let shown = &body[..body.len().min(SHOWN_ERROR_BYTES)];
            format!("{status} {}", String::from_utf8_lossy(shown))
        });
    }
}
