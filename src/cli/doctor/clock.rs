//! Whether the wall clock stands behind what was written before.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding, shown};
use crate::store::audit;
use crate::store::{Db, StoreError};
use crate::types::time::Timestamp;

/// What a time service corrects in one step without anybody wondering, and what file systems round.
const SLACK: Duration = Duration::from_mins(5);
/// Before this program there was no Hub: 2026-01-01.
const FIRST_DAY: Timestamp = Timestamp::from_seconds(1_767_225_600);
const MEND: &str =
    "set the clock, and let a time service keep it: by it tokens and sessions expire";

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let now = patient.now.wall;
    let behind = |what: String, at: Timestamp| {
        (at > now.plus(SLACK)).then(|| {
            Finding::new(
                Check::Clock,
                format!("the clock says {now} UTC, and {what} {at} UTC"),
                MEND,
            )
        })
    };
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(behind(
        "the Hub was not written before".to_owned(),
        FIRST_DAY,
    ));
    let place = &patient.place;
    for path in [place.database(), place.lock()] {
        if let Some(at) = written(&path) {
            findings.extend(behind(format!("{} was written at", shown(&path)), at));
        }
    }
    if let Some(at) = newest_row(patient) {
        findings.extend(behind("the newest row of the audit is from".to_owned(), at));
    }
    findings
}

fn written(path: &std::path::Path) -> Option<Timestamp> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    let since = modified.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros())
        .ok()
        .map(Timestamp::from_micros)
}

/// When the last row of the audit was written, by the clock of then. An unreadable one is told beside the database.
fn newest_row(patient: &Patient<'_>) -> Option<Timestamp> {
    let newest = audit::Filter {
        limit: 1,
        ..audit::Filter::default()
    };
    let read = |db: &Db<'_>| audit::list(db, &newest);
    let rows = patient.store.as_ref()?.read::<_, StoreError>(read).ok()?;
    rows.first().map(|row| row.at)
}
