//! Sessions as the clients left them who now walk through them: used from where each is now, and rotated before.
//!
//! Most people refresh from where they did the last time. One who has moved costs two indexes more.

use std::path::Path;

use hub::types::network::address_key;
use rusqlite::{Connection, params};

use crate::growth::fill::{CACHE_KIB, DAY_MICROS};
use crate::load::dialect::USER_AGENT;
use crate::load::person::address_of;

/// One in so many has moved since. It divides no number of clients, so that each meets some that have.
const MOVED_ONE_IN: usize = 11;
/// Lineage rows of each: a sign-in and some days of refreshing. What is long over has as many, which the housekeeping removes along.
pub const EVENTS: i64 = 5;

/// Settles the sessions `walked`; `client_of` numbers the client of each by its place among them.
#[expect(
    clippy::disallowed_methods,
    reason = "days of refreshing through the Hub would take days"
)]
pub fn settle(
    directory: &Path,
    walked: &[i64],
    client_of: impl Fn(usize) -> usize,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(directory.join("hub.db"))?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -{CACHE_KIB}"
    ))?;
    let writing = connection.transaction()?;
    writing.execute(
        "INSERT INTO user_agents (text, device) VALUES (?1, '')",
        [USER_AGENT],
    )?;
    let agent = writing.last_insert_rowid();
    // In the order of the table's keys, so that each page is written once.
    let mut order: Vec<(i64, usize)> = walked.iter().copied().zip(0..).collect();
    order.sort_unstable();
    {
        let mut rotated = writing.prepare(
            "UPDATE sessions
             SET generation = ?2, lineage_length = ?2,
                 previous_at = rotated_at - ?3, previous_steady = 1, previous_boot = 1
             WHERE id = ?1",
        )?;
        let mut at_home = writing.prepare(
            "UPDATE sessions
             SET address = ?2, address_key = ?3, agent = ?4
             WHERE id = ?1",
        )?;
        let mut happened = writing.prepare(
            "INSERT INTO lineage (session_id, position, kind, generation, at, steady, boot, address, agent)
             SELECT id, ?2, ?3, ?2, rotated_at - ?4, 1, 1, address, agent FROM sessions WHERE id = ?1",
        )?;
        for (id, place) in order {
            rotated.execute(params![id, EVENTS, DAY_MICROS])?;
            if !place.is_multiple_of(MOVED_ONE_IN) {
                let address = address_of(client_of(place));
                at_home.execute(params![
                    id,
                    address.to_string(),
                    address_key(address.into()),
                    agent
                ])?;
            }
            for position in 1..=EVENTS {
                let ago = (EVENTS - position) * DAY_MICROS;
                happened.execute(params![id, position, kind(position), ago])?;
            }
        }
    }
    writing.commit()?;
    Ok(())
}

/// What happened first, and since.
pub fn kind(position: i64) -> &'static str {
    if position == 1 { "start" } else { "rotate" }
}
