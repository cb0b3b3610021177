//! `hub completions`: what makes the tab key know the commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::output::print;
use crate::cli::{Arguments, Outcome};

/// Print completions for a shell.
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell
    shell: Shell,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "hub", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
