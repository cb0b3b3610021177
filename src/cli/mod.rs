//! The command line: nouns first, verbs second, one subcommand a file.

mod failure;
mod logs;
mod serve;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::config::{Config, Loaded, Sources};
pub use failure::{Exit, Failure};

/// What every command gives back.
type Outcome = Result<(), Failure>;

/// Sign-in for all your apps from one binary.
#[derive(Debug, Parser)]
#[command(name = "hub", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that every command understands.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Read this configuration file
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Where the database and the key are
    #[arg(long, value_name = "DIRECTORY", global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
}

impl Global {
    /// The configuration, these flags and further ones (`key`, `value`) being the strongest layer.
    fn load(&self, flags: Vec<(String, String)>) -> Result<Loaded, Failure> {
        let mut sources = Sources::from_process()?;
        sources.config_flag.clone_from(&self.config);
        sources.flags = flags;
        if let Some(directory) = &self.data_dir {
            let directory = directory.to_str().ok_or_else(|| {
                Failure::new(
                    Exit::Usage,
                    "--data-dir: is not UTF-8 text; use another name",
                )
            })?;
            sources
                .flags
                .push(("data_dir".to_owned(), directory.to_owned()));
        }
        Ok(Config::load(&sources)?)
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(command) = arguments.command else {
        let help = Arguments::command().print_help();
        return help.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    };
    let outcome = match command {
        Command::Serve(serve) => serve.run(&arguments.global),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where standard error is closed there is nobody left to tell.
            let _closed = writeln!(std::io::stderr(), "hub: {}", failure.text);
            ExitCode::from(failure.exit as u8)
        }
    }
}
