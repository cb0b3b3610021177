//! `hub migrate`: brings the database to the schema of this binary, or tells how far it is from it.

use clap::Args;
use serde::Serialize;

use crate::cli::database::full_path;
use crate::cli::output::{self, print};
use crate::cli::{Global, Outcome, serve};
use crate::hub::Place;
use crate::store::{Mode, OpenError, Store, schema};

/// Bring the database to the schema of this binary. No server may run on it meanwhile.
#[derive(Debug, Args)]
pub struct Migrate {
    /// Only tell the versions and what is pending; exit code 78 when the database is newer than this binary
    #[arg(long)]
    status: bool,
    /// Print the status as JSON
    #[arg(long, requires = "status")]
    json: bool,
}

#[derive(Serialize)]
struct Status {
    database: String,
    /// The file's version.
    schema: i64,
    /// This binary's.
    known: i64,
    /// Names of the migrations that are to come.
    pending: Vec<String>,
}

impl Migrate {
    /// Migrates, or tells.
    ///
    /// # Errors
    /// When there is no database, a server runs on it, or it is newer than this binary.
    pub fn run(self, global: &Global) -> Outcome {
        let config = global.load(Vec::new())?.config;
        let place = Place::new(&config.data_dir);
        let path = place.database();
        let found = schema::version(&path)?;
        let known = known();
        let shown = full_path(&config).display().to_string();
        if self.status {
            let pending = schema::migrations().into_iter();
            let status = Status {
                database: shown,
                schema: found,
                known,
                pending: pending
                    .filter(|migration| migration.version > found)
                    .map(|migration| migration.name)
                    .collect(),
            };
            self.tell(&status)?;
            if found > known {
                return Err(OpenError::Newer { path, found, known }.into());
            }
            return Ok(());
        }
        let _locked = serve::lock(&place)?;
        Store::open(&path, Mode::Server)?.close();
        if found == known {
            print(&format!("{shown} has schema version {known} already"))
        } else {
            print(&format!(
                "migrated {shown} from schema version {found} to {known}"
            ))
        }
    }

    fn tell(&self, status: &Status) -> Outcome {
        if self.json {
            return output::json(status);
        }
        let pending = if status.pending.is_empty() {
            output::NOTHING.to_owned()
        } else {
            status.pending.join(", ")
        };
        output::facts(&[
            ("database", status.database.clone()),
            ("its schema", status.schema.to_string()),
            ("this binary's", status.known.to_string()),
            ("pending", pending),
        ])
    }
}

/// The schema version of this binary.
#[must_use]
pub fn known() -> i64 {
    schema::migrations().last().map_or(0, |last| last.version)
}
