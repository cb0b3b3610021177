//! What commands print: plain lines, aligned tables, JSON. Nothing that a client once sent can move a terminal's cursor.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::cli::{Exit, Failure, Outcome};

/// What stands in a column where there is nothing.
pub const NOTHING: &str = "-";

/// Prints whole lines.
///
/// # Errors
/// When standard output takes no more, unless its reader has seen enough (`| head`): that is a quiet end.
pub fn print(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    let mut printed = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        printed = printed.and_then(|()| out.write_all(b"\n"));
    }
    match printed.and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Failed,
            format!("cannot write to standard output: {error}; check where it leads"),
        )),
        _ => Ok(()),
    }
}

/// Prints a value as JSON.
///
/// # Errors
/// As [`print`].
pub fn json(value: &impl Serialize) -> Outcome {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write JSON: {error}")))?;
    print(&escaped(&text, |character| {
        format!("\\u{:04x}", u32::from(character))
    }))
}

/// Prints rows under their headings, each column as wide as its widest cell.
///
/// # Errors
/// As [`print`].
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> Outcome {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| plain(cell)).collect())
        .collect();
    let mut widths: Vec<usize> = headings.iter().map(|cell| cell.len()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(&mut headings.iter().copied());
    for row in &rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    print(&text)
}

/// Prints named values, one a line.
///
/// # Errors
/// As [`print`].
pub fn facts(facts: &[(&str, String)]) -> Outcome {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> = facts
        .iter()
        .map(|(name, value)| format!("{name:<width$}  {}\n", plain(value)))
        .collect();
    print(&lines.concat())
}

/// A text, or [`NOTHING`].
#[must_use]
pub fn or_nothing(value: Option<impl ToString>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| value.to_string())
}

/// `1 session`, `2 sessions`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// A text on one line, whatever is in it.
fn plain(text: &str) -> String {
    escaped(
        &text.replace('\n', "\\n").replace('\t', "\\t"),
        |character| character.escape_unicode().to_string(),
    )
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> String {
    let mut kept = String::with_capacity(text.len());
    for character in text.chars() {
        if moves_the_cursor(character) {
            kept.push_str(&escape(character));
        } else {
            kept.push(character);
        }
    }
    kept
}

/// Control characters, and those that turn the direction of writing round. All of them lie within four hex digits.
fn moves_the_cursor(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{counted, plain};

    #[test]
    fn what_could_move_the_cursor_is_shown_as_an_escape() {
        assert_eq!(
            plain("a\u{1b}[2J\nb\u{9b}c\u{202e}"),
            "a\\u{1b}[2J\\nb\\u{9b}c\\u{202e}"
        );
        assert_eq!(plain("Jürgen 🦀"), "Jürgen 🦀");
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(counted(1, "session"), "1 session");
        assert_eq!(counted(0, "session"), "0 sessions");
    }
}
