//! `hub backup`: a copy of the database as of one moment, beside a running server or without one.
//!
//! It needs no key, writes nothing into the database and so leaves no row in the audit: it works where nothing can be written any more.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::database::whole;
use crate::cli::output::{self, print};
use crate::cli::terminal::Counter;
use crate::cli::{Exit, Failure, Global, Outcome, owner};
use crate::http::figures::size;
use crate::hub::Place;
use crate::store::backup::{self, BackupError, Kind, Made, Name, Pace};
use crate::store::db::folder_of;
use crate::types::time::{Clock, SystemClock};

/// Copy the database as of one moment, beside a running server or without one.
///
/// The copy is one file for its owner only, checked, and named when it is whole: a copy that is cut off leaves nothing under the name. A file that is
/// there is never replaced. The keys are not in it: keep secret.key too, and apart from it.
#[derive(Debug, Args)]
pub struct Backup {
    /// Where to write it: a new file, or a directory that is there; without it, a file named after the time in <data>/backups
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

/// What was written, in JSON.
#[derive(Serialize)]
struct Body {
    file: String,
    bytes: u64,
    schema: i64,
    milliseconds: i64,
}

impl Backup {
    /// Writes the copy.
    ///
    /// # Errors
    /// When there is no database, or no copy of it could be made; then nothing is left.
    pub fn run(self, global: &Global) -> Outcome {
        let config = global.load(Vec::new())?.config;
        let place = Place::new(&config.data_dir);
        let database = place.database();
        let clock = SystemClock::new();
        let begun = clock.now();
        let name = Name::new(Kind::Asked, begun.wall);
        let mut counter = Counter::new("pages");
        let mut told = |progress: backup::Progress| counter.show(progress.done, progress.total);
        let made = match &self.file {
            Some(file) if !file.is_dir() => {
                let (folder, name) = parted(file)?;
                // Before the work, not after it.
                if file.symlink_metadata().is_ok() {
                    return Err(BackupError::Exists(file.clone()).into());
                }
                backup::prepare(&database, folder, Pace::Quick, &mut told)?.publish(name)
            }
            Some(folder) => {
                backup::prepare(&database, folder, Pace::Quick, &mut told)?.publish_as(&name)
            }
            None => {
                owner::check(&place)?;
                let folder = place.backups();
                // In a data directory that is not there, the database is what is missing.
                if database.exists() {
                    backup::make(&folder)?;
                }
                backup::prepare(&database, &folder, Pace::Quick, &mut told)?.publish_as(&name)
            }
        }?;
        drop(counter);
        let micros = clock.now().steady.saturating_sub(begun.steady);
        self.tell(&made, micros)
    }

    fn tell(&self, made: &Made, micros: i64) -> Outcome {
        let file = whole(&made.path);
        let body = Body {
            file: file.display().to_string(),
            bytes: made.bytes,
            schema: made.schema,
            milliseconds: micros / 1_000,
        };
        if self.json {
            return output::json(&body);
        }
        print(&format!(
            "wrote {}: {}, schema version {}, in {}; the keys are not in it, keep secret.key too",
            body.file,
            size(body.bytes),
            body.schema,
            seconds(micros)
        ))
    }
}

/// The folder of a file that is to be made, and its name.
fn parted(file: &Path) -> Result<(&Path, &str), Failure> {
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| {
        let text = format!(
            "{} is no name for a file; write one in UTF-8",
            file.display()
        );
        Failure::new(Exit::Usage, text)
    })?;
    Ok((folder_of(file), name))
}

/// `0.42 s`.
#[must_use]
pub fn seconds(micros: i64) -> String {
    let hundredths = micros.max(0) / 10_000;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}
