//! The tokens that the sessions of a database have at present, made by the Hub's own functions: they stand in no table.

use std::path::Path;

use anyhow::Context;
use hub::features::sessions::{issue, store};
use hub::types::ids::SessionId;

use crate::growth::fill;

/// What the client of a session holds.
pub struct Held {
    /// Its user's name.
    pub name: String,
    /// An access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

/// What the clients of these sessions hold, in their order.
pub fn present(directory: &Path, sessions: &[i64]) -> anyhow::Result<Vec<Held>> {
    let hub = fill::open(directory)?;
    let now = hub.clock.now().wall;
    let mut tokens = Vec::with_capacity(sessions.len());
    for key in sessions {
        let id = SessionId::from_row(*key).context("the key of a session")?;
        let found = hub.store.read(|db| store::load(db, id))?;
        let (session, user) = found.context("a session that was filled in")?;
        let user = user.context("the user of a session")?;
        let pair = issue::pair(&hub, &session, &user, now)?;
        tokens.push(Held {
            name: user.username,
            access: pair.access.reveal().to_owned(),
            refresh: pair.refresh.reveal().to_owned(),
        });
    }
    hub.store.close();
    Ok(tokens)
}
