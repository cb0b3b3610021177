//! `hub webhook disable` and `hub webhook enable`.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::webhook::which::Which;
use crate::cli::{Global, Outcome};
use crate::features::admin::webhooks::switch::SwitchWebhook;

/// Tell a webhook nothing any more. What waits is kept for three days; what happens meanwhile is not kept.
#[derive(Debug, Args)]
pub struct Disable {
    #[command(flatten)]
    which: Which,
}

/// Tell a webhook again, first what waits.
#[derive(Debug, Args)]
pub struct Enable {
    #[command(flatten)]
    which: Which,
}

impl Disable {
    /// Disables it.
    ///
    /// # Errors
    /// When there is no such webhook.
    pub fn run(self, global: &Global) -> Outcome {
        switch(global, &self.which, false)
    }
}

impl Enable {
    /// Enables it.
    ///
    /// # Errors
    /// When there is no such webhook.
    pub fn run(self, global: &Global) -> Outcome {
        switch(global, &self.which, true)
    }
}

fn switch(global: &Global, which: &Which, enabled: bool) -> Outcome {
    let database = Changing::open(global)?;
    let found = which.find(&database)?;
    let webhook = database.apply(SwitchWebhook {
        id: found.id,
        enabled,
        cause: database.cause(),
    })?;
    let done = if enabled { "enabled" } else { "disabled" };
    print(&format!(
        "{done} webhook {} {} in {}",
        webhook.id,
        webhook.name,
        database.path()
    ))
}
