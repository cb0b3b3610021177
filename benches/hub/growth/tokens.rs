//! The tokens that the sessions of a database have at present, made by the Hub's own functions: they stand in no table.

use std::path::Path;

use anyhow::Context;
use hub::features::sessions::{issue, store};
use hub::types::ids::SessionId;

use crate::growth::fill;
use crate::load::person::Person;

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

/// Deals sessions out in turn, so that each of so many clients walks all through the table; their addresses are the `first` and those after it.
pub fn deal_out(tokens: &[Held], clients: usize, first: usize) -> Vec<Person> {
    let own = tokens.iter().take(clients).enumerate();
    let people = own.map(|(number, held)| {
        let share = tokens.iter().skip(number).step_by(clients);
        let wallet = share.map(|held| held.refresh.clone()).collect();
        let mut person = Person::with_wallet(first + number, wallet);
        person.name.clone_from(&held.name);
        person.access.clone_from(&held.access);
        person
    });
    people.collect()
}
