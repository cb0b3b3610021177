//! The command line: nouns first, verbs second, one subcommand a file.

mod audit;
mod backup;
mod completions;
mod config;
mod database;
mod descriptors;
mod dev;
mod doctor;
mod failure;
mod healthcheck;
mod key;
mod listening;
mod logs;
mod man;
mod memory;
mod metrics;
mod migrate;
mod openapi;
mod output;
mod owner;
mod restore;
mod serve;
mod service;
mod service_manager;
mod session;
mod setup_link;
mod terminal;
mod token;
mod user;
mod version;
mod webhook;

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
    #[arg(long, value_name = "FILE", global = true, display_order = 900)]
    config: Option<PathBuf>,
    /// Where the database and the key are
    #[arg(long, value_name = "DIRECTORY", global = true, display_order = 901)]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Try it: a server on a throw-away directory with made-up people and a stolen token
    Dev(dev::Dev),
    /// Print a fresh one-time link that makes an administrator
    SetupLink(setup_link::SetupLink),
    /// Add, list and change users
    #[command(subcommand)]
    User(user::User),
    /// List and end sessions
    #[command(subcommand)]
    Session(session::Session),
    /// Add, list and revoke accounts of services that hear of revocations
    #[command(subcommand)]
    Service(service::Service),
    /// Add, list and change webhooks, and send again what they could not be told
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Look into tokens
    #[command(subcommand)]
    Token(token::Token),
    /// List and rotate the keys
    #[command(subcommand)]
    Key(key::Key),
    /// Read the audit and check its chain
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Copy the database as of one moment, beside a running server or without one
    Backup(backup::Backup),
    /// Put a backup into the place of the database, which is kept aside
    Restore(restore::Restore),
    /// Bring the database to the schema of this binary
    Migrate(migrate::Migrate),
    /// Look for what is wrong, or soon will be, and say how to mend it
    Doctor(doctor::Doctor),
    /// Ask the running server whether it lives: exit code 0 or 1
    Healthcheck(healthcheck::Healthcheck),
    /// Show and check the configuration
    #[command(subcommand)]
    Config(config::Configuration),
    /// Print the document of the API, for programs
    Openapi,
    /// Print completions for a shell
    Completions(completions::Completions),
    /// Print the manual page, or write all of them
    Man(man::Man),
    /// Print the versions of the Hub, its SQLite and its schema
    Version(version::Version),
}

impl Command {
    fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Serve(serve) => serve.run(global),
            Self::Dev(dev) => dev.run(global),
            Self::SetupLink(link) => link.run(global),
            Self::User(user) => user.run(global),
            Self::Session(session) => session.run(global),
            Self::Service(service) => service.run(global),
            Self::Webhook(webhook) => webhook.run(global),
            Self::Token(token) => token.run(global),
            Self::Key(key) => key.run(global),
            Self::Audit(audit) => audit.run(global),
            Self::Backup(backup) => backup.run(global),
            Self::Restore(restore) => restore.run(global),
            Self::Migrate(migrate) => migrate.run(global),
            Self::Doctor(doctor) => doctor.run(global),
            Self::Healthcheck(healthcheck) => healthcheck.run(global),
            Self::Config(config) => config.run(global),
            Self::Openapi => openapi::run(),
            Self::Completions(completions) => completions.run(),
            Self::Man(man) => man.run(),
            Self::Version(version) => version.run(),
        }
    }
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
    let outcome = memory::keep().and_then(|()| match arguments.command {
        Some(command) => command.run(&arguments.global),
        None => output::print(&Arguments::command().render_help().to_string()),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where standard error is closed there is nobody left to tell.
            let _closed = writeln!(std::io::stderr(), "hub: {}", failure.text);
            ExitCode::from(failure.exit as u8)
        }
    }
}
