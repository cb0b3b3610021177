//! What a run tells: figures with their spread, the targets beside them, and the page that keeps them.

pub mod machine;
pub mod page;
pub mod row;
pub mod spread;
pub mod target;

use std::fmt::{self, Write};

use crate::arguments::Part;
use crate::told::target::Target;

/// What a part of the benchmark found.
pub struct Told {
    /// Which part.
    pub part: Part,
    /// Its tables, in Markdown.
    pub text: String,
    /// Its lines of the table of targets.
    pub targets: Vec<Target>,
    /// Answers that were wrong; they void what they stand in.
    pub errors: u32,
}

/// Adds to a text.
pub fn put(text: &mut String, what: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(what);
}
