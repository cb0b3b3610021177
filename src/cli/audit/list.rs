//! `hub audit list`: what was done, newest first.

use clap::Args;

use crate::cli::audit::filter::Filters;
use crate::cli::database::Reading;
use crate::cli::output::{self, or_nothing};
use crate::cli::{Global, Outcome};
use crate::features::admin::audit::told::Told;
use crate::store::audit::{self, Entry};

/// List what was done, newest first.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    filters: Filters,
    /// At most so many rows
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    /// Lists it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Reading::open(global)?;
        let filter = self.filters.resolve(database.now.wall, self.limit);
        let entries = database.read(|db| Ok(audit::list(db, &filter)?))?;
        if self.json {
            let told: Vec<Told<'_>> = entries.iter().map(Told::new).collect();
            return output::json(&told);
        }
        let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
        output::table(
            &["ID", "AT", "ACTOR", "ACTION", "TARGET", "IP", "DETAIL"],
            &rows,
        )
    }
}

fn row(entry: &Entry) -> Vec<String> {
    vec![
        entry.id.to_string(),
        entry.at.to_string(),
        entry.actor.clone(),
        entry.action.clone(),
        or_nothing(entry.target.as_ref()),
        or_nothing(entry.address.as_ref()),
        or_nothing(entry.detail.as_ref()),
    ]
}
