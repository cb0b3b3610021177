//! `hub webhook secret`: makes a new secret and prints it, once.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::webhook::which::Which;
use crate::cli::{Global, Outcome};
use crate::features::admin::webhooks::add;
use crate::features::admin::webhooks::new_secret::NewSecret;

/// Make a new secret and print it, which is shown this once; the one before goes on to sign beside it for 24 hours.
#[derive(Debug, Args)]
pub struct Secret {
    #[command(flatten)]
    which: Which,
}

impl Secret {
    /// Makes it. Only the secret stands on standard output.
    ///
    /// # Errors
    /// When there is no such webhook.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let found = self.which.find(&database)?;
        let change = NewSecret::new(&database.hub, found.id, database.cause());
        let webhook = database.apply(change)?;
        print(add::secret(&database.hub, webhook.facts())?.reveal())
    }
}
