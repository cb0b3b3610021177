//! The parts of the benchmark that need no large database: one file each.

pub mod hot;
pub mod open;
pub mod peers;
pub mod pool;
pub mod signing;
pub mod storms;

use std::path::Path;

use crate::arguments::Arguments;
use crate::growth::{fill, settle, tokens};
use crate::load::person::Person;
use crate::servers::{HubStart, Server};

/// Sessions that clients walk through where the limit of one's refreshes is on: a minute's burst of each is more than any part asks for.
const SESSIONS: u32 = 50_000;

/// A Hub on an empty directory, quick at signing up, that counts nobody's tries.
pub async fn quick_hub(arguments: &Arguments, scratch: &Path) -> anyhow::Result<Server> {
    Server::hub(HubStart {
        data: &scratch.join("hub"),
        settings: &arguments.hub_env,
        full_hashing: false,
        limits: false,
    })
    .await
}

/// A Hub with everything switched on that is by default, and clients who walk through so many sessions that none meets the limit of one.
pub async fn walked_hub(
    arguments: &Arguments,
    scratch: &Path,
    clients: usize,
) -> anyhow::Result<(Server, Vec<Person>)> {
    let data = scratch.join("walked");
    let place = data.clone();
    let held = tokio::task::spawn_blocking(move || {
        let filled = fill(&place, SESSIONS, SESSIONS)?;
        settle(&place, &filled.walked, |place| place % clients)?;
        tokens::present(&place, &filled.walked)
    });
    let people = tokens::deal_out(&held.await??, clients, 0);
    let server = Server::hub(HubStart {
        data: &data,
        settings: &arguments.hub_env,
        full_hashing: false,
        limits: true,
    })
    .await?;
    Ok((server, people))
}

/// The order of the rows in a repetition: there and back again, so that a drift of the machine favours no row.
pub fn order(rows: usize, repetition: u32) -> Vec<usize> {
    let forward = 0..rows;
    if repetition.is_multiple_of(2) {
        forward.rev().collect()
    } else {
        forward.collect()
    }
}
