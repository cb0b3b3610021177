//! `hub key rotate`: another key, beside a running server if there is one: it takes the key up at its next answer with a token.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global, Outcome, terminal};

/// Make a new key; the present one goes on to verify what it made. Needs --yes, or a yes at a terminal.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Rotate {
    /// Rotates.
    ///
    /// # Errors
    /// When nobody confirmed it, or the key cannot be replaced.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let present = database.hub.tokens.ring().present();
        if !self.yes {
            confirm()?;
        }
        let made = database
            .hub
            .rotation()
            .run(Some(present), &database.cause())
            .map_err(Failure::from)?;
        print(&format!(
            "key {} ({}) makes every new token in {}; key {present} verifies its own until they expire; copy secret.key to where you keep it",
            made.id,
            made.fingerprint(),
            database.path()
        ))
    }
}

fn confirm() -> Outcome {
    if !terminal::is_attended() {
        return Err(Failure::new(
            Exit::Usage,
            "this would make a new key; add --yes to do it without a terminal",
        ));
    }
    let question = "This makes a new key; nobody is signed out. Type yes to go on: ";
    if terminal::ask(question)? == "yes" {
        Ok(())
    } else {
        Err(Failure::new(Exit::Failed, "nothing was changed"))
    }
}
