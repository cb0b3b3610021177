//! `hub webhook test`: has the running server send a test.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::webhook::which::Which;
use crate::cli::{Global, Outcome};
use crate::features::admin::webhooks::send_test::SendTest;

/// Have the running server send `webhook.test`, like everything else; `hub webhook show` tells what became of it.
#[derive(Debug, Args)]
pub struct Test {
    #[command(flatten)]
    which: Which,
}

impl Test {
    /// Writes it down, to be sent.
    ///
    /// # Errors
    /// When there is no such webhook, or it is disabled.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let found = self.which.find(&database)?;
        let webhook = database.apply(SendTest {
            id: found.id,
            cause: database.cause(),
        })?;
        print(&format!(
            "a test for webhook {} {} waits in {}; the running server sends it",
            webhook.id,
            webhook.name,
            database.path()
        ))
    }
}
