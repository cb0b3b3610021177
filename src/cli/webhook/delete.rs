//! `hub webhook delete`: deletes a webhook with all that was on its way to it.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::webhook::which::Which;
use crate::cli::{Global, Outcome};
use crate::features::admin::webhooks::delete::DeleteWebhook;

/// Delete a webhook: it is told nothing any more, and what waits and its dead letters go with it.
#[derive(Debug, Args)]
pub struct Delete {
    #[command(flatten)]
    which: Which,
}

impl Delete {
    /// Deletes it.
    ///
    /// # Errors
    /// When there is no such webhook.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let found = self.which.find(&database)?;
        let webhook = database.apply(DeleteWebhook {
            id: found.id,
            cause: database.cause(),
        })?;
        print(&format!(
            "deleted webhook {} {} in {}",
            webhook.id,
            webhook.name,
            database.path()
        ))
    }
}
