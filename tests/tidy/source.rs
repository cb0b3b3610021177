//! A Rust file in three readings: as it is, its code without comments and texts, and its texts alone.

use std::ops::Range;
use std::path::Path;

/// One file.
pub struct Source {
    /// From the root of the project, with `/` between folders.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// The same, every comment and the inside of every literal replaced by blanks: same bytes, same lines.
    pub code: String,
    /// Where the insides of the string literals stand.
    pub literals: Vec<Range<usize>>,
}

impl Source {
    /// Reads a file; of what is not Rust, ask only for the `text`.
    pub fn new(path: &str, text: &str) -> Self {
        let is_rust = Path::new(path).extension().is_some_and(|end| end == "rs");
        let (code, literals) = if is_rust {
            Reading::of(text)
        } else {
            (String::new(), Vec::new())
        };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            literals,
        }
    }

    /// `file:line` of a byte.
    pub fn place(&self, at: usize) -> String {
        let line = self.text[..at]
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        format!("{}:{line}", self.path)
    }

    /// The string literals with the place where each begins.
    pub fn literals(&self) -> impl Iterator<Item = (usize, &str)> {
        self.literals
            .iter()
            .map(|range| (range.start, &self.text[range.clone()]))
    }

    /// The words of the code (names and keywords) with their places.
    pub fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let mut rest = 0;
        std::iter::from_fn(move || {
            let start = rest + self.code[rest..].find(is_part)?;
            let length = self.code[start..]
                .find(|c| !is_part(c))
                .unwrap_or(self.code.len() - start);
            rest = start + length;
            Some((start, &self.code[start..rest]))
        })
    }

    /// Where a text stands in the code.
    pub fn code_matches<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.code.match_indices(wanted).map(|(at, _)| at)
    }

    /// Where the file's unit tests begin: they stand last.
    pub fn tests_begin(&self) -> usize {
        self.code.find("#[cfg(test)]").unwrap_or(self.code.len())
    }

    /// The lines of `//!` at the head of the file.
    pub fn header(&self) -> String {
        let lines: Vec<&str> = self
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        lines.join("\n")
    }
}

struct Reading<'text> {
    text: &'text str,
    code: Vec<u8>,
    literals: Vec<Range<usize>>,
}

impl<'text> Reading<'text> {
    fn of(text: &'text str) -> (String, Vec<Range<usize>>) {
        let mut reading = Self {
            text,
            code: text.as_bytes().to_vec(),
            literals: Vec::new(),
        };
        let mut at = 0;
        while at < text.len() {
            at = reading.step(at);
        }
        let code = String::from_utf8(reading.code).expect("blanks keep a text a text");
        (code, reading.literals)
    }

    /// Reads what begins here; where the next begins.
    fn step(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        if rest.starts_with("//") {
            let end = at + rest.find('\n').unwrap_or(rest.len());
            return self.blank(at..end);
        }
        if rest.starts_with("/*") {
            let end = at + comment_length(rest);
            return self.blank(at..end);
        }
        if let Some((open, close)) = raw_quotes(rest)
            && !self.in_word(at)
        {
            let start = at + open;
            let length = self.text[start..].find(&close);
            let end = start + length.unwrap_or(self.text.len() - start);
            self.literals.push(start..end);
            return (self.blank(start..end) + close.len()).min(self.text.len());
        }
        if let Some(inside) = rest.strip_prefix('"') {
            let end = at + 1 + quoted_length(inside, '"');
            self.literals.push(at + 1..end);
            return (self.blank(at + 1..end) + 1).min(self.text.len());
        }
        if let Some(length) = rest.strip_prefix('\'').and_then(character_length) {
            return self.blank(at + 1..at + 1 + length) + 1;
        }
        at + rest.chars().next().map_or(1, char::len_utf8)
    }

    /// Whether the character before belongs to a word: `r"` is a raw text, `for"` is none.
    fn in_word(&self, at: usize) -> bool {
        let before = self.text[..at].chars().next_back();
        before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    }

    fn blank(&mut self, range: Range<usize>) -> usize {
        for byte in &mut self.code[range.clone()] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        range.end
    }
}

fn comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at.min(rest.len())
}

/// The length of `r#"` or `br"`, and what ends such a text.
fn raw_quotes(rest: &str) -> Option<(usize, String)> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    after[hashes..].starts_with('"').then(|| {
        (
            rest.len() - after.len() + hashes + 1,
            format!("\"{}", "#".repeat(hashes)),
        )
    })
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at,
            _ => {}
        }
    }
    rest.len()
}

/// The inside of a character literal; `None` for a lifetime.
fn character_length(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    if first == '\\' {
        return Some(quoted_length(rest, '\''));
    }
    rest[first.len_utf8()..]
        .starts_with('\'')
        .then_some(first.len_utf8())
}

#[test]
fn code_is_told_from_comments_and_texts() {
    let text = "let a = \"one // \\\" two\"; // unsafe\n/* /* x */ y */ let b = '\"'; let c: &'static str = r#\"q\"z\"#;";
    let source = Source::new("src/a.rs", text);
    assert_eq!(source.code.len(), text.len());
    let words: Vec<&str> = source.words().map(|(_, word)| word).collect();
    assert_eq!(
        words,
        ["let", "a", "let", "b", "let", "c", "static", "str", "r"]
    );
    let literals: Vec<&str> = source.literals().map(|(_, literal)| literal).collect();
    assert_eq!(literals, ["one // \\\" two", "q\"z"]);
    assert_eq!(source.place(text.len()), "src/a.rs:2");
}
