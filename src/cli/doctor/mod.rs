//! `hub doctor`: looks for what is wrong, or soon will be, and says how to mend it. It changes nothing, and a server may run meanwhile.
//!
//! People call it when something is broken. So each check stands by itself: where the database is missing or damaged, the others still look.

mod backups;
mod clock;
mod configuration;
mod database;
mod disk;
mod files;
mod finding;
mod key;
mod limits;
mod server;
mod way;

use clap::Args;
use serde::Serialize;

use crate::cli::doctor::finding::{Check, Finding, Level};
use crate::cli::output::{self, counted};
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::config::Config;
use crate::hub::Place;
use crate::store::{Mode, Store};
use crate::types::time::{Clock, Moment, SystemClock};

/// Look for what is wrong, or soon will be, and say how to mend it: exit code 1 when something was found.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Check every page, index and reference of the database and the whole chain of the audit, too
    #[arg(long)]
    full: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the checks look at.
struct Patient<'look> {
    config: &'look Config,
    place: Place,
    now: Moment,
    /// The process id in the lock file, if a server holds it.
    server: Option<String>,
    /// The database, if it can be opened.
    store: Option<Store>,
    full: bool,
}

#[derive(Serialize)]
struct Report<'report> {
    /// Where was looked; null if the configuration does not tell.
    data_dir: Option<String>,
    /// What was looked at.
    checks: Vec<&'static str>,
    findings: &'report [Finding],
}

impl Doctor {
    /// Looks.
    ///
    /// # Errors
    /// When something was found; hints alone are none.
    pub fn run(self, global: &Global) -> Outcome {
        let (data_dir, checks, findings) = match global.load(Vec::new()) {
            Err(failure) => (
                None,
                vec![Check::Configuration],
                configuration::broken(&failure),
            ),
            Ok(loaded) => {
                let findings = self.look(&loaded.config);
                let directory = loaded.config.data_dir.display().to_string();
                (Some(directory), Check::ALL.to_vec(), findings)
            }
        };
        if self.json {
            output::json(&Report {
                data_dir,
                checks: checks.iter().map(|check| check.as_str()).collect(),
                findings: &findings,
            })?;
        } else {
            output::print(&told(&checks, &findings))?;
        }
        let found = findings
            .iter()
            .filter(|finding| finding.level == Level::Finding);
        match found.count() {
            0 => Ok(()),
            number => Err(Failure::new(
                Exit::Failed,
                format!(
                    "{} in need of mending; each line says how",
                    counted(u64::try_from(number).unwrap_or(u64::MAX), "finding")
                ),
            )),
        }
    }

    fn look(&self, config: &Config) -> Vec<Finding> {
        let place = Place::new(&config.data_dir);
        let (store, mut findings) = match Store::open(&place.database(), Mode::Reading) {
            Ok(store) => (Some(store), Vec::new()),
            Err(error) => (None, database::unopened(&place, error)),
        };
        let patient = Patient {
            config,
            now: SystemClock::new().now(),
            server: server::holder(&place),
            store,
            full: self.full,
            place,
        };
        for look in [
            configuration::look,
            files::look,
            key::look,
            database::look,
            disk::look,
            clock::look,
            way::look,
            backups::look,
            limits::look,
            server::look,
        ] {
            findings.extend(look(&patient));
        }
        findings.sort_by_key(|finding| (finding.level, finding.check));
        findings
    }
}

/// The findings as lines, the worst first, and what else was looked at.
fn told(checks: &[Check], findings: &[Finding]) -> String {
    let mut lines: Vec<String> = findings.iter().map(Finding::line).collect();
    let well: Vec<&str> = checks
        .iter()
        .filter(|check| findings.iter().all(|finding| finding.check != **check))
        .map(|check| check.as_str())
        .collect();
    if !well.is_empty() {
        lines.push(format!("well     {}", well.join(", ")));
    }
    lines.join("\n")
}
