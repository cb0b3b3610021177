//! What the Hub does, one folder a noun, one file an action.
//!
//! `attempts, users ← sessions ← revocations, second_factors ← browser ← the rest`: a folder may use those before it. In each folder `model` holds the pure rules, `store` all the
//! SQL, `error` every way its actions fail, and each other file one action, named after it, its URL standing in it whole.

pub mod account;
pub mod admin;
pub mod attempts;
pub mod browser;
pub mod health;
pub mod housekeeping;
pub mod passwords;
pub mod revocations;
pub mod second_factors;
pub mod sessions;
pub mod users;
