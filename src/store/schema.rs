//! The shape of the database: the embedded migrations, and what is checked before a file is trusted.

use std::path::Path;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ErrorCode, MAIN_DB};
use rusqlite_migration::{M, Migrations};

use crate::store::Mode;
use crate::store::db;
use crate::store::error::{OpenError, StoreError};
use crate::types::checkpoints::Checkpoints;
use crate::types::network::address_key;
use crate::types::user_agent::UserAgent;

/// "Hub1" in SQLite's header: what tells our database from any other.
const APPLICATION_ID: i64 = 1_215_652_401;
/// The first SQLite without the bug that could damage a log with two writers.
const OLDEST_SQLITE: i32 = 3_051_003;
/// Above this size a start checks the header and the schema only: the full check reads every page, and a team waits behind it.
const FULL_CHECK_BYTES: u64 = 256 * 1024 * 1024;

#[derive(rust_embed::RustEmbed)]
#[folder = "migrations/"]
struct Files;

/// One step of the schema's history.
pub struct Migration {
    /// The schema version that it leads to.
    pub version: i64,
    /// Its file's name.
    pub name: String,
    sql: String,
}

/// Every migration that this binary knows, oldest first.
#[must_use]
pub fn migrations() -> Vec<Migration> {
    let mut names: Vec<_> = Files::iter()
        .filter(|name| name.ends_with(".sql"))
        .collect();
    names.sort_unstable();
    names
        .into_iter()
        .zip(1..)
        .filter_map(|(name, version)| {
            let file = Files::get(&name)?;
            Some(Migration {
                version,
                sql: String::from_utf8_lossy(&file.data).into_owned(),
                name: name.into_owned(),
            })
        })
        .collect()
}

/// The schema version of this binary.
#[must_use]
pub fn known() -> i64 {
    migrations().last().map_or(0, |last| last.version)
}

/// The schema version of the file at `path`, which must be the Hub's.
///
/// # Errors
/// When there is none, or it is not the Hub's.
pub fn version(path: &Path) -> Result<i64, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let connection = db::open_read_only(path).map_err(|cause| failed(path, cause))?;
    identify(path, &connection)
}

/// Opens the file for the writer, after every check, in the present schema.
pub(super) fn open(
    path: &Path,
    mode: Mode,
    checkpoints: Checkpoints,
) -> Result<Connection, OpenError> {
    examine(path, mode)?;
    let mut connection =
        db::open_writable(path, checkpoints).map_err(|cause| failed(path, cause))?;
    // SQLite falls back to reading where it may not write, and every sign-in would fail.
    let read_only = connection
        .is_readonly(MAIN_DB)
        .map_err(|error| failed(path, error.into()))?;
    if read_only {
        return Err(OpenError::ReadOnly(path.to_owned()));
    }
    if mode == Mode::Server {
        migrate(path, &mut connection)?;
        try_to_write(path, &connection)?;
    }
    // The first statement makes the log of a file that has none, as after a restore; whoever watches the files looks for it next.
    identify(path, &connection)?;
    Ok(connection)
}

/// Where the log's index cannot be opened for writing (no descriptor is left for a moment), SQLite opens it for reading, for as long as the process
/// has the database open: everything could be read and nothing written. Only taking the writer's place shows it.
fn try_to_write(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let taken = connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK");
    match taken.map_err(StoreError::from) {
        Err(StoreError::Unwritable(_)) => Err(OpenError::ReadOnly(path.to_owned())),
        // Somebody else writes just now: that passes.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Looks at the file before it is written to, for nothing may change in one that is not ours. A server makes it if there is none.
pub(super) fn examine(path: &Path, mode: Mode) -> Result<(), OpenError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(OpenError::OldSqlite(rusqlite::version().to_owned()));
    }
    if !path.exists() {
        match mode {
            Mode::Server => db::make_private(path).map_err(|cause| OpenError::CannotMake {
                path: path.to_owned(),
                cause,
            })?,
            Mode::CommandLine | Mode::Reading => return Err(OpenError::Missing(path.to_owned())),
        }
    }
    if mode == Mode::Server {
        // Where that fails, what follows says why.
        let _as_it_was = db::roll_back(path);
    }
    let connection = db::open_read_only(path).map_err(|cause| failed(path, cause))?;
    let found = identify(path, &connection)?;
    judge(path, found, mode)?;
    if mode == Mode::Server {
        let size = std::fs::metadata(path).map_or(0, |file| file.len());
        if size <= FULL_CHECK_BYTES {
            check_pages(path, &connection)?;
        }
    }
    Ok(())
}

/// The schema version of an open file: 0 for an empty one.
pub(super) fn identify(path: &Path, connection: &Connection) -> Result<i64, OpenError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let foreign = |cause: String| OpenError::Foreign {
        path: path.to_owned(),
        cause,
    };
    let unreadable = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged {
            path: path.to_owned(),
            cause: one_line(&error.to_string()),
        },
        _ => foreign(one_line(&error.to_string())),
    };
    let application = number("PRAGMA application_id").map_err(unreadable)?;
    let version = number("PRAGMA user_version").map_err(unreadable)?;
    let tables = number("SELECT count(*) FROM sqlite_schema").map_err(unreadable)?;
    let empty = application == 0 && version == 0 && tables == 0;
    if application != APPLICATION_ID && !empty {
        return Err(foreign(format!("its application id is {application}")));
    }
    Ok(version)
}

fn judge(path: &Path, found: i64, mode: Mode) -> Result<(), OpenError> {
    let known = known();
    let path = path.to_owned();
    if found > known {
        return Err(OpenError::Newer { path, found, known });
    }
    if found < known && mode != Mode::Server {
        return Err(OpenError::Older { path, found, known });
    }
    Ok(())
}

/// Every page of it.
pub(super) fn check_pages(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let damaged = |cause: String| OpenError::Damaged {
        path: path.to_owned(),
        cause,
    };
    let finding: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| damaged(one_line(&error.to_string())))?;
    if finding == "ok" {
        Ok(())
    } else {
        Err(damaged(one_line(&finding)))
    }
}

/// Every page, every index against its table, and every reference between tables.
pub(super) fn check_whole(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let damaged = |cause: String| OpenError::Damaged {
        path: path.to_owned(),
        cause,
    };
    let unreadable = |error: rusqlite::Error| damaged(one_line(&error.to_string()));
    let finding: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(unreadable)?;
    if finding != "ok" {
        return Err(damaged(one_line(&finding)));
    }
    let mut references = connection
        .prepare("PRAGMA foreign_key_check")
        .map_err(unreadable)?;
    if references.exists([]).map_err(unreadable)? {
        return Err(damaged("a row refers to one that is not there".to_owned()));
    }
    Ok(())
}

/// Whether this binary can bring a database of that version to its own schema.
pub(super) fn check_migrates(path: &Path, found: i64) -> Result<(), OpenError> {
    if found == 0 {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
            cause: "it is empty".to_owned(),
        });
    }
    judge(path, found, Mode::Server)
}

/// What SQLite says may come in several lines; a failure is one.
fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ")
}

/// Brings a database to the present schema.
pub(super) fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    migrate_to(path, connection, known())
}

/// Brings a database to this version of the schema.
pub(super) fn migrate_to(
    path: &Path,
    connection: &mut Connection,
    version: i64,
) -> Result<(), OpenError> {
    teach(connection).map_err(|error| failed(path, error.into()))?;
    let migrations = migrations();
    let steps = migrations
        .iter()
        .map(|migration| M::up(&migration.sql))
        .collect();
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    // All that are pending run in one transaction, the version number in it: cut off at any point, they have not begun.
    Migrations::new(steps)
        .to_version(connection, version)
        .map_err(|error| failed(path, StoreError::Broken(error.to_string())))
}

/// Gives migrations what SQL cannot work out from old rows. No other connection knows these functions, and nothing in the schema may call them.
fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("hub_address_key", 1, flags, |context| {
        let address = context.get::<Option<String>>(0)?;
        let address = address.and_then(|text| text.parse().ok());
        Ok(address.map(address_key).unwrap_or_default())
    })?;
    connection.create_scalar_function("hub_device", 1, flags, |context| {
        let text = context.get::<String>(0)?;
        Ok(UserAgent::from_row(text).device().into_owned())
    })
}

fn failed(path: &Path, cause: StoreError) -> OpenError {
    OpenError::Failed {
        path: path.to_owned(),
        cause,
    }
}
