//! `hub audit`: who did what, and whether anybody rewrote it.

mod export;
mod filter;
mod list;
mod verify;

use clap::Subcommand;

use crate::cli::{Global, Outcome};

/// What can be done with the audit.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List what was done, newest first
    List(list::List),
    /// Write it to standard output, as CSV or JSON
    Export(export::Export),
    /// Walk the chain of hashes; exit code 1 when it is broken
    Verify(verify::Verify),
}

impl Audit {
    /// Does it.
    ///
    /// # Errors
    /// The verb's own.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::List(list) => list.run(global),
            Self::Export(export) => export.run(global),
            Self::Verify(verify) => verify.run(global),
        }
    }
}
