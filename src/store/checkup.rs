//! What can be asked of a database file that may be damaged: SQLite's own checks, on a connection of their own, without changing anything.

use std::path::Path;

use crate::store::db;
use crate::store::error::StoreError;

/// Problems that are told at most: the first few say where to look, and the mend is the same for a thousand.
const MAX_PROBLEMS: usize = 5;

/// How deeply a file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Every page, but not whether indexes agree with their tables.
    Quick,
    /// Everything, and whether each row that another one names is there.
    Whole,
}

/// What is wrong with a file; nothing if all is well.
///
/// # Errors
/// When it cannot be opened or read to the end, which is a finding in itself.
pub fn problems(path: &Path, depth: Depth) -> Result<Vec<String>, StoreError> {
    let connection = db::open_read_only(path)?;
    let sql = match depth {
        Depth::Quick => "PRAGMA quick_check(5)",
        Depth::Whole => "PRAGMA integrity_check(5)",
    };
    let mut statement = connection.prepare(sql)?;
    let told = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut problems: Vec<String> = told.collect::<Result<_, _>>()?;
    problems.retain(|problem| problem != "ok");
    if depth == Depth::Whole {
        let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
        let dangling = statement.query_map([], |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            Ok(format!(
                "a row of {table} names one of {parent} that is not there"
            ))
        })?;
        for problem in dangling.take(MAX_PROBLEMS) {
            problems.push(problem?);
        }
    }
    problems.truncate(MAX_PROBLEMS);
    // One problem may be told in several lines.
    Ok(problems
        .iter()
        .map(|problem| problem.lines().collect::<Vec<_>>().join(" "))
        .collect())
}
