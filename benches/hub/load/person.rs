//! The people who use the servers: each has an address of its own, a name, and tokens, and chains its own refresh tokens.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::load::dialect::{Act, Dialect};
use crate::load::seat::{PATIENCE_SECONDS, Seat, shown};

/// Sign-ups under way together: more than one to be quick, few enough never to fill the Hub's hashing queue.
const SIGN_UPS_AT_ONCE: usize = 8;

/// Passes the contract's rules; guards nothing, the database is thrown away.
pub const PASSWORD: &str = "quartz-meadow-7-lantern";

/// One client.
#[derive(Default)]
pub struct Person {
    /// The loopback address it calls from. Each has its own, as people have, so that nothing a server counts by address takes them all for one.
    pub address: Option<Ipv4Addr>,
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// Its access token.
    pub access: String,
    /// Its refresh token.
    pub refresh: String,
    /// What the server calls it.
    pub id: String,
    /// The body of its last request, kept for its memory.
    pub body: String,
    /// The refresh tokens of its other sessions.
    wallet: Vec<String>,
    at: usize,
    named: u32,
}

impl Person {
    /// Nobody in particular, at the `number`th address.
    pub fn nobody(number: usize) -> Self {
        Self {
            address: Some(address_of(number)),
            password: PASSWORD.to_owned(),
            ..Self::default()
        }
    }

    /// Somebody with a name.
    pub fn named(number: usize, name: String) -> Self {
        Self {
            name,
            ..Self::nobody(number)
        }
    }

    /// With one session, whose refresh token this is.
    pub fn with_token(number: usize, token: String) -> Self {
        Self {
            refresh: token,
            ..Self::nobody(number)
        }
    }

    /// With many sessions, at least one; each time one was refreshed it is the next one's turn.
    pub fn with_wallet(number: usize, mut wallet: Vec<String>) -> Self {
        let refresh = wallet.pop().unwrap_or_default();
        Self {
            refresh,
            wallet,
            ..Self::nobody(number)
        }
    }

    /// Whether it has other sessions.
    pub fn walks(&self) -> bool {
        !self.wallet.is_empty()
    }

    /// Puts the session back and takes the next.
    pub fn turn_over(&mut self) {
        let Some(next) = self.wallet.get_mut(self.at) else {
            return;
        };
        std::mem::swap(next, &mut self.refresh);
        self.at = (self.at + 1) % self.wallet.len();
    }

    /// Takes a name that nobody has had.
    pub fn rename(&mut self) {
        self.named += 1;
        let stem = self.name.split('-').take(2).collect::<Vec<_>>().join("-");
        self.name = format!("{stem}-{}", self.named);
    }
}

/// Registers `count` people with the server; their names begin with `prefix`, which holds no hyphen.
pub async fn sign_up(
    count: usize,
    prefix: &str,
    to: SocketAddr,
    dialect: &Dialect,
) -> anyhow::Result<Vec<Person>> {
    let numbers: Vec<usize> = (0..count).collect();
    let mut people = Vec::with_capacity(count);
    for group in numbers.chunks(SIGN_UPS_AT_ONCE) {
        let mut waiting = JoinSet::new();
        for number in group {
            let person = Person::named(*number, format!("{prefix}-{number}"));
            let mut acts = vec![dialect.request(Act::Register)?];
            if !acts.iter().any(|request| request.has_tokens()) {
                acts.push(dialect.request(Act::SignIn)?);
            }
            waiting.spawn(timeout(Duration::from_secs(PATIENCE_SECONDS), async move {
                let mut seat = Seat::take(person, to).await?;
                for request in acts {
                    let (status, body) = seat.ask(&request, to).await?;
                    if status != request.status {
                        bail!("{}: {}", request.line, shown(status, &body));
                    }
                    request.take(&mut seat.person, &body)?;
                }
                Ok(seat.person)
            }));
        }
        while let Some(person) = waiting.join_next().await {
            let person = person?.context("registering: no answer")?;
            people.push(person.context("registering")?);
        }
    }
    Ok(people)
}

/// 127.1.0.1 onwards, some four million of them: 127.0.0.1 is the servers' own.
pub fn address_of(number: usize) -> Ipv4Addr {
    let digit = |place: usize| u8::try_from(number / place % 250 + 1).unwrap_or(1);
    Ipv4Addr::new(127, digit(62_500), digit(250), digit(1))
}
