//! What the Hub calls its copies: the name says why one was made, and only files with such a name are ever listed or removed.

use std::fmt;

use crate::types::time::Timestamp;

/// Why a copy was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody asked for it.
    Asked,
    /// It was its time. The number counts on from copy to copy: their order, whatever clocks said meanwhile.
    Scheduled {
        /// From 1.
        number: u32,
    },
    /// A migration to this schema version was about to begin.
    BeforeSchema {
        /// The version.
        version: i64,
    },
    /// A backup took its place: it is no copy but what was there before.
    Replaced,
}

/// The name of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Why it was made.
    pub kind: Kind,
    /// When, as `20250906T153045Z`, by the wall clock of then.
    time: String,
    /// Above 1 where one second saw several.
    turn: u32,
}

const PREFIX: &str = "hub-";
const SUFFIX: &str = ".db";
/// Copies that one second can see. No disk is fast enough for more.
pub const MAX_TURNS: u32 = 99;

impl Name {
    /// A name for a copy that is made now.
    #[must_use]
    pub fn new(kind: Kind, at: Timestamp) -> Self {
        let whole = at.to_string();
        let seconds = whole.split('.').next().unwrap_or_default();
        let kept = seconds.chars().filter(char::is_ascii_alphanumeric);
        Self {
            kind,
            time: kept.chain(['Z']).collect(),
            turn: 1,
        }
    }

    /// The name for another copy of the same second.
    #[must_use]
    pub fn next_turn(&self) -> Option<Self> {
        (self.turn < MAX_TURNS).then(|| Self {
            turn: self.turn + 1,
            ..self.clone()
        })
    }

    /// Reads a file's name; `None` for whatever the Hub would not call one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let stem = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        let (kind, rest) = if let Some(rest) = stem.strip_prefix("scheduled-") {
            let (number, rest) = rest.split_once('-')?;
            let number = number.parse().ok()?;
            (Kind::Scheduled { number }, rest)
        } else if let Some(rest) = stem.strip_prefix("before-schema-") {
            let (version, rest) = rest.split_once('-')?;
            let version = version.parse().ok()?;
            (Kind::BeforeSchema { version }, rest)
        } else if let Some(rest) = stem.strip_prefix("replaced-") {
            (Kind::Replaced, rest)
        } else {
            (Kind::Asked, stem)
        };
        let (time, turn) = match rest.split_once('-') {
            Some((time, turn)) => (time, turn.parse().ok()?),
            None => (rest, 1),
        };
        let read = Self {
            kind,
            time: time.to_owned(),
            turn,
        };
        // There is one way to write each, and it is this one.
        (is_time(time) && (1..=MAX_TURNS).contains(&turn) && read.to_string() == name)
            .then_some(read)
    }
}

/// `20250906T153045Z`.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 16
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 => *byte == b'T',
            15 => *byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PREFIX)?;
        match self.kind {
            Kind::Asked => {}
            Kind::Scheduled { number } => write!(formatter, "scheduled-{number:06}-")?,
            Kind::BeforeSchema { version } => write!(formatter, "before-schema-{version}-")?,
            Kind::Replaced => formatter.write_str("replaced-")?,
        }
        formatter.write_str(&self.time)?;
        if self.turn > 1 {
            write!(formatter, "-{}", self.turn)?;
        }
        formatter.write_str(SUFFIX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Name};
    use crate::types::time::Timestamp;

    #[test]
    fn a_name_reads_back_as_itself() {
        let at = Timestamp::from_micros(1_757_172_645_123_456);
        for (kind, name) in [
            (Kind::Asked, "hub-20250906T153045Z.db"),
            (
                Kind::Scheduled { number: 12 },
                "hub-scheduled-000012-20250906T153045Z.db",
            ),
            (
                Kind::BeforeSchema { version: 9 },
                "hub-before-schema-9-20250906T153045Z.db",
            ),
            (Kind::Replaced, "hub-replaced-20250906T153045Z.db"),
        ] {
            let made = Name::new(kind, at);
            assert_eq!(made.to_string(), name);
            assert_eq!(Name::parse(name), Some(made.clone()));
            let second = made.next_turn().expect("a second one");
            assert_eq!(second.to_string(), name.replace("Z.db", "Z-2.db"));
            assert_eq!(Name::parse(&second.to_string()), Some(second));
        }
    }

    #[test]
    fn the_clocks_of_1970_and_of_2106_have_names_too() {
        for (seconds, name) in [
            (0, "hub-19700101T000000Z.db"),
            (4_294_967_296, "hub-21060207T062816Z.db"),
        ] {
            let made = Name::new(Kind::Asked, Timestamp::from_seconds(seconds));
            assert_eq!(made.to_string(), name);
            assert_eq!(Name::parse(name), Some(made));
        }
    }

    #[test]
    fn what_the_hub_would_not_call_a_copy_is_none() {
        for name in [
            "",
            "hub.db",
            "hub-.db",
            "hub-backup.db",
            "hub-20250906T153045Z.db-wal",
            "hub-20250906T153045Z.DB",
            "hub-20250906T153045Z-1.db",
            "hub-20250906T153045Z-02.db",
            "hub-20250906T153045Z-100.db",
            "hub-20250906 153045Z.db",
            "hub-2025٠906T15304Z.db",
            "hub-scheduled-12-20250906T153045Z.db",
            "hub-scheduled-+00012-20250906T153045Z.db",
            "hub-scheduled-20250906T153045Z.db",
            "hub-before-schema-09-20250906T153045Z.db",
            "../hub-20250906T153045Z.db",
            ".hub-20250906T153045Z.db",
            "my-hub-20250906T153045Z.db",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }
}
