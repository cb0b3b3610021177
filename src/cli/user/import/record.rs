//! What one record of a file says, taken apart into fields of text.

use std::path::Path;

use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::cli::user::import::field::{COUNT, Field};
use crate::cli::user::import::source::{Source, SourceError};
use crate::http::csv;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table whose first row names the columns
    Csv,
    /// Objects, in an array or one on each line
    Json,
}

impl Format {
    /// What the ending of a name says.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "json" | "jsonl" | "ndjson" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The fields of a record that say something.
#[derive(Default)]
pub struct Record([Option<String>; COUNT]);

impl Record {
    /// What a field says.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0[field as usize].as_deref()
    }

    /// An empty text says nothing.
    fn set(&mut self, field: Field, text: &str) {
        if !text.is_empty() {
            self.0[field as usize] = Some(text.to_owned());
        }
    }
}

/// Takes record after record from a file.
pub struct Records {
    source: Source,
    format: Format,
    /// The columns of a table, by its first row.
    columns: Vec<Field>,
}

/// A record, or what is wrong with it: never with what stands in it.
pub type Found = Result<Record, String>;

impl Records {
    /// Reads the first row of a table.
    ///
    /// # Errors
    /// When it does not name known columns, each once.
    pub fn begin(mut source: Source, format: Format) -> Result<Self, String> {
        let mut columns = Vec::new();
        if format == Format::Csv {
            let first = source.table_row().map_err(|error| error.to_string())?;
            let (line, row) = first.ok_or("the file is empty; its first row names the columns")?;
            for name in cells(&row).map_err(|error| format!("line {line}: {error}"))? {
                let field =
                    Field::named(name.trim()).map_err(|error| format!("line {line}: {error}"))?;
                if columns.contains(&field) {
                    return Err(format!(
                        "line {line}: the column {} is there twice",
                        field.name()
                    ));
                }
                columns.push(field);
            }
        }
        Ok(Self {
            source,
            format,
            columns,
        })
    }

    /// The next record with its line.
    ///
    /// # Errors
    /// When nobody can say where the next one begins.
    pub fn next(&mut self) -> Result<Option<(u64, Found)>, SourceError> {
        Ok(match self.format {
            Format::Csv => {
                let row = self.source.table_row()?;
                row.map(|(line, row)| (line, self.row(&row)))
            }
            Format::Json => {
                let object = self.source.object()?;
                object.map(|(line, object)| (line, from_object(&object)))
            }
        })
    }

    fn row(&self, row: &[u8]) -> Found {
        let cells = cells(row)?;
        if cells.len() != self.columns.len() {
            return Err(format!(
                "this row has {} cells, and the first row names {}; is a comma not within quotation marks?",
                cells.len(),
                self.columns.len()
            ));
        }
        let mut record = Record::default();
        for (field, cell) in self.columns.iter().zip(&cells) {
            record.set(*field, csv::without_guard(cell));
        }
        Ok(record)
    }
}

/// The cells of a row, as RFC 4180 has them: a quotation mark stands at both ends of a cell, or twice within one that has them, or nowhere.
fn cells(row: &[u8]) -> Result<Vec<String>, String> {
    let row = std::str::from_utf8(row)
        .map_err(|_| "this row is not UTF-8 text; save the file as UTF-8")?;
    if row.contains('\0') {
        return Err(
            "this row has a NUL character; is it UTF-16? Save the file as UTF-8".to_owned(),
        );
    }
    let stray = "a quotation mark stands within a cell; put the cell in quotation marks and write each of its own twice";
    let mut cells = Vec::new();
    let mut rest = row;
    loop {
        let (cell, behind) = if let Some(quoted) = rest.strip_prefix('"') {
            let (cell, behind) = quoted_cell(quoted).ok_or(stray)?;
            (cell, behind)
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            if rest[..end].contains('"') {
                return Err(stray.to_owned());
            }
            (rest[..end].to_owned(), &rest[end..])
        };
        cells.push(cell);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None if behind.is_empty() => return Ok(cells),
            None => return Err(stray.to_owned()),
        }
    }
}

/// The cell whose first quotation mark was taken off, and what stands behind its last.
fn quoted_cell(text: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (part, behind) = rest.split_once('"')?;
        cell.push_str(part);
        match behind.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, behind)),
        }
    }
}

fn from_object(object: &[u8]) -> Found {
    let object: Map<String, Value> = serde_json::from_slice(object)
        // Its own text would repeat what stands there.
        .map_err(|error| {
            format!(
                "this is no JSON object (column {} of its line {})",
                error.column(),
                error.line()
            )
        })?;
    let mut record = Record::default();
    for (name, value) in &object {
        let field = Field::named(name)?;
        match value {
            Value::Null => {}
            Value::Bool(is) => record.set(field, if *is { "true" } else { "false" }),
            Value::String(text) => record.set(field, text),
            Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                return Err(format!(
                    "{} is neither a text nor true, false or null",
                    field.name()
                ));
            }
        }
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn a_row_is_read_strictly() {
        let read = |row: &str| cells(row.as_bytes());
        let owned = |cells: &[&str]| {
            Ok(cells
                .iter()
                .map(|cell| (*cell).to_owned())
                .collect::<Vec<_>>())
        };
        assert_eq!(read("a,,é"), owned(&["a", "", "é"]));
        assert_eq!(
            read("\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\""),
            owned(&["a,b", "say \"no\"", "two\r\nlines"])
        );
        assert_eq!(read("a,"), owned(&["a", ""]));
        assert_eq!(read("\"\",\"\"\"\""), owned(&["", "\""]));
        for stray in [
            "a\"b,c",
            "\"a\"b,c",
            "\"a\" ,b",
            "a,\"b",
            "a,\"b\"\"",
            " \"a\"",
        ] {
            let told = read(stray).expect_err(stray);
            assert!(told.starts_with("a quotation mark"), "{stray}");
        }
        assert!(cells(b"a,\xff").is_err());
        assert!(cells(b"a,\0").is_err());
    }
}
