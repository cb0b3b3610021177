//! `hub token`: what a token says, and what would become of it.

mod inspect;
mod judgement;

use clap::Subcommand;

use crate::cli::{Global, Outcome};

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Read a token from standard input: its kind, claims and standing, and why it would be refused
    Inspect(inspect::Inspect),
}

impl Token {
    /// Does it.
    ///
    /// # Errors
    /// The verb's own.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Inspect(inspect) => inspect.run(global),
        }
    }
}
