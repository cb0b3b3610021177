//! Whether a server runs on the data directory, and whether it answers.

use std::fs::{File, TryLockError};
use std::io::Read;

use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding};
use crate::cli::healthcheck;
use crate::config::Bind;
use crate::hub::Place;

/// A lock file begins with a process id; what is longer is none of ours.
const MAX_HOLDER_BYTES: u64 = 20;

/// The process that holds the directory's lock. The lock is asked for and given back at once; no file is made.
pub(super) fn holder(place: &Place) -> Option<String> {
    let file = File::open(place.lock()).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Whoever it is, somebody holds it.
            let _unreadable = file.take(MAX_HOLDER_BYTES).read_to_string(&mut holder);
            // Below it stands whether there is a database.
            Some(holder.lines().next().unwrap_or_default().to_owned())
        }
        _ => None,
    }
}

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(process) = &patient.server else {
        return Vec::new();
    };
    // Which sockets those are, only systemd knows.
    if matches!(patient.config.bind, Bind::Systemd) {
        return Vec::new();
    }
    match healthcheck::ask(patient.config) {
        Ok(_) => Vec::new(),
        Err(problem) => vec![Finding::hint(
            Check::Server,
            format!(
                "a server runs (process {process}), but it is not at the configured address: {problem}"
            ),
            "if it was started with --bind, that is as it should be; otherwise look at its log",
        )],
    }
}
