//! The refresh tokens that the sessions of a database have at present, made by the Hub's own functions: they stand in no table.

use std::path::Path;

use anyhow::Context;
use hub::features::sessions::{issue, store};
use hub::types::ids::SessionId;

use crate::growth::fill;

/// The tokens of these sessions, in their order.
pub fn present(directory: &Path, sessions: &[i64]) -> anyhow::Result<Vec<String>> {
    let hub = fill::open(directory)?;
    let now = hub.clock.now().wall;
    let mut tokens = Vec::with_capacity(sessions.len());
    for key in sessions {
        let id = SessionId::from_row(*key).context("the key of a session")?;
        let found = hub.store.read(|db| store::load(db, id))?;
        let (session, user) = found.context("a session that was filled in")?;
        let user = user.context("the user of a session")?;
        let pair = issue::pair(&hub, &session, &user, now)?;
        tokens.push(pair.refresh.reveal().to_owned());
    }
    hub.store.close();
    Ok(tokens)
}
