//! `hub webhook`: receivers that are told what happens, changed beside a running server.

mod add;
mod delete;
mod list;
mod resend;
mod secret;
mod show;
mod switch;
mod test;
mod which;

use clap::Subcommand;

use crate::cli::{Global, Outcome};

/// What can be done with webhooks.
#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// Make a webhook and print its secret, once
    Add(add::Add),
    /// List all webhooks
    List(list::List),
    /// Show a webhook with what waits for it, what was given up and what was delivered last
    Show(show::Show),
    /// Make a new secret and print it, once; the one before signs for a day longer
    Secret(secret::Secret),
    /// Tell a webhook nothing any more; what waits is kept for three days
    Disable(switch::Disable),
    /// Tell a webhook again, first what waits
    Enable(switch::Enable),
    /// Have the running server send a test
    Test(test::Test),
    /// Send a dead letter again, or all of them
    Resend(resend::Resend),
    /// Delete a webhook with all that was on its way to it
    Delete(delete::Delete),
}

impl Webhook {
    /// Does it.
    ///
    /// # Errors
    /// The verb's own.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Add(add) => add.run(global),
            Self::List(list) => list.run(global),
            Self::Show(show) => show.run(global),
            Self::Secret(secret) => secret.run(global),
            Self::Disable(disable) => disable.run(global),
            Self::Enable(enable) => enable.run(global),
            Self::Test(test) => test.run(global),
            Self::Resend(resend) => resend.run(global),
            Self::Delete(delete) => delete.run(global),
        }
    }
}
