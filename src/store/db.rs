//! [`Db`] reads, [`Tx`] reads and writes: the only way to the tables, with statements prepared once and values always bound.
//!
//! The SQL itself stands beside the feature that runs it, in the subset that SQLite and PostgreSQL share.

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io;
use std::ops::Deref;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OpenFlags, Row, Statement, ToSql};

use crate::store::condition::Condition;
use crate::store::error::StoreError;
use crate::types::checkpoints::Checkpoints;

/// How long a statement waits for another process's transaction before the request is told to come back.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared on each connection: more than the Hub has, so none is ever parsed twice.
const PREPARED_STATEMENTS: usize = 256;

/// The values of a statement: the first for `$1`, the second for `$2`, and so on (`rusqlite::params!`).
pub type Values<'values> = &'values [&'values dyn ToSql];

/// A connection to read from.
pub struct Db<'connection> {
    connection: &'connection Connection,
    /// Where it is noted when a page turns out to be damaged.
    condition: &'connection Condition,
    /// Statements that were run already: the changes of a turn run the same few, and to find one anew by its text costs more than to run it.
    at_hand: RefCell<Vec<AtHand<'connection>>>,
}

/// A prepared statement, and whether its `$1`, `$2` … first appear in that order, so that a value's number is its place.
struct AtHand<'connection> {
    sql: &'static str,
    statement: CachedStatement<'connection>,
    is_in_order: bool,
}

impl<'connection> Db<'connection> {
    pub(super) fn new(
        connection: &'connection Connection,
        condition: &'connection Condition,
    ) -> Self {
        Self {
            connection,
            condition,
            at_hand: RefCell::default(),
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// What SQLite says, or a row that cannot be.
    pub fn optional<T>(
        &self,
        sql: &'static str,
        values: Values<'_>,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        self.run(sql, values, |statement| {
            let mut rows = statement.raw_query();
            rows.next()?.map(read).transpose()
        })
    }

    /// The first row.
    ///
    /// # Errors
    /// As [`Db::optional`], and when there is none.
    pub fn one<T>(
        &self,
        sql: &'static str,
        values: Values<'_>,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.optional(sql, values, read)?
            .ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
    }

    /// Every row. The statement's own LIMIT bounds how many.
    ///
    /// # Errors
    /// As [`Db::optional`].
    pub fn all<T>(
        &self,
        sql: &'static str,
        values: Values<'_>,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.run(sql, values, |statement| {
            let mut rows = statement.raw_query();
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(read(row)?);
            }
            Ok(all)
        })
    }

    /// Runs a statement with every value in its place.
    fn run<T>(
        &self,
        sql: &'static str,
        values: Values<'_>,
        run: impl FnOnce(&mut Statement<'connection>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let noted = |error| self.condition.note(error);
        let mut known = self.prepared(sql).map_err(noted)?;
        known.bind(values)?;
        let outcome = run(&mut known.statement).map_err(noted)?;
        self.at_hand.borrow_mut().push(known);
        Ok(outcome)
    }

    /// The statement, no longer at hand for anybody else.
    fn prepared(&self, sql: &'static str) -> rusqlite::Result<AtHand<'connection>> {
        let mut at_hand = self.at_hand.borrow_mut();
        // The same text in the same place: to compare the texts would be the search that this spares.
        if let Some(at) = at_hand
            .iter()
            .position(|known| std::ptr::eq(known.sql, sql))
        {
            return Ok(at_hand.swap_remove(at));
        }
        drop(at_hand);
        let statement = self.connection.prepare_cached(sql)?;
        let names = NAMES.iter().take(statement.parameter_count());
        let is_in_order = (1..)
            .zip(names)
            .all(|(place, name)| statement.parameter_name(place) == Some(*name));
        Ok(AtHand {
            sql,
            statement,
            is_in_order,
        })
    }
}

impl AtHand<'_> {
    /// Puts each value in its place.
    ///
    /// SQLite takes `$1` for a name and numbers it by where it first appears; here, as in PostgreSQL, the number in the name counts.
    fn bind(&mut self, values: Values<'_>) -> Result<(), StoreError> {
        let sql = self.sql;
        let mismatch = || StoreError::Broken(format!("values do not fit the statement: {sql}"));
        if self.statement.parameter_count() != values.len() || values.len() > NAMES.len() {
            return Err(mismatch());
        }
        for (place, (name, value)) in (1..).zip(NAMES.iter().zip(values)) {
            let place = if self.is_in_order {
                place
            } else {
                self.statement.parameter_index(name)?.ok_or_else(mismatch)?
            };
            self.statement.raw_bind_parameter(place, value)?;
        }
        Ok(())
    }
}

/// What the values of a statement are called in it.
const NAMES: [&str; 32] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15",
    "$16", "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28",
    "$29", "$30", "$31", "$32",
];

/// The writer's transaction.
pub struct Tx<'connection> {
    db: Db<'connection>,
}

impl<'connection> Tx<'connection> {
    pub(super) fn new(
        connection: &'connection Connection,
        condition: &'connection Condition,
    ) -> Self {
        Self {
            db: Db::new(connection, condition),
        }
    }

    /// Runs a statement and tells how many rows it changed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn execute(&self, sql: &'static str, values: Values<'_>) -> Result<usize, StoreError> {
        self.db.run(sql, values, Statement::raw_execute)
    }

    /// Runs a statement that must change exactly one row.
    ///
    /// # Errors
    /// What SQLite says, and when it changed none or several: the row that the change rests on is not what it read.
    pub fn execute_on_one(&self, sql: &'static str, values: Values<'_>) -> Result<(), StoreError> {
        match self.execute(sql, values)? {
            1 => Ok(()),
            changed => Err(StoreError::Broken(format!(
                "a statement changed {changed} rows instead of one: {sql}"
            ))),
        }
    }
}

impl<'connection> Deref for Tx<'connection> {
    type Target = Db<'connection>;

    fn deref(&self) -> &Self::Target {
        &self.db
    }
}

/// The error for a row that cannot be: names the column and what was wrong, never guesses.
#[must_use]
pub fn bad_row(column: &'static str, problem: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        0,
        rusqlite::types::Type::Null,
        format!("impossible row: {column}: {problem}").into(),
    )
}

/// Opens an existing database for the writer, with the settings that its promises rest on.
pub(super) fn open_writable(
    path: &Path,
    checkpoints: Checkpoints,
) -> Result<Connection, StoreError> {
    // No CREATE: a database that has gone is never replaced by an empty one.
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit that was answered survives a power cut. With NORMAL hundreds were lost in each of our power cuts, and a lost
    // commit can be a revocation.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // The writer folds the log itself.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // Where somebody else does, the log is still there for him after the last connection was closed.
    let keeps_log = checkpoints == Checkpoints::External;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps_log)?;
    // When the log is begun anew it is cut back to this many bytes.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    // In KiB: the hot pages of some hundred thousand sessions.
    connection.pragma_update(None, "cache_size", -16_384)?;
    Ok(connection)
}

/// An empty file, made by us and not by SQLite, so that nobody else can read it for a moment; what SQLite puts beside it takes over the mode.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).map(drop)
}

/// Writes all that the connection sees into a new file, for its owner only.
pub(super) fn copy_into(connection: &Connection, copy: &Path) -> Result<(), StoreError> {
    make_private(copy).map_err(|error| StoreError::Unwritable(error.to_string()))?;
    let name = copy
        .to_str()
        .ok_or_else(|| StoreError::Broken("its path is not UTF-8".to_owned()))?;
    // An empty file is taken as it is, its mode too.
    connection.execute("VACUUM INTO $1", [name])?;
    Ok(())
}

/// Opens an existing database for reading; the connection refuses to write even if asked to.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    prepare_reader(&connection)?;
    Ok(connection)
}

/// Undoes what a start that was cut off had begun to write before the file had a log: no reader may, and all would refuse the file.
/// (Only the making of a file leaves such a journal.) Nothing else is changed, whosever file it is.
pub(super) fn roll_back(path: &Path) -> Result<(), StoreError> {
    if !beside(path, "-journal").exists() {
        return Ok(());
    }
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(())
}

/// The folder that a file lies in.
#[must_use]
pub fn folder_of(file: &Path) -> &Path {
    let folder = file.parent();
    folder
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."))
}

/// What SQLite calls a file beside a database's own: `-wal`, `-shm`, `-journal`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Opens a file that a copy is written into. Nothing of it is synced here: whoever makes the copy does that once, when it is whole.
pub(super) fn open_copy(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Nobody else opens it, so no file beside it has to say who does.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    Ok(connection)
}

/// Makes a database one file that can be read from a disk that takes no writes. (A server that opens it gives it a log again.)
pub(super) fn make_single(connection: &Connection) -> Result<(), StoreError> {
    let mode: String =
        connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if mode == "delete" {
        Ok(())
    } else {
        Err(StoreError::Busy(format!("its journal stays {mode}")))
    }
}

/// The settings of a connection that only reads.
pub(super) fn prepare_reader(connection: &Connection) -> rusqlite::Result<()> {
    prepare(connection)?;
    connection.pragma_update(None, "query_only", "ON")
}

/// How every connection is opened: no shared mutex (each is used by one thread at a time), no `file:` names, no links followed.
pub(super) fn flags(access: OpenFlags) -> OpenFlags {
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one home of database connections"
)]
fn open(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags(access))?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    // A hostile schema in a swapped-in file cannot run code or write to SQLite's own tables.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(())
}
