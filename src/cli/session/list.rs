//! `hub session list`: sessions, newest first.

use std::io::Write;

use clap::Args;

use crate::cli::database::Reading;
use crate::cli::output::{self, or_nothing};
use crate::cli::session::body::Body;
use crate::cli::session::filter::Filters;
use crate::cli::{Global, Outcome};
use crate::features::sessions::store::many::order::Sort;
use crate::features::sessions::store::many::page::{self, SORTED_ROWS, Turn, Wanted};

/// List sessions, newest first.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    filters: Filters,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// When a filter names an unknown user, or the database cannot be read.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Reading::open(global)?;
        let now = database.sessions_now();
        let wanted = Wanted {
            sort: Sort::Started,
            descending: true,
            rows: self.limit,
            turn: Turn::First,
            sorted_rows: SORTED_ROWS,
        };
        let listed = database.read(|db| {
            let filter = self.filters.resolve(db, now)?;
            Ok(page::page(db, &filter, now, &wanted)?)
        })?;
        let bodies: Vec<Body> = listed
            .rows
            .iter()
            .map(|session| Body::new(session, now))
            .collect();
        if self.json {
            output::json(&bodies)?;
        } else {
            let rows: Vec<Vec<String>> = bodies.iter().map(row).collect();
            output::table(
                &[
                    "ID",
                    "USER",
                    "STATUS",
                    "LAST USED",
                    "IP",
                    "DEVICE",
                    "ROTATIONS",
                ],
                &rows,
            )?;
        }
        if listed.next.is_some() {
            // Beside the list, not in it.
            let _closed = writeln!(
                std::io::stderr(),
                "hub: only the newest {} are shown; ask for more with --limit",
                self.limit
            );
        }
        Ok(())
    }
}

fn row(body: &Body) -> Vec<String> {
    vec![
        body.id.clone(),
        body.user(),
        body.status.to_owned(),
        body.last_used_at.clone(),
        or_nothing(body.ip.as_ref()),
        body.device.clone(),
        body.rotations.to_string(),
    ]
}
