//! CSV as RFC 4180 has it, without a cell that a spreadsheet would compute.

/// The content type of a CSV file whose first row names the columns.
pub const CSV: &str = "text/csv; charset=utf-8; header=present";

/// What makes a spreadsheet take a cell for a formula, or step over what stands before one. The last four are the wide forms of East Asian
/// keyboards, which some spreadsheets read like the plain ones.
const BEGINS_FORMULA: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Writes one row behind what stands in `out`, its line end included.
///
/// A cell that would begin a formula gets an apostrophe in front, which spreadsheets take for "this is text"; numbers below zero do too, so no
/// column of ours holds any.
pub fn row<Cell: AsRef<str>>(out: &mut String, cells: impl IntoIterator<Item = Cell>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(out, cell.as_ref());
    }
    out.push_str("\r\n");
}

/// A cell for a file that is read back by [`without_guard`]: an apostrophe of its own that would be taken for the guard of a formula gets one more.
#[must_use]
pub fn guard_apostrophe(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if is_guarded(rest) => format!("'{cell}"),
        _ => cell,
    }
}

/// A cell as it was before [`row`] wrote it.
#[must_use]
pub fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_guarded(rest) => rest,
        _ => cell,
    }
}

fn is_guarded(rest: &str) -> bool {
    rest.starts_with('\'') || rest.starts_with(BEGINS_FORMULA)
}

fn write(out: &mut String, cell: &str) {
    let computes = cell.starts_with(BEGINS_FORMULA);
    // Blanks at the ends are part of the cell, but some readers trim what is not quoted.
    let quoted = cell.contains(['"', ',', '\r', '\n', ';', '\t'])
        || cell.starts_with(' ')
        || cell.ends_with(' ');
    if quoted {
        out.push('"');
    }
    if computes {
        out.push('\'');
    }
    for character in cell.chars() {
        if character == '"' {
            out.push('"');
        }
        out.push(character);
    }
    if quoted {
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::row;
    use crate::types::entropy::{Entropy, SeededEntropy};

    fn written(cells: &[&str]) -> String {
        let mut out = String::new();
        row(&mut out, cells);
        out
    }

    #[test]
    fn a_row_is_its_cells_between_commas_and_a_line_end() {
        assert_eq!(written(&["a", "", "é 🦀"]), "a,,é 🦀\r\n");
        assert_eq!(written(&[""]), "\r\n");
    }

    #[test]
    fn what_would_end_a_cell_is_quoted() {
        assert_eq!(
            written(&["a,b", "say \"no\"", "two\r\nlines", "a;b", " a", "a "]),
            "\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\",\"a;b\",\" a\",\"a \"\r\n"
        );
    }

    /// The cells of the rows, as RFC 4180 has them read.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
        let (mut quoted, mut letters) = (false, text.chars().peekable());
        while let Some(letter) = letters.next() {
            match letter {
                '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(std::mem::take(&mut cell)),
                '\r' if !quoted => {
                    assert_eq!(letters.next(), Some('\n'));
                    cells.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut cells));
                }
                letter => cell.push(letter),
            }
        }
        assert!(!quoted && cells.is_empty() && cell.is_empty());
        rows
    }

    #[test]
    fn whatever_is_written_is_read_back_and_never_begins_a_formula() {
        let letters: Vec<char> = "=+-@\t\r\n\",;' a0|!\0\\é🦀＝＋－＠".chars().collect();
        let entropy = SeededEntropy::new(38);
        for _ in 0..3_000 {
            let mut bytes = [0; 24];
            entropy.fill(&mut bytes);
            let cells: Vec<String> = bytes
                .chunks(8)
                .map(|chunk| {
                    let length = usize::from(chunk[0] % 8);
                    let picked = chunk[1..].iter().take(length);
                    picked
                        .map(|byte| letters[usize::from(*byte) % letters.len()])
                        .collect()
                })
                .collect();
            let mut out = String::new();
            row(&mut out, &cells);
            row(&mut out, ["last"]);
            let rows = read(&out);
            assert_eq!(rows.len(), 2, "{out:?}");
            for (sent, got) in cells.iter().zip(&rows[0]) {
                let computes = sent.starts_with(super::BEGINS_FORMULA);
                let expected = if computes {
                    format!("'{sent}")
                } else {
                    sent.clone()
                };
                assert_eq!(*got, expected, "{out:?}");
            }
            assert_eq!((rows[0].len(), &*rows[1][0]), (3, "last"));
        }
    }

    #[test]
    fn a_cell_whose_apostrophes_are_guarded_is_read_back_as_it_was() {
        for cell in [
            "", "'", "''", "'tis", "=1", "'=1", "''=1", "'''", "-a", "\t", "'\n'", "＝", "'＝",
        ] {
            let guarded = super::guard_apostrophe(cell.to_owned());
            let text = written(&[&guarded, "end"]);
            let rows = read(&text);
            assert_eq!(super::without_guard(&rows[0][0]), cell, "{text:?}");
            assert!(!rows[0][0].starts_with(super::BEGINS_FORMULA));
        }
    }

    #[test]
    fn no_cell_begins_a_formula() {
        for begins in ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"] {
            let written = written(&[&format!("{begins}1+1|' /C calc'!A0")]);
            let cell = written.trim_start_matches('"');
            assert!(cell.starts_with('\''), "{written:?}");
        }
        assert_eq!(written(&["=a,\"b\""]), "\"'=a,\"\"b\"\"\"\r\n");
        assert_eq!(written(&["a=b", "'x"]), "a=b,'x\r\n");
    }
}
