//! What goes before a migration: a snapshot of the database as it is, and, for whoever wants to know, a rehearsal on a copy.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::audit::{self, Chain};
use crate::store::backup::{self, BackupError, Kind, Name, Pace, Progress};
use crate::store::condition::Condition;
use crate::store::db::{self, Db};
use crate::store::error::{OpenError, StoreError};
use crate::store::schema;
use crate::types::checkpoints::Checkpoints;
use crate::types::time::{Clock, Timestamp};

/// The database as it was before its migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Where it lies.
    pub path: PathBuf,
    /// The schema version in it.
    pub schema: i64,
}

/// Copies a database that is about to be migrated into `folder`; `None` where nothing is there to migrate, or what follows says why it cannot be.
///
/// A start that fails again and again makes one snapshot, not one each time: nothing was changed since, so the same bytes lie there already.
///
/// # Errors
/// When there is no space, or the copy fails; then nothing may be migrated.
pub fn snapshot(
    database: &Path,
    folder: &Path,
    at: Timestamp,
) -> Result<Option<Snapshot>, BackupError> {
    if !database.exists() {
        return Ok(None);
    }
    let _as_it_was = db::roll_back(database);
    let Ok(found) = schema::version(database) else {
        return Ok(None);
    };
    let known = schema::known();
    if found == 0 || found >= known {
        return Ok(None);
    }
    backup::make(folder)?;
    let prepared = backup::prepare(database, folder, Pace::Quick, &mut |_| {})?;
    let schema = prepared.schema;
    let kind = Kind::BeforeSchema { version: known };
    for copy in backup::list(folder)? {
        let path = folder.join(copy.name.to_string());
        let same = copy.name.kind == kind
            && copy.bytes == prepared.bytes
            && same_bytes(&path, &prepared.path())
                .map_err(|cause| backup::cannot_write(folder, cause))?;
        if same {
            return Ok(Some(Snapshot { path, schema }));
        }
    }
    let made = prepared.publish_as(&Name::new(kind, at))?;
    let path = made.path;
    Ok(Some(Snapshot { path, schema }))
}

/// Bytes that are compared at once.
const PIECE_BYTES: usize = 1 << 20;

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        one.by_ref()
            .take(PIECE_BYTES as u64)
            .read_to_end(&mut left)?;
        other
            .by_ref()
            .take(PIECE_BYTES as u64)
            .read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

/// What a migration would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// The schema version that the database has.
    pub found: i64,
    /// How large the snapshot would be.
    pub snapshot_bytes: u64,
    /// Every migration, with how long it took in microseconds.
    pub steps: Vec<(String, i64)>,
    /// Every table that is there before or afterwards.
    pub tables: Vec<Table>,
}

/// A table before and after a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its rows before; `None` for one that is empty, or was not there.
    pub before: Option<i64>,
    /// Its rows afterwards; likewise.
    pub after: Option<i64>,
}

/// Migrates a copy of the database in the same directory, checks every page and reference and the chain of the audit, and takes the copy away again.
///
/// # Errors
/// As a migration would fail.
pub fn rehearse(
    database: &Path,
    clock: &dyn Clock,
    told: &mut dyn FnMut(Progress),
) -> Result<Rehearsal, BackupError> {
    let folder = db::folder_of(database);
    let prepared = backup::prepare(database, folder, Pace::Quick, told)?;
    let failed = |cause| OpenError::Failed {
        path: database.to_owned(),
        cause,
    };
    let mut connection = db::open_writable(&prepared.path(), Checkpoints::Own).map_err(failed)?;
    let before = counts(&connection).map_err(failed)?;
    let mut steps = Vec::new();
    for migration in schema::migrations() {
        if migration.version > prepared.schema {
            let begun = clock.now().steady;
            schema::migrate_to(database, &mut connection, migration.version)?;
            steps.push((migration.name, clock.now().steady.saturating_sub(begun)));
        }
    }
    schema::check_whole(database, &connection)?;
    let condition = Condition::default();
    let db = Db::new(&connection, &condition);
    if let Chain::Broken { at } = audit::verify(&db).map_err(failed)? {
        let cause = format!("row {at} of its audit was changed, removed or inserted");
        return Err(failed(StoreError::Broken(cause)).into());
    }
    let after = counts(&connection).map_err(failed)?;
    Ok(Rehearsal {
        found: prepared.schema,
        snapshot_bytes: prepared.bytes,
        steps,
        tables: compared(before, after),
    })
}

type Counts = Vec<(String, i64)>;

/// The rows of every table that has any: what SQLite's own statistics count, which are thrown away again.
fn counts(connection: &Connection) -> Result<Counts, StoreError> {
    connection.execute_batch("BEGIN; ANALYZE")?;
    let mut statement = connection.prepare(
        "SELECT tbl, max(CAST(stat AS INTEGER))
         FROM sqlite_stat1
         GROUP BY tbl
         ORDER BY tbl",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let counts: Result<Counts, rusqlite::Error> = rows.collect();
    drop(statement);
    connection.execute_batch("ROLLBACK")?;
    Ok(counts?)
}

fn compared(before: Counts, after: Counts) -> Vec<Table> {
    let rows = |counts: &Counts, name: &str| {
        let found = counts.iter().find(|(table, _)| table == name);
        found.map(|(_, rows)| *rows)
    };
    let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| Table {
            name: name.clone(),
            before: rows(&before, name),
            after: rows(&after, name),
        })
        .collect()
}
