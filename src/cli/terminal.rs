//! What commands ask of a person at a terminal, and how the same is given without one.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::cli::{Exit, Failure};
use crate::types::password::{MAX_BYTES, Password};

/// Most bytes read for one answer: a password of the greatest length and its line end.
const MAX_ANSWER_BYTES: usize = MAX_BYTES + 2;

/// Whether a person can be asked.
#[must_use]
pub fn is_attended() -> bool {
    io::stdin().is_terminal()
}

/// A new password: typed twice without echo, or all of standard input without its last line end.
///
/// # Errors
/// When there is neither, the two differ, or it is not text.
pub fn new_password(from_stdin: bool) -> Result<Password, Failure> {
    if from_stdin {
        let given = standard_input(MAX_ANSWER_BYTES)?;
        return Ok(Password::new(without_line_end(&given)));
    }
    if !is_attended() {
        return Err(Failure::new(
            Exit::Usage,
            "there is no terminal to ask for the password; give it on standard input and add --password-stdin",
        ));
    }
    let first = hidden("New password: ")?;
    let second = hidden("The same again: ")?;
    if *first != *second {
        let text = "the two passwords differ; nothing was changed, try again";
        return Err(Failure::new(Exit::Failed, text));
    }
    Ok(Password::new(&first))
}

/// Asks, and returns the line that was typed.
///
/// # Errors
/// When the terminal fails.
pub fn ask(question: &str) -> Result<String, Failure> {
    prompt(question)?;
    let mut line = String::new();
    let bytes = u64::try_from(MAX_ANSWER_BYTES).unwrap_or(u64::MAX);
    let mut input = io::stdin().lock().take(bytes);
    input.read_line(&mut line).map_err(unreadable)?;
    Ok(without_line_end(&line).trim().to_owned())
}

/// All of standard input, which must be text of at most so many bytes.
///
/// # Errors
/// When it is longer, or no text.
pub fn standard_input(max_bytes: usize) -> Result<Zeroizing<String>, Failure> {
    // Reserved at once: a buffer that grows leaves copies of what it held behind.
    let mut text = Zeroizing::new(String::with_capacity(max_bytes + 1));
    let bytes = u64::try_from(max_bytes).unwrap_or(u64::MAX);
    let mut input = io::stdin().lock().take(bytes.saturating_add(1));
    input.read_to_string(&mut text).map_err(unreadable)?;
    if text.len() > max_bytes {
        let text = format!("standard input is longer than {max_bytes} bytes; give less");
        return Err(Failure::new(Exit::Failed, text));
    }
    Ok(text)
}

fn without_line_end(text: &str) -> &str {
    let Some(line) = text.strip_suffix('\n') else {
        return text;
    };
    line.strip_suffix('\r').unwrap_or(line)
}

/// Asks for a line that is not shown while it is typed.
fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    prompt(question)?;
    let mut line = Zeroizing::new(String::with_capacity(MAX_ANSWER_BYTES));
    {
        let _silent = Silence::begin()?;
        let bytes = u64::try_from(MAX_ANSWER_BYTES).unwrap_or(u64::MAX);
        let mut input = io::stdin().lock().take(bytes);
        input.read_line(&mut line).map_err(unreadable)?;
    }
    prompt("\n")?;
    Ok(Zeroizing::new(without_line_end(&line).to_owned()))
}

/// On standard error, so that standard output stays what the command has to say.
fn prompt(text: &str) -> Result<(), Failure> {
    let mut out = io::stderr().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(unreadable)
}

fn unreadable(error: io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("cannot read standard input: {error}; give one line of UTF-8 text"),
    )
}

/// How far something is, on one line of a terminal; nothing where there is none. The line is gone when this is.
pub struct Counter {
    noun: &'static str,
    is_seen: bool,
    hundredths: Option<u64>,
}

impl Counter {
    /// Counts these.
    #[must_use]
    pub fn new(noun: &'static str) -> Self {
        Self {
            noun,
            is_seen: io::stderr().is_terminal(),
            hundredths: None,
        }
    }

    /// Shows that so many are done.
    pub fn show(&mut self, done: u64, total: u64) {
        let hundredths = done.saturating_mul(100).checked_div(total);
        if !self.is_seen || self.hundredths == hundredths {
            return;
        }
        self.hundredths = hundredths;
        let (percent, noun) = (hundredths.unwrap_or(100), self.noun);
        overwrite(&format!("{percent:3} %, {done} of {total} {noun}"));
    }
}

/// To the line's begin, and what stood there is erased.
pub fn overwrite(line: &str) {
    // Who closed the terminal misses nothing.
    let _closed = write!(io::stderr(), "\r\u{1b}[K{line}");
}

impl Drop for Counter {
    fn drop(&mut self) {
        if self.hundredths.is_some() {
            overwrite("");
        }
    }
}

/// A terminal that does not echo, until this is dropped.
struct Silence {
    before: Termios,
}

impl Silence {
    fn begin() -> Result<Self, Failure> {
        let failed = |error: rustix::io::Errno| {
            let text = format!(
                "cannot hide what is typed on this terminal: {error}; use --password-stdin"
            );
            Failure::new(Exit::Failed, text)
        };
        let before = tcgetattr(io::stdin()).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // Flush: what was typed before the question is no answer to it.
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).map_err(failed)?;
        Ok(Self { before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let _gone = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
