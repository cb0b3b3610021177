//! `hub service`: accounts of services that read the feed of revocations, changed beside a running server.

mod add;
mod list;
mod revoke;

use clap::Subcommand;

use crate::cli::{Global, Outcome};

/// What can be done with service accounts.
#[derive(Debug, Subcommand)]
pub enum Service {
    /// Make a service account and print its token, once
    Add(add::Add),
    /// List all service accounts
    List(list::List),
    /// Revoke a service account: its token opens nothing from then on
    Revoke(revoke::Revoke),
}

impl Service {
    /// Does it.
    ///
    /// # Errors
    /// The verb's own.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Add(add) => add.run(global),
            Self::List(list) => list.run(global),
            Self::Revoke(revoke) => revoke.run(global),
        }
    }
}
