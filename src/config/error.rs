//! What can be wrong with a configuration: a list of problems, one line each.

use std::fmt;

/// One thing to mend; its `Display` is one line that says where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands: a variable, a flag, or a key and its file.
    pub place: String,
    /// What is wrong, and behind a semicolon what to do. Never holds a secret.
    pub fault: String,
    /// Whether only a permission is missing.
    pub denied: bool,
}

/// A configuration that cannot be used, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.problems))]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl Problem {
    pub(super) fn new(place: impl Into<String>, fault: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            fault: fault.into(),
            denied: false,
        }
    }

    pub(super) fn denied(place: impl Into<String>, fault: impl Into<String>) -> Self {
        Self {
            denied: true,
            ..Self::new(place, fault)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.fault)
    }
}

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Whether nothing is wrong but a missing permission.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.problems.iter().all(|problem| problem.denied)
    }

    /// Everything that is wrong, at least one entry.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}
