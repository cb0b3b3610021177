//! The parts of the benchmark that need no large database: one file each.

pub mod hot;
pub mod open;
pub mod peers;
pub mod pool;
pub mod signing;
pub mod storms;

use std::path::Path;

use crate::arguments::Arguments;
use crate::servers::{HubStart, Server};

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

/// The order of the rows in a repetition: there and back again, so that a drift of the machine favours no row.
pub fn order(rows: usize, repetition: u32) -> Vec<usize> {
    let forward = 0..rows;
    if repetition.is_multiple_of(2) {
        forward.rev().collect()
    } else {
        forward.collect()
    }
}
