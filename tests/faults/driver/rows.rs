//! The table of faults: what a row tells, once for whoever runs the test and once for the table that `tests/reliability` prints.

use std::fs::File;
use std::io::Write;
use std::time::Instant;

/// A row that is being run. Its name is the word by which `tests/reliability` knows it.
pub struct Row {
    name: &'static str,
    fault: &'static str,
    how: String,
    begun: Instant,
}

/// The figures of a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// How often the fault was there.
    pub rounds: u64,
    /// Answers, and tokens presented anew, that were compared.
    pub checked: u64,
    pub violations: usize,
}

impl Row {
    /// Begins a row and its time. `how` says in a few words by what means the fault comes.
    #[expect(
        clippy::disallowed_methods,
        reason = "the time that a test took is the machine's own"
    )]
    pub fn begin(name: &'static str, fault: &'static str, how: impl Into<String>) -> Self {
        let how = how.into();
        eprintln!("{name}: {fault}; {how}; HUBTEST_SEED={}", seed());
        Self {
            name,
            fault,
            how,
            begun: Instant::now(),
        }
    }

    /// Whether whoever runs the tests left this row out, since the machine cannot do it (`HUBTEST_WITHOUT=power-cut,memory-cap`). It says so.
    pub fn is_left_out(&self) -> bool {
        let left_out = std::env::var("HUBTEST_WITHOUT").unwrap_or_default();
        let is_left_out = left_out.split(',').any(|name| name == self.name);
        if is_left_out {
            self.write("left out by HUBTEST_WITHOUT", "", "", "");
        }
        is_left_out
    }

    /// Tells what the row found.
    pub fn tell(&self, figures: Figures) {
        let seconds = format!("{:.1}", self.begun.elapsed().as_secs_f64());
        let Figures {
            rounds,
            checked,
            violations,
        } = figures;
        self.write(
            &rounds.to_string(),
            &checked.to_string(),
            &violations.to_string(),
            &seconds,
        );
    }

    /// Tells that a server which breaks the promise was caught at it, as it must be.
    pub fn tell_caught(&self, checked: u64, caught: usize) {
        let seconds = format!("{:.1}", self.begun.elapsed().as_secs_f64());
        let caught = format!("{caught} caught, as it must be");
        self.write("1", &checked.to_string(), &caught, &seconds);
    }

    fn write(&self, rounds: &str, checked: &str, violations: &str, seconds: &str) {
        let Self {
            name, fault, how, ..
        } = self;
        eprintln!(
            "{name}: rounds {rounds}, answers checked {checked}, violations {violations}, {seconds} s"
        );
        if let Some(path) = std::env::var_os("HUBTEST_ROWS") {
            let mut file = File::options().append(true).open(path).unwrap();
            writeln!(
                file,
                "{name}\t{fault}\t{how}\t{rounds}\t{checked}\t{violations}\t{seconds}"
            )
            .unwrap();
        }
    }
}

/// How many rounds a row runs in the short run and in the long one, unless `HUBTEST_ROUNDS` says otherwise.
pub fn rounds(short: u64, long: u64) -> u64 {
    let otherwise = if is_long() { long } else { short };
    number("HUBTEST_ROUNDS").unwrap_or(otherwise)
}

/// Whether the long run was asked for (`HUBTEST_LONG`), which takes an hour.
pub fn is_long() -> bool {
    std::env::var_os("HUBTEST_LONG").is_some()
}

/// The seed of this run.
pub fn seed() -> u64 {
    number("HUBTEST_SEED").unwrap_or_else(|| u64::from(std::process::id()))
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable}={text}: write a whole number")))
}
