//! Whether what lies in the data directory is for the Hub's own user only.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding, shown};
use crate::features::admin::setup::link;
use crate::store;

/// Files of the folder of backups that are looked at: more than anybody keeps.
const MAX_BACKUPS: usize = 1_000;

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let directory = &patient.place.directory;
    let Ok(top) = fs::metadata(directory) else {
        // That there is no database is told beside the database.
        return Vec::new();
    };
    let mut findings = Vec::new();
    findings.extend(exposed(directory, &top));
    for path in paths(patient) {
        // A missing one is told where it is missed.
        let Ok(file) = fs::metadata(&path) else {
            continue;
        };
        findings.extend(exposed(&path, &file));
        if file.uid() != top.uid() {
            findings.push(Finding::new(
                Check::Files,
                format!(
                    "{} belongs to user {}, the data directory to user {}",
                    shown(&path),
                    file.uid(),
                    top.uid()
                ),
                format!("run: chown {}:{} {}", top.uid(), top.gid(), shown(&path)),
            ));
        }
    }
    findings
}

/// What secrets or people's data are in. The key is looked at with the key.
fn paths(patient: &Patient<'_>) -> Vec<PathBuf> {
    let place = &patient.place;
    let backups = place.backups();
    let mut paths = store::files::of_database(&place.database()).to_vec();
    paths.extend([
        place.secret_key(),
        place.lock(),
        link::file(place),
        backups.clone(),
    ]);
    let files = fs::read_dir(backups).into_iter().flatten().flatten();
    paths.extend(files.take(MAX_BACKUPS).map(|file| file.path()));
    paths
}

fn exposed(path: &Path, file: &Metadata) -> Option<Finding> {
    let mode = file.mode() & 0o7777;
    let right = if file.is_dir() { "700" } else { "600" };
    (mode & 0o077 != 0).then(|| {
        Finding::new(
            Check::Files,
            format!("{} is open to others (mode {mode:04o})", shown(path)),
            format!("run: chmod {right} {}", shown(path)),
        )
    })
}
