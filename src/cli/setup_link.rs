//! `hub setup-link`: a fresh one-time link that makes an administrator, in place of any other.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::features::admin::setup::link::{self, LinkError};

/// Print a fresh one-time link that makes an administrator; it is good for 24 hours.
#[derive(Debug, Args)]
pub struct SetupLink {}

impl SetupLink {
    /// Makes and prints it.
    ///
    /// # Errors
    /// When the database or the file beside it cannot be written.
    pub fn run(self, global: &Global) -> Outcome {
        let Self {} = self;
        let database = Changing::open(global)?;
        let link = link::fresh(&database.hub, database.cause()).map_err(|error| match error {
            LinkError::Store(error) => Failure::from(error),
            LinkError::CannotWrite { .. } => Failure::new(Exit::CannotCreate, error.to_string()),
        })?;
        print(&link)
    }
}
