//! `hub config`: the configuration in effect, where each value came from, and what is wrong with it.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::output::{self, NOTHING};
use crate::cli::{Global, Outcome};
use crate::config::{Origin, SETTINGS, example};
use crate::front::Tls;

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub enum Configuration {
    /// Print every setting's value; secrets are never shown
    Print(Print),
    /// Check the configuration; exit code 78 when something is wrong with it
    Check,
    /// Print a hub.toml to start from
    Example,
}

/// Print every setting's value; secrets are never shown.
#[derive(Debug, Args)]
pub struct Print {
    /// Print where each value came from, too
    #[arg(long)]
    origin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Configuration {
    /// Does it.
    ///
    /// # Errors
    /// When the configuration is wrong, with a line for everything that is.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Print(print) => print.run(global),
            Self::Check => {
                let loaded = global.load(Vec::new())?;
                if let Some((cert, key)) = loaded.config.tls.files() {
                    Tls::load(cert, key)?;
                }
                let given = loaded
                    .origins
                    .iter()
                    .filter(|origin| origin.from != "default")
                    .count();
                output::print(&format!(
                    "the configuration is good: {given} of {} settings are given, the others have their defaults",
                    SETTINGS.len()
                ))
            }
            Self::Example => output::print(&example()),
        }
    }
}

impl Print {
    fn run(self, global: &Global) -> Outcome {
        let loaded = global.load(Vec::new())?;
        if self.json {
            let settings: Vec<Value> = loaded
                .origins
                .iter()
                .map(|origin| self.body(origin))
                .collect();
            return output::json(&settings);
        }
        let rows: Vec<Vec<String>> = loaded
            .origins
            .iter()
            .map(|origin| self.row(origin))
            .collect();
        if self.origin {
            output::table(&["SETTING", "VALUE", "FROM"], &rows)
        } else {
            output::table(&["SETTING", "VALUE"], &rows)
        }
    }

    fn body(&self, origin: &Origin) -> Value {
        if self.origin {
            json!({"key": origin.key, "value": origin.value, "from": origin.from})
        } else {
            json!({"key": origin.key, "value": origin.value})
        }
    }

    fn row(&self, origin: &Origin) -> Vec<String> {
        let value = match origin.value.as_str() {
            "" => NOTHING,
            value => value,
        };
        let mut row = vec![origin.key.to_owned(), value.to_owned()];
        if self.origin {
            row.push(origin.from.clone());
        }
        row
    }
}
