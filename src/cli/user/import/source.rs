//! A file of users, read record by record: never more of it in memory than one, and every record knows its line.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most bytes of one record. The longest of every field come to a third of it.
pub const MAX_RECORD_BYTES: usize = 32 * 1024;
/// Bytes read from the file at a time.
const PIECE_BYTES: usize = 64 * 1024;
/// What some programs write before the first character of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What ends the reading: behind it nobody can say where a record begins.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file gives no more.
    #[error("cannot be read any further: {0}")]
    Unreadable(#[from] io::Error),
    /// A record is longer than any can be.
    #[error(
        "line {line}: this record is longer than {MAX_RECORD_BYTES} bytes; is a quotation mark or a brace not closed?"
    )]
    TooLong {
        /// Where it begins.
        line: u64,
    },
    /// The file ends within a record.
    #[error("line {line}: the file ends within this record; was it cut off?")]
    CutOff {
        /// Where it begins.
        line: u64,
    },
    /// Something else than an object.
    #[error(
        "line {line}: here an object should begin, one for each user: {{\"username\": …}}; write an array of them, or one on each line"
    )]
    NoObject {
        /// Where it stands.
        line: u64,
    },
}

/// The bytes of the file, counted.
pub struct Source {
    input: BufReader<Box<dyn Read>>,
    /// How many were read.
    read: Arc<AtomicU64>,
    /// The line that comes next.
    line: u64,
    is_begun: bool,
}

impl Source {
    /// Reads from here.
    #[must_use]
    pub fn new(input: Box<dyn Read>) -> Self {
        Self {
            input: BufReader::with_capacity(PIECE_BYTES, input),
            read: Arc::default(),
            line: 1,
            is_begun: false,
        }
    }

    /// How many bytes were read, for whoever shows it.
    #[must_use]
    pub fn read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// The next record of a CSV file, quotation marks and all, with the line where it begins. Empty lines are none.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub fn table_row(&mut self) -> Result<Option<(u64, Vec<u8>)>, SourceError> {
        let (mut begin, mut record) = (self.line, Vec::new());
        loop {
            if self.take_line(&mut record, begin)? == 0 {
                return if record.is_empty() {
                    Ok(None)
                } else {
                    Err(SourceError::CutOff { line: begin })
                };
            }
            // One piece more than there are quotation marks.
            let pieces = record.split(|byte| *byte == b'"').count();
            if pieces.is_multiple_of(2) {
                // A line end within quotation marks: the record goes on.
                continue;
            }
            while matches!(record.last(), Some(b'\n' | b'\r')) {
                record.pop();
            }
            if !record.is_empty() {
                return Ok(Some((begin, record)));
            }
            begin = self.line;
        }
    }

    /// Adds the next line, its end included; how many bytes it has.
    fn take_line(&mut self, record: &mut Vec<u8>, begin: u64) -> Result<usize, SourceError> {
        let room = (MAX_RECORD_BYTES + 1).saturating_sub(record.len());
        let mut limited = (&mut self.input).take(room as u64);
        let count = limited.read_until(b'\n', record)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        if record.len() > MAX_RECORD_BYTES {
            return Err(SourceError::TooLong { line: begin });
        }
        if !std::mem::replace(&mut self.is_begun, true) && record.starts_with(BYTE_ORDER_MARK) {
            record.drain(..BYTE_ORDER_MARK.len());
        }
        self.line += 1;
        Ok(count)
    }

    /// The next object of a JSON file, be it in an array or one of many behind one another, with the line where it begins.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub fn object(&mut self) -> Result<Option<(u64, Vec<u8>)>, SourceError> {
        let mut object = Vec::new();
        let mut begin = self.line;
        let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
        while let Some(byte) = self.byte()? {
            if object.is_empty() {
                begin = self.line;
                match byte {
                    b'{' => {}
                    b'\n' => {
                        self.line += 1;
                        continue;
                    }
                    b' ' | b'\t' | b'\r' | b',' | b'[' | b']' => continue,
                    _ if !self.is_begun && BYTE_ORDER_MARK.contains(&byte) => continue,
                    _ => return Err(SourceError::NoObject { line: self.line }),
                }
                self.is_begun = true;
            }
            if byte == b'\n' {
                self.line += 1;
            }
            object.push(byte);
            if object.len() > MAX_RECORD_BYTES {
                return Err(SourceError::TooLong { line: begin });
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' if !quoted => depth += 1,
                b'}' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(Some((begin, object)));
            }
        }
        if object.is_empty() {
            Ok(None)
        } else {
            Err(SourceError::CutOff { line: begin })
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, SourceError> {
        let byte = self.input.fill_buf()?.first().copied();
        if byte.is_some() {
            self.input.consume(1);
            self.read.fetch_add(1, Ordering::Relaxed);
        }
        Ok(byte)
    }
}
