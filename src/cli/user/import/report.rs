//! What an import tells while it runs and at its end: how far it is, how many came in, and what was wrong with which line.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::terminal::overwrite;
use crate::cli::{Exit, Failure};
use crate::http::csv;

/// Most lines that are told at the end: a screen's worth. A file of errors has all.
const MAX_TOLD: usize = 40;
/// How many records lie between two lines where nobody sees a bar.
const LINE_RECORDS: u64 = 10_000;
/// How many records lie between two looks at the bar.
const BAR_RECORDS: u64 = 250;
/// Characters of the bar.
const BAR_WIDTH: usize = 30;

/// How many records there were, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// They are users now.
    pub added: u64,
    /// They were users before.
    pub skipped: u64,
    /// Something is wrong with them.
    pub refused: u64,
}

impl Counts {
    const fn all(self) -> u64 {
        self.added + self.skipped + self.refused
    }
}

/// Where what is wrong is written.
pub struct Report {
    /// So far.
    pub counts: Counts,
    told: BTreeMap<u64, String>,
    file: Option<(PathBuf, File)>,
    progress: Progress,
}

impl Report {
    /// Begins, with the file of errors if one is wanted.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(errors: Option<&Path>, progress: Progress) -> Result<Self, Failure> {
        let mut report = Self {
            counts: Counts::default(),
            told: BTreeMap::new(),
            file: None,
            progress,
        };
        if let Some(path) = errors {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            let file = options.open(path).map_err(|error| {
                let text = format!("cannot make {}: {error}; check its folder", path.display());
                Failure::new(Exit::CannotCreate, text)
            })?;
            report.file = Some((path.to_owned(), file));
            report.note(&["line", "problem"])?;
        }
        Ok(report)
    }

    /// A record is not taken.
    ///
    /// # Errors
    /// When the file of errors takes no more.
    pub fn refuse(&mut self, line: u64, problem: &str) -> Result<(), Failure> {
        self.counts.refused += 1;
        if self.told.len() < MAX_TOLD {
            self.told.insert(line, problem.to_owned());
        }
        self.note(&[&line.to_string(), problem])
    }

    fn note(&mut self, cells: &[&str]) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        let mut row = String::new();
        csv::row(&mut row, cells);
        file.write_all(row.as_bytes()).map_err(|error| {
            let text = format!(
                "cannot write to {}: {error}; give it room and start again with --skip-existing",
                path.display()
            );
            Failure::new(Exit::Failed, text)
        })
    }

    /// Shows how far it is.
    pub fn show(&mut self) {
        self.progress.show(self.counts.all());
    }

    /// Tells what was wrong, on standard error.
    pub fn tell(self) {
        self.progress.end();
        let mut lines: Vec<String> = self
            .told
            .iter()
            .map(|(line, problem)| format!("line {line}: {problem}"))
            .collect();
        let more = self.counts.refused.saturating_sub(lines.len() as u64);
        if more > 0 {
            lines.push(format!("and {more} more; --errors FILE writes all of them"));
        }
        for line in lines {
            // Where standard error is closed there is nobody to tell.
            let _closed = writeln!(io::stderr(), "{line}");
        }
    }
}

/// How far the file is read: a bar at a terminal, and a line now and then where there is none.
pub struct Progress {
    read: Arc<AtomicU64>,
    /// Bytes of the file, where that is known.
    total: Option<u64>,
    is_seen: bool,
    shown: u64,
}

impl Progress {
    /// Of so many bytes these are read.
    #[must_use]
    pub fn new(read: Arc<AtomicU64>, total: Option<u64>) -> Self {
        Self {
            read,
            total: total.filter(|total| *total > 0),
            is_seen: io::stderr().is_terminal(),
            shown: 0,
        }
    }

    fn show(&mut self, records: u64) {
        let step = if self.is_seen {
            BAR_RECORDS
        } else {
            LINE_RECORDS
        };
        if records / step == self.shown / step {
            return;
        }
        self.shown = records;
        let line = self.line(records);
        if self.is_seen {
            overwrite(&line);
        } else {
            let _closed = writeln!(io::stderr(), "{line}");
        }
    }

    fn line(&self, records: u64) -> String {
        let Some(total) = self.total else {
            return format!("{records} records");
        };
        let read = self.read.load(Ordering::Relaxed).min(total);
        let percent = read.saturating_mul(100) / total;
        if !self.is_seen {
            return format!("{percent} %, {records} records");
        }
        let done = usize::try_from(percent).unwrap_or(100) * BAR_WIDTH / 100;
        let bar = format!("{}{}", "#".repeat(done), ".".repeat(BAR_WIDTH - done));
        format!("[{bar}] {percent:3} %, {records} records")
    }

    fn end(&self) {
        if self.is_seen && self.shown > 0 {
            overwrite("");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::Progress;

    #[test]
    fn the_bar_says_how_much_of_the_file_is_read() {
        let at = |read: u64, total, is_seen| {
            let progress = Progress {
                read: Arc::new(AtomicU64::new(read)),
                total,
                is_seen,
                shown: 0,
            };
            progress.line(500)
        };
        assert_eq!(
            at(50, Some(100), true),
            format!("[{}{}]  50 %, 500 records", "#".repeat(15), ".".repeat(15))
        );
        assert_eq!(
            at(200, Some(100), true),
            format!("[{}] 100 %, 500 records", "#".repeat(30))
        );
        assert_eq!(at(50, Some(100), false), "50 %, 500 records");
        assert_eq!(at(50, None, true), "500 records");
    }
}
