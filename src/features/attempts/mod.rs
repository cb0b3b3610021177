//! Failed tries: counted by account and by session, so that whoever guesses waits longer and longer, and whoever is known does not wait for it.

pub mod attempt;
pub mod model;
pub mod store;
