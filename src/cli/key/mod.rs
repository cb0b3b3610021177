//! `hub key`: which keys there are, and another one in the place of the present.

mod list;
mod rotate;

use clap::Subcommand;

use crate::cli::{Global, Outcome};

/// What can be done with the keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// List the keys, newest first: fingerprints, never a key
    List(list::List),
    /// Make a new key; the present one goes on to verify what it made
    Rotate(rotate::Rotate),
}

impl Key {
    /// Does it.
    ///
    /// # Errors
    /// The verb's own.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::List(list) => list.run(global),
            Self::Rotate(rotate) => rotate.run(global),
        }
    }
}
