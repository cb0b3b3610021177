//! What a check says: what is wrong, where, and how to mend it.

use std::path::Path;

use serde::{Serialize, Serializer};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Something does not work, or will not when it is needed.
    Finding,
    /// Something could be better, or cannot be told from here.
    Hint,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Check {
    /// The settings.
    Configuration,
    /// Permissions and owners.
    Files,
    /// The secret key.
    Key,
    /// The database: there, ours, of this schema, undamaged.
    Database,
    /// Free space.
    Disk,
    /// The wall clock against what was written before.
    Clock,
    /// The way from browsers to the server: TLS and proxies.
    Way,
    /// Whether there are backups, and how old they are.
    Backups,
    /// Open files.
    Limits,
    /// Whether a server runs and answers.
    Server,
}

impl Check {
    /// Every check there is, in the order of the report.
    pub(super) const ALL: [Self; 10] = [
        Self::Configuration,
        Self::Files,
        Self::Key,
        Self::Database,
        Self::Disk,
        Self::Clock,
        Self::Way,
        Self::Backups,
        Self::Limits,
        Self::Server,
    ];

    /// Its name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Files => "files",
            Self::Key => "key",
            Self::Database => "database",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Way => "way",
            Self::Backups => "backups",
            Self::Limits => "limits",
            Self::Server => "server",
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Something that was found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) check: Check,
    /// What is wrong, and where.
    pub(super) what: String,
    /// What to do.
    pub(super) mend: String,
}

impl Finding {
    pub(super) fn new(check: Check, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            level: Level::Finding,
            check,
            what: what.into(),
            mend: mend.into(),
        }
    }

    pub(super) fn hint(check: Check, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            level: Level::Hint,
            ..Self::new(check, what, mend)
        }
    }

    /// From the one line of an error, which says what, where and what to do.
    pub(super) fn of_line(check: Check, line: &str) -> Self {
        let (what, mend) = line
            .split_once("; ")
            .or_else(|| line.split_once(": "))
            .unwrap_or((line, "look at the log of the server"));
        Self::new(check, what, mend)
    }

    /// As a line of the report.
    pub(super) fn line(&self) -> String {
        let level = match self.level {
            Level::Finding => "finding",
            Level::Hint => "hint",
        };
        let check = self.check.as_str();
        let text = format!("{level:<8} {check:<13} {}; {}", self.what, self.mend);
        text.lines().collect::<Vec<_>>().join(" ")
    }
}

/// A path as it is shown.
pub(super) fn shown(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{Check, Finding};

    #[test]
    fn an_errors_line_is_taken_apart_into_what_and_mend() {
        for (line, what, mend) in [
            (
                "a is open; run: chmod 600 a",
                "a is open",
                "run: chmod 600 a",
            ),
            (
                "no database at b: run `hub serve`",
                "no database at b",
                "run `hub serve`",
            ),
        ] {
            let finding = Finding::of_line(Check::Key, line);
            assert_eq!((finding.what.as_str(), finding.mend.as_str()), (what, mend));
        }
    }

    #[test]
    fn a_finding_is_one_line_whatever_the_system_said() {
        let finding = Finding::hint(Check::Disk, "two\nlines", "mend");
        assert_eq!(finding.line(), "hint     disk          two lines; mend");
    }
}
