//! CSV: no cell begins a formula, and a reader that knows RFC 4180 only gets back what was written.

use hub::http::csv::row;

pub const WORDS: &[&str] = &[
    "\u{1f}",
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\"",
    "\"\"",
    ",",
    ";",
    "'",
    " ",
    "1+1",
    "cmd|' /C calc'!A0",
    "\u{ff1d}",
    "\u{ff20}",
    "\u{feff}",
    "\u{1f980}",
];

/// What spreadsheets compute, or step over before they do.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The cells stand between unit separators.
pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let cells: Vec<&str> = text.split('\u{1f}').collect();
    let mut written = String::from("head\r\n");
    row(&mut written, &cells);
    row(&mut written, ["tail"]);
    let rows = read(&written);
    assert_eq!(rows.len(), 3, "{written:?}");
    assert_eq!(rows[2], ["tail"]);
    let expected: Vec<String> = cells
        .iter()
        .map(|cell| {
            let sign = if cell.starts_with(FORMULA) { "'" } else { "" };
            format!("{sign}{cell}")
        })
        .collect();
    assert_eq!(rows[1], expected);
    for cell in &rows[1] {
        assert!(!cell.starts_with(FORMULA), "{cell:?}");
    }
}

/// The rows of a file (RFC 4180, 2). A line end within quotes is a part of its cell.
fn read(file: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = file.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(characters.next(), Some('\n'), "a bare line end in {file:?}");
                cells.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut cells));
            }
            other => cell.push(other),
        }
    }
    assert!(!quoted && cell.is_empty() && cells.is_empty(), "{file:?}");
    rows
}
