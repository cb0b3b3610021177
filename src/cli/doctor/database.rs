//! Whether the database is there, is ours, of this schema, and undamaged.

use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding, shown};
use crate::hub::Place;
use crate::store::audit::{self, Chain};
use crate::store::checkup::{self, Depth};
use crate::store::{OpenError, Store};

/// What kept it from being opened.
pub(super) fn unopened(place: &Place, error: OpenError) -> Vec<Finding> {
    let error = match error {
        // Where there is a key, there was a database.
        OpenError::Missing(path) if place.secret_key().exists() => OpenError::Lost(path),
        error => error,
    };
    vec![Finding::of_line(Check::Database, &error.to_string())]
}

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(store) = &patient.store else {
        return Vec::new();
    };
    let path = patient.place.database();
    let depth = if patient.full {
        Depth::Whole
    } else {
        Depth::Quick
    };
    let damaged = |problem: String| {
        Finding::new(
            Check::Database,
            format!("{} is damaged: {problem}", shown(&path)),
            "stop the server, keep a copy of the file, and put a backup in its place",
        )
    };
    let mut findings: Vec<Finding> = match checkup::problems(&path, depth) {
        Ok(problems) => problems.into_iter().map(damaged).collect(),
        Err(error) => vec![damaged(error.to_string())],
    };
    if patient.full {
        findings.extend(chain(store));
    }
    findings
}

/// Whether the audit is whole.
fn chain(store: &Store) -> Option<Finding> {
    let mend =
        "find out who could write to the file; a backup from before has the rows as they were";
    match store.read(audit::verify) {
        Ok(Chain::Whole { .. }) => None,
        Ok(Chain::Broken { at }) => Some(Finding::new(
            Check::Database,
            format!("row {at} of the audit is missing or was changed"),
            mend,
        )),
        Err(error) => Some(Finding::new(
            Check::Database,
            format!("the audit cannot be read: {error}"),
            mend,
        )),
    }
}
