//! `hub user`: accounts, changed beside a running server. Every change counts at the user's next request.

mod active;
mod add;
mod delete;
mod export;
mod import;
mod list;
mod passwd;
mod role;
mod show;
mod which;

use clap::Subcommand;

use crate::cli::{Global, Outcome};
pub use which::{find, number_of};

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Make an account
    Add(add::Add),
    /// Add the users of another system, from a CSV or JSON file, with their password hashes
    Import(import::Import),
    /// Write all users as a file that import takes
    Export(export::Export),
    /// List all users
    List(list::List),
    /// Show one user
    Show(show::Show),
    /// Set a user's password, which ends all their sessions
    Passwd(passwd::Passwd),
    /// Let a user sign in again
    Enable(active::Enable),
    /// Lock a user out, which ends all their sessions
    Disable(active::Disable),
    /// Give a user another role
    Role(role::SetRole),
    /// Delete a user, which ends all their sessions
    Delete(delete::Delete),
}

impl User {
    /// Does it.
    ///
    /// # Errors
    /// The verb's own.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Add(add) => add.run(global),
            Self::Import(import) => import.run(global),
            Self::Export(export) => export.run(global),
            Self::List(list) => list.run(global),
            Self::Show(show) => show.run(global),
            Self::Passwd(passwd) => passwd.run(global),
            Self::Enable(enable) => enable.run(global),
            Self::Disable(disable) => disable.run(global),
            Self::Role(role) => role.run(global),
            Self::Delete(delete) => delete.run(global),
        }
    }
}
