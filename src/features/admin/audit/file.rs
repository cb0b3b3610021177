//! The rows that a filter lets pass as a file, made piece by piece: as many rows as there may be, never more than a piece in memory.

use crate::features::admin::audit::told::Told;
use crate::http::csv;
use crate::store::audit::{self, Entry, Extent, Filter};
use crate::store::{Db, StoreError};

/// Rows of one piece: some milliseconds of a reader, and a quarter of a megabyte in memory.
const PIECE_ROWS: u32 = 1_000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table whose first row names the columns.
    Csv,
    /// An array of objects, one on each line.
    Json,
}

impl Format {
    /// As it ends a file's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// A file that is being made.
#[derive(Debug)]
pub struct File {
    format: Format,
    filter: Filter,
    /// What was found when the file was begun; rows that are written meanwhile stay out of it.
    extent: Extent,
    /// The last row that was told, and whether there was one.
    reached: Option<i64>,
    ended: bool,
}

impl File {
    /// Begins the file of what the filter finds now.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn begin(db: &Db<'_>, filter: Filter, format: Format) -> Result<Self, StoreError> {
        let extent = audit::extent(db, &filter)?;
        Ok(Self {
            format,
            filter,
            extent,
            reached: None,
            ended: false,
        })
    }

    /// How many rows it will have.
    #[must_use]
    pub const fn rows(&self) -> i64 {
        self.extent.total
    }

    /// The next piece, newest rows first; `None` at the end.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn piece(&mut self, db: &Db<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let before = self.reached.unwrap_or(i64::MAX);
        let rows = audit::before(db, &self.filter, &self.extent, before, PIECE_ROWS)?;
        let begins = self.reached.is_none();
        self.ended = rows.is_empty();
        if let Some(last) = rows.last() {
            self.reached = Some(last.id);
        }
        let text = match self.format {
            Format::Csv => table(&rows, begins),
            Format::Json => array(&rows, begins, self.ended)?,
        };
        Ok(Some(text.into_bytes()))
    }
}

fn table(rows: &[Entry], begins: bool) -> String {
    let mut text = String::new();
    if begins {
        csv::row(&mut text, Told::NAMES);
    }
    for entry in rows {
        csv::row(&mut text, Told::new(entry).cells());
    }
    text
}

fn array(rows: &[Entry], begins: bool, ends: bool) -> Result<String, StoreError> {
    let mut text = String::new();
    for (at, entry) in rows.iter().enumerate() {
        text.push_str(if begins && at == 0 { "[\n" } else { ",\n" });
        let told = serde_json::to_string(&Told::new(entry));
        text.push_str(&told.map_err(|error| StoreError::Broken(error.to_string()))?);
    }
    if ends {
        text.push_str(if begins { "[]\n" } else { "\n]\n" });
    }
    Ok(text)
}
