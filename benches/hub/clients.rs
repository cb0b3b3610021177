//! The people who use the servers: each has an address and tokens of its own, and chains its own refresh tokens.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::driver::{PATIENCE_SECONDS, Row};
use crate::http::{Ask, Connection};

/// Sign-ups under way together: more than one to be quick, few enough never to fill the Hub's hashing queue.
const SIGN_UPS_AT_ONCE: usize = 8;

/// Passes the contract's rules; guards nothing, the database is thrown away.
const PASSWORD: &str = "quartz-meadow-7-lantern";

/// What stands in front of the token in the body of a refresh's answer.
const TOKEN_FIELD: &[u8] = b"\"refresh_token\":\"";

/// One client with one session.
pub struct Client {
    address: Ipv4Addr,
    access_token: String,
    refresh_token: String,
    body: String,
}

impl Client {
    /// The loopback address it calls from. Each has its own, as people have, so that nothing the
    /// Hub counts by address takes them all for one.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Writes the client's next request of this row over what `into` held.
    pub fn write_request(&mut self, row: Row, host: SocketAddr, into: &mut String) {
        let (bearer, json) = match row {
            Row::Hello | Row::Door => (None, Some(r#"{"name":"world"}"#)),
            Row::Refresh => {
                self.body.clear();
                for part in [r#"{"refresh_token":""#, &self.refresh_token, r#""}"#] {
                    self.body.push_str(part);
                }
                (None, Some(self.body.as_str()))
            }
            Row::Validate | Row::Me => (Some(self.access_token.as_str()), None),
        };
        let line = row.line();
        Ask { line, bearer, json }.write(host, into);
    }

    /// Takes the successor out of a refresh's answer: the next request presents it.
    pub fn take_successor(&mut self, body: &[u8]) -> anyhow::Result<()> {
        // A search instead of a parse: the driver shares the cores with what it measures.
        let token = body
            .windows(TOKEN_FIELD.len())
            .position(|window| window == TOKEN_FIELD)
            .map(|at| &body[at + TOKEN_FIELD.len()..])
            .and_then(|rest| rest.split(|byte| *byte == b'"').next())
            .and_then(|token| std::str::from_utf8(token).ok());
        let Some(token) = token else {
            bail!("a refresh answered 200 without a refresh_token");
        };
        if token == self.refresh_token {
            bail!("a refresh answered with the token that was presented");
        }
        self.refresh_token.clear();
        self.refresh_token.push_str(token);
        Ok(())
    }
}

/// Registers `count` clients with the Hub at `hub`.
pub async fn sign_up(count: usize, hub: SocketAddr) -> anyhow::Result<Vec<Client>> {
    let numbers: Vec<usize> = (0..count).collect();
    let mut clients = Vec::with_capacity(count);
    for group in numbers.chunks(SIGN_UPS_AT_ONCE) {
        let mut waiting = JoinSet::new();
        for number in group {
            let patience = Duration::from_secs(PATIENCE_SECONDS);
            waiting.spawn(timeout(patience, register(*number, hub)));
        }
        while let Some(client) = waiting.join_next().await {
            clients.push(client?.context("registering a client: no answer")??);
        }
    }
    Ok(clients)
}

async fn register(number: usize, hub: SocketAddr) -> anyhow::Result<Client> {
    let address = address_of(number)?;
    let body = json!({
        "username": format!("bench-{number}"),
        "email": format!("bench-{number}@example.com"),
        "password": PASSWORD,
    })
    .to_string();
    let mut request = String::new();
    Ask {
        line: "POST /api/auth/register",
        bearer: None,
        json: Some(&body),
    }
    .write(hub, &mut request);
    let mut connection = Connection::dial(address, hub).await?;
    let answer = connection
        .exchange(request.as_bytes())
        .await
        .context("registering a client")?;
    let told: Value = serde_json::from_slice(answer.body).unwrap_or_default();
    if answer.status != 201 {
        // Only the text that the contract gives an error: never the whole body.
        bail!("registering a client: {} {}", answer.status, told["error"]);
    }
    let (Some(access), Some(refresh)) = (
        told["access_token"].as_str(),
        told["refresh_token"].as_str(),
    ) else {
        bail!("registering a client: the answer lacks a token");
    };
    Ok(Client {
        address,
        access_token: access.to_owned(),
        refresh_token: refresh.to_owned(),
        body: String::new(),
    })
}

/// 127.0.1.1 onwards: 127.0.0.1 is the servers' own.
fn address_of(number: usize) -> anyhow::Result<Ipv4Addr> {
    let third = u8::try_from(1 + number / 200)?;
    let fourth = u8::try_from(1 + number % 200)?;
    Ok(Ipv4Addr::new(127, 0, third, fourth))
}
