//! The database: its writer, its files, the disk below them, and what keeps it small and safe.

use std::fs;
use std::path::Path;

use crate::features::metrics::family::Family;
use crate::features::metrics::watched::Watched;
use crate::hub::Place;
use crate::store::backup::{self, Kind};
use crate::store::{MAX_WAITING_CHANGES, WriterCounts, files};
use crate::types::time::Timestamp;

pub fn families(watched: &Watched) -> Vec<Family> {
    let mut families = vec![
        Family::gauge(
            "hub_database_trusted",
            "1 while the database was found sound; 0 once it was found damaged or lost, and nothing is read or written any more.",
        )
        .of(u64::from(watched.store.is_trusted())),
    ];
    if let Some(writer) = watched.store.writer_counts() {
        families.extend(of_writer(&writer));
    }
    families.extend(of_files(&watched.place));
    families.extend(of_upkeep(watched));
    families
}

fn of_writer(writer: &WriterCounts) -> Vec<Family> {
    vec![
        Family::gauge(
            "hub_writer_waiting_changes",
            "Changes that wait for the writer of the database.",
        )
        .of(writer.waiting.read()),
        Family::gauge(
            "hub_writer_queue_limit",
            "Changes that may wait for the writer; further ones are refused.",
        )
        .of(u64::try_from(MAX_WAITING_CHANGES).unwrap_or(u64::MAX)),
        Family::counter(
            "hub_writer_refused_changes",
            "Changes that were not taken: too many waited, or the server was stopping.",
        )
        .of(writer.refused.read()),
        Family::histogram("hub_writer_batch_changes", "Changes in one commit.")
            .of_sizes(&writer.batches.read()),
        Family::histogram(
            "hub_writer_commit_duration_seconds",
            "Time that a commit takes, its changes and its sync included, in seconds.",
        )
        .with_times([], &writer.commits.read()),
        Family::counter(
            "hub_writer_failed_commits",
            "Commits that failed; each of their changes was answered with an error.",
        )
        .of(writer.failed.read()),
    ]
}

fn of_files(place: &Place) -> Vec<Family> {
    let [database, log, _] = files::of_database(&place.database());
    // One that is not there is empty: nobody waits in the log, or the database is lost, which is told elsewhere.
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let mut families = vec![
        Family::gauge(
            "hub_database_size_bytes",
            "Size of the database file, in bytes.",
        )
        .of(bytes(&database)),
        Family::gauge(
            "hub_database_wal_size_bytes",
            "Size of the database's write-ahead log, in bytes.",
        )
        .of(bytes(&log)),
    ];
    if let Ok(disk) = rustix::fs::statvfs(&place.directory) {
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        families.extend([
            Family::gauge(
                "hub_disk_free_bytes",
                "Free space on the disk of the data directory, in bytes.",
            )
            .of(bytes(disk.f_bavail)),
            Family::gauge(
                "hub_disk_size_bytes",
                "Size of the disk of the data directory, in bytes.",
            )
            .of(bytes(disk.f_blocks)),
        ]);
    }
    families
}

fn of_upkeep(watched: &Watched) -> Vec<Family> {
    let seconds = |at: Option<Timestamp>| {
        let seconds = at.map_or(0, Timestamp::seconds);
        u64::try_from(seconds).unwrap_or(0)
    };
    let mut families = vec![
        Family::gauge(
            "hub_housekeeping_last_success_timestamp_seconds",
            "When the housekeeping last did all that was due, in seconds since 1970; 0 if it has not since the start.",
        )
        .of(seconds(watched.counts.last_housekeeping())),
        Family::counter(
            "hub_housekeeping_failures",
            "Runs of the housekeeping that were cut off.",
        )
        .of(watched.counts.housekeeping_failures()),
        Family::gauge(
            "hub_backup_interval_seconds",
            "Time between two backups that the server makes by itself, in seconds; 0 if it makes none.",
        )
        .of_seconds(watched.config.backup.every.as_secs_f64()),
    ];
    if let Ok(copies) = backup::list(&watched.place.backups()) {
        let made = copies.iter().filter(|copy| {
            // What was kept aside before an upgrade or a restore is no backup of today.
            matches!(copy.name.kind, Kind::Asked | Kind::Scheduled { .. })
        });
        let newest = made.map(|copy| copy.written_at).max();
        families.push(
            Family::gauge(
                "hub_backup_last_success_timestamp_seconds",
                "When the newest backup in the data directory was written, in seconds since 1970; 0 if there is none.",
            )
            .of(seconds(newest)),
        );
    }
    families
}
