//! `hub user import`: the users of another system, with the password hashes that it made, beside a running server.
//!
//! The file is read record by record and written in batches, each one transaction, so whatever cuts the command off leaves whole batches: with
//! `--skip-existing` the same command goes on from there. What is wrong with a record is told with its line, and the others come in.

pub mod field;
mod newcomer;
mod record;
mod rehearsal;
mod report;
mod source;

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::crypto::firebase::FirebaseProject;
use crate::features::admin::users::import_users::{Fate, ImportUsers, MAX_BATCH_USERS};
use crate::features::users::model::ImportedUser;
use crate::features::users::store::Taken;
use crate::store::Mode;
use newcomer::Rules;
use record::{Format, Records};
use rehearsal::Rehearsal;
use report::{Progress, Report};
use source::Source;

/// Most bytes of a file with a project's parameters: they are five lines.
const MAX_PARAMETERS_BYTES: u64 = 16 * 1024;

/// Add the users of another system. Their password hashes are kept as they came, and renewed as ours when they first sign in.
///
/// Columns: username, email, `email_verified`, `password_hash`, `password_salt` (Firebase), role, `premium_tier`, `is_active`, `created_at`, bio,
/// `profile_photo_url`, `website_url`. Without a hash an account has no password until one is set.
#[derive(Debug, Args)]
pub struct Import {
    /// The file, or - for standard input
    file: PathBuf,
    /// How it is written; without this its ending says so: .csv, .json, .jsonl or .ndjson
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Do everything but the writing, and tell the same counts
    #[arg(long)]
    dry_run: bool,
    /// Step over users who are there already with the same name and address, so that a run that was cut off can be started again
    #[arg(long)]
    skip_existing: bool,
    /// Give the roles that the file names; without this everybody must be a USER
    #[arg(long)]
    allow_roles: bool,
    /// Write what is wrong with which line into this file, as CSV
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// The parameters of the Firebase project that made the hashes, as its console shows them
    #[arg(long, value_name = "FILE")]
    firebase: Option<PathBuf>,
}

impl Import {
    /// Imports them.
    ///
    /// # Errors
    /// When the file cannot be read or its columns are unknown; after the rest was done, when a record was refused.
    pub fn run(self, global: &Global) -> Outcome {
        let format = self
            .format
            .or_else(|| Format::of(&self.file))
            .ok_or_else(|| {
                let text =
                    "nothing says how the file is written; add --format csv or --format json";
                Failure::new(Exit::Usage, text)
            })?;
        let firebase = self.firebase.as_deref().map(project).transpose()?;
        let (input, total) = self.open()?;
        let mode = if self.dry_run {
            Mode::Reading
        } else {
            Mode::CommandLine
        };
        let database = Changing::open_in(global, mode)?;
        let source = Source::new(input);
        let progress = Progress::new(source.read(), total);
        let records = Records::begin(source, format).map_err(|error| self.failed(&error))?;
        let report = Report::begin(self.errors.as_deref(), progress)?;
        let run = Run {
            rules: Rules {
                allow_roles: self.allow_roles,
                hashing: *database.hub.hasher.settings(),
                firebase,
                now: database.hub.clock.now().wall,
            },
            skip_existing: self.skip_existing,
            rehearsal: self.dry_run.then(Rehearsal::default),
            database: &database,
            batch: Vec::new(),
            report,
        };
        self.finish(run, records, &database)
    }

    fn finish(&self, mut run: Run<'_>, mut records: Records, database: &Changing) -> Outcome {
        let ended = run.all(&mut records).map_err(|stopped| match stopped {
            Stopped::File(error) => self.failed(&error),
            Stopped::Command(failure) => failure,
        });
        let counts = run.report.counts;
        run.report.tell();
        let told = if self.dry_run { "would be " } else { "" };
        let path = database.path();
        print(&format!(
            "{} {told}added, {} {told}skipped, {} {told}refused in {path}",
            counts.added, counts.skipped, counts.refused
        ))?;
        ended?;
        if counts.refused > 0 {
            let text = format!(
                "{} of the records were refused; mend them and import again with --skip-existing",
                counts.refused
            );
            return Err(Failure::new(Exit::Failed, text));
        }
        Ok(())
    }

    fn open(&self) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
        if self.file == Path::new("-") {
            return Ok((Box::new(std::io::stdin()), None));
        }
        let file = File::open(&self.file).map_err(|error| {
            let text = format!("cannot read {}: {error}", self.file.display());
            Failure::new(Exit::Unavailable, text)
        })?;
        let bytes = file.metadata().ok().map(|told| told.len());
        Ok((Box::new(file), bytes))
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::new(Exit::Failed, format!("{}: {error}", self.file.display()))
    }
}

/// Why a run ends before the file does.
enum Stopped {
    /// The file cannot be read any further.
    File(source::SourceError),
    /// The database or the file of errors.
    Command(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Command(failure)
    }
}

/// An import under way.
struct Run<'run> {
    rules: Rules,
    skip_existing: bool,
    /// What a dry run remembers.
    rehearsal: Option<Rehearsal>,
    database: &'run Changing,
    /// Users that wait for their batch to be full, with their lines.
    batch: Vec<(u64, ImportedUser)>,
    report: Report,
}

impl Run<'_> {
    fn all(&mut self, records: &mut Records) -> Result<(), Stopped> {
        loop {
            match records.next() {
                Ok(Some((line, found))) => {
                    match found.and_then(|record| self.rules.user(&record)) {
                        Ok(user) => self.batch.push((line, user)),
                        Err(problem) => self.report.refuse(line, &problem)?,
                    }
                    if self.batch.len() == MAX_BATCH_USERS {
                        self.write()?;
                    }
                    self.report.show();
                }
                Ok(None) => return Ok(self.write()?),
                Err(error) => {
                    // What stands before it is sound.
                    self.write()?;
                    return Err(Stopped::File(error));
                }
            }
        }
    }

    fn write(&mut self) -> Outcome {
        let (lines, users): (Vec<u64>, Vec<ImportedUser>) = self.batch.drain(..).unzip();
        let fates = match &mut self.rehearsal {
            Some(rehearsal) => {
                let database = self.database;
                database.read(|db| Ok(rehearsal.fates(db, &users)?))?
            }
            None if users.is_empty() => Vec::new(),
            None => self.database.apply(ImportUsers {
                users,
                cause: self.database.cause(),
            })?,
        };
        for (line, fate) in lines.into_iter().zip(fates) {
            match fate {
                Fate::Added => self.report.counts.added += 1,
                Fate::Present if self.skip_existing => self.report.counts.skipped += 1,
                Fate::Present => self.report.refuse(
                    line,
                    "this user is there already; add --skip-existing to step over such users",
                )?,
                Fate::Refused(Taken::Username) => self.report.refuse(
                    line,
                    "somebody with another address has this name already; give one of them another name",
                )?,
                Fate::Refused(Taken::Email) => self.report.refuse(
                    line,
                    "somebody with another name has this address already; keep one of the two",
                )?,
            }
        }
        Ok(())
    }
}

/// Reads the parameters of a Firebase project. They hold a secret: others must not be able to read the file.
fn project(path: &Path) -> Result<FirebaseProject, Failure> {
    let cannot = |error: std::io::Error| {
        let text = format!("cannot read {}: {error}", path.display());
        Failure::new(Exit::Unavailable, text)
    };
    let file = File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.mode() & 0o077 != 0 {
        let text = format!(
            "{0} holds a secret and others may read it; chmod 600 {0}",
            path.display()
        );
        return Err(Failure::new(Exit::Permission, text));
    }
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(MAX_PARAMETERS_BYTES)
        .read_to_string(&mut text)
        .map_err(cannot)?;
    FirebaseProject::parse(&text).map_err(|error| {
        let text = format!("{}: {error}", path.display());
        Failure::new(Exit::Configuration, text)
    })
}
