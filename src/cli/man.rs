//! `hub man`: the manual pages, made from the same definitions that parse the arguments.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use crate::cli::output::print;
use crate::cli::{Arguments, Exit, Failure, Outcome};

/// Print the manual page, or write all of them.
#[derive(Debug, Args)]
pub struct Man {
    /// Write the pages of all commands into this directory
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
}

impl Man {
    /// Prints the page, or writes all.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub fn run(self) -> Outcome {
        let command = Arguments::command();
        if let Some(directory) = self.out {
            return clap_mangen::generate_to(command, &directory)
                .map_err(|error| unwritable(&directory, &error))
                .and_then(|()| print(&format!("wrote the pages into {}", directory.display())));
        }
        let mut page = Vec::new();
        Page::new(command)
            .render(&mut page)
            .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
        print(&String::from_utf8_lossy(&page))
    }
}

fn unwritable(directory: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::CannotCreate,
        format!(
            "cannot write pages into {}: {error}; name a directory that exists and is yours",
            directory.display()
        ),
    )
}
