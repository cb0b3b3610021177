//! `hub version`: what a report of a problem begins with.

use clap::Args;
use serde_json::json;

use crate::cli::{Outcome, output};
use crate::store::schema;

/// Print the versions of the Hub, its SQLite and its schema.
#[derive(Debug, Args)]
pub struct Version {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Version {
    /// Prints them.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub fn run(self) -> Outcome {
        let (hub, sqlite) = (env!("CARGO_PKG_VERSION"), rusqlite::version());
        let schema = schema::known();
        if self.json {
            return output::json(&json!({"version": hub, "sqlite": sqlite, "schema": schema}));
        }
        output::print(&format!("hub {hub} (SQLite {sqlite}, schema {schema})"))
    }
}
