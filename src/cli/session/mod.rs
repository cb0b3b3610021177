//! `hub session`: who is signed in, with what, and how to end it.

mod body;
mod filter;
mod list;
mod revoke;
mod show;

use clap::Subcommand;

pub use body::status;

use crate::cli::{Global, Outcome};

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub enum Session {
    /// List sessions, newest first
    List(list::List),
    /// Show one session and how its tokens followed one another
    Show(show::Show),
    /// End sessions: by id, or all that a filter shows
    Revoke(revoke::Revoke),
}

impl Session {
    /// Does it.
    ///
    /// # Errors
    /// The verb's own.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::List(list) => list.run(global),
            Self::Show(show) => show.run(global),
            Self::Revoke(revoke) => revoke.run(global),
        }
    }
}
