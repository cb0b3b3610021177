//! `hub migrate`: brings the database to the schema of this binary, tells how far it is from it, or tries it on a copy.

use clap::Args;
use serde::Serialize;

use crate::cli::backup::seconds;
use crate::cli::database::{full_path, whole};
use crate::cli::output::{self, print};
use crate::cli::terminal::Counter;
use crate::cli::{Global, Outcome, owner, serve};
use crate::http::figures::size;
use crate::hub::{HubError, Place};
use crate::store::upgrade::{self, Rehearsal};
use crate::store::{Mode, OpenError, Store, schema};
use crate::types::time::{Clock, SystemClock};

/// Bring the database to the schema of this binary. No server may run on it meanwhile.
///
/// The database as it was is copied into <data>/backups first. All that is to be done is one transaction: cut off at any point, the database is as it
/// was or in the new schema.
#[derive(Debug, Args)]
pub struct Migrate {
    /// Only tell the versions and what is pending; exit code 78 when the database is newer than this binary
    #[arg(long, group = "looks")]
    status: bool,
    /// Migrate a copy, beside a running server too, tell what would happen, and leave nothing behind
    #[arg(long, group = "looks")]
    dry_run: bool,
    /// Print what --status or --dry-run tell as JSON
    #[arg(long, requires = "looks")]
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

/// What a dry run found, in JSON.
#[derive(Serialize)]
struct Tried {
    database: String,
    schema: i64,
    known: i64,
    migrations: Vec<Step>,
    tables: Vec<Rows>,
    /// Where the snapshot would lie.
    snapshot_folder: String,
    snapshot_bytes: u64,
}

#[derive(Serialize)]
struct Step {
    name: String,
    milliseconds: i64,
}

#[derive(Serialize)]
struct Rows {
    table: String,
    before: i64,
    after: i64,
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
        let known = schema::known();
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
        if self.dry_run {
            if found > known {
                return Err(OpenError::Newer { path, found, known }.into());
            }
            return self.try_out(&place, shown);
        }
        owner::check(&place)?;
        let _locked = serve::lock(&place)?;
        let now = SystemClock::new().now().wall;
        let snapshot = upgrade::snapshot(&path, &place.backups(), now).map_err(HubError::from)?;
        Store::open(&path, Mode::Server)?.close();
        match snapshot {
            None if found == known => print(&format!("{shown} has schema version {known} already")),
            None => print(&format!(
                "migrated {shown} from schema version {found} to {known}"
            )),
            Some(snapshot) => print(&format!(
                "migrated {shown} from schema version {found} to {known}; as it was it lies at {}",
                whole(&snapshot.path).display()
            )),
        }
    }

    fn try_out(&self, place: &Place, database: String) -> Outcome {
        let mut counter = Counter::new("pages");
        let clock = SystemClock::new();
        let tried = upgrade::rehearse(&place.database(), &clock, &mut |progress| {
            counter.show(progress.done, progress.total);
        });
        drop(counter);
        let Rehearsal {
            found,
            snapshot_bytes,
            steps,
            tables,
        } = tried?;
        let steps = steps.into_iter().map(|(name, micros)| Step {
            name,
            milliseconds: micros / 1_000,
        });
        let tables = tables.into_iter().map(|table| Rows {
            before: table.before.unwrap_or(0),
            after: table.after.unwrap_or(0),
            table: table.name,
        });
        let tried = Tried {
            database,
            schema: found,
            known: schema::known(),
            migrations: steps.collect(),
            tables: tables.collect(),
            snapshot_folder: whole(&place.backups()).display().to_string(),
            snapshot_bytes,
        };
        if self.json {
            return output::json(&tried);
        }
        tried.tell()
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

impl Tried {
    fn tell(&self) -> Outcome {
        let (database, known) = (&self.database, self.known);
        if self.migrations.is_empty() {
            return print(&format!(
                "{database} has schema version {known} already; nothing would be done"
            ));
        }
        let snapshot = format!("{} in {}", size(self.snapshot_bytes), self.snapshot_folder);
        output::facts(&[
            ("database", database.clone()),
            ("from schema", self.schema.to_string()),
            ("to schema", known.to_string()),
            ("snapshot", snapshot),
        ])?;
        let steps: Vec<Vec<String>> = self
            .migrations
            .iter()
            .map(|step| vec![step.name.clone(), seconds(step.milliseconds * 1_000)])
            .collect();
        print("")?;
        output::table(&["migration", "took"], &steps)?;
        let rows: Vec<Vec<String>> = self
            .tables
            .iter()
            .map(|rows| {
                let cells = [rows.before, rows.after].map(|count| count.to_string());
                [vec![rows.table.clone()], cells.to_vec()].concat()
            })
            .collect();
        print("")?;
        output::table(&["table", "rows before", "rows after"], &rows)?;
        print(
            "\nevery page, every reference and the chain of the audit are whole; nothing was changed",
        )
    }
}
