//! The last 24 hours of the wall clock, the present one last: what was done in each, as charts and as a table.

use serde::Serialize;

use crate::features::admin::dashboard::chart::{Chart, Count};
use crate::http::figures::grouped;
use crate::store::audit::{Action, Tally};
use crate::types::time::{Hour, Timestamp};

/// How many hours are shown.
const HOURS: i64 = 24;
/// Every so many hours one is named below its column.
const MARK_HOURS: i64 = 6;

/// The first hour that is shown at a time.
#[must_use]
pub fn first(now: Timestamp) -> Hour {
    Hour::of(now).earlier(HOURS - 1)
}

/// What one hour has of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Which hour.
    pub hour: Hour,
    /// Sign-ins.
    pub signed_in: u64,
    /// Refused sign-ins.
    pub refused: u64,
    /// Refreshes.
    pub refreshes: u64,
}

/// The hours, from what the tables tell; `unwritten` are the refreshes of the present one that no table has yet.
#[must_use]
pub fn counts(
    now: Timestamp,
    tallies: &[Tally],
    refreshes: &[(Hour, i64)],
    unwritten: u64,
) -> Vec<Counts> {
    let first = first(now).number();
    let done = |hour: Hour, action: Action| {
        let found = tallies
            .iter()
            .find(|tally| tally.hour == hour && tally.action == action.as_str());
        found.map_or(0, |tally| tally.entries.unsigned_abs())
    };
    (first..first + HOURS)
        .map(Hour::from_number)
        .map(|hour| {
            let written = refreshes.iter().find(|(counted, _)| *counted == hour);
            let written = written.map_or(0, |(_, count)| count.unsigned_abs());
            let present = hour == Hour::of(now);
            Counts {
                hour,
                signed_in: done(hour, Action::SessionStart),
                refused: done(hour, Action::SignInRefused),
                refreshes: written + if present { unwritten } else { 0 },
            }
        })
        .collect()
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    hour: String,
    signed_in: String,
    refused: String,
    refreshes: String,
}

/// The table, newest hour first.
#[must_use]
pub fn table(counts: &[Counts]) -> Vec<Line> {
    let line = |counts: &Counts| Line {
        hour: name(counts.hour),
        signed_in: grouped(counts.signed_in),
        refused: grouped(counts.refused),
        refreshes: grouped(counts.refreshes),
    };
    counts.iter().rev().map(line).collect()
}

/// Sign-ins above the line, refused ones below it.
#[must_use]
pub fn sign_ins(counts: &[Counts]) -> Chart {
    let columns = counts.iter().map(|counts| Count {
        label: format!(
            "{}: {} signed in, {} refused",
            name(counts.hour),
            grouped(counts.signed_in),
            grouped(counts.refused)
        ),
        mark: mark(counts.hour),
        above: counts.signed_in,
        below: counts.refused,
    });
    Chart::new(&columns.collect::<Vec<_>>())
}

/// Refreshes.
#[must_use]
pub fn refreshes(counts: &[Counts]) -> Chart {
    let columns = counts.iter().map(|counts| Count {
        label: format!(
            "{}: {} refreshes",
            name(counts.hour),
            grouped(counts.refreshes)
        ),
        mark: mark(counts.hour),
        above: counts.refreshes,
        below: 0,
    });
    Chart::new(&columns.collect::<Vec<_>>())
}

/// `2026-11-22 14:00`.
fn name(hour: Hour) -> String {
    let text = hour.begins().to_string().replace('T', " ");
    text.chars().take("2026-11-22 14:00".len()).collect()
}

/// `12:00` for every sixth hour.
fn mark(hour: Hour) -> Option<String> {
    let of_day = hour.number().rem_euclid(24);
    (of_day % MARK_HOURS == 0).then(|| format!("{of_day:02}:00"))
}

#[cfg(test)]
mod tests {
    use super::{counts, first, mark, name, refreshes, sign_ins, table};
    use crate::store::audit::Tally;
    use crate::types::time::{Hour, Timestamp};

    const NOW: Timestamp = Timestamp::from_seconds(1_757_172_645);

    fn tally(hour: Hour, action: &str, entries: i64) -> Tally {
        Tally {
            hour,
            action: action.to_owned(),
            entries,
        }
    }

    #[test]
    fn each_hour_has_its_own_counts_and_the_present_one_what_is_not_written_yet() {
        let (oldest, present) = (first(NOW), Hour::of(NOW));
        let tallies = [
            tally(oldest.earlier(1), "session.start", 100),
            tally(oldest, "session.start", 1),
            tally(oldest, "session.end", 50),
            tally(present, "session.start", 2),
            tally(present, "sign_in.refused", 3),
        ];
        let counts = counts(NOW, &tallies, &[(oldest, 4), (present, 5)], 6);
        assert_eq!(counts.len(), 24);
        let told: Vec<_> = [counts[0], counts[1], counts[23]]
            .map(|hour| (hour.signed_in, hour.refused, hour.refreshes))
            .into();
        assert_eq!(told, [(1, 0, 4), (0, 0, 0), (2, 3, 11)]);
        let lines = table(&counts);
        assert_eq!((lines.len(), &*lines[0].refreshes), (24, "11"));
        assert_eq!(lines[0].hour, "2025-09-06 15:00");
        assert_eq!(sign_ins(&counts).bars.len(), 3);
        assert_eq!(refreshes(&counts).bars.len(), 2);
        assert_eq!(sign_ins(&counts).marks.len(), 4);
    }

    #[test]
    fn an_hour_is_named_in_utc() {
        assert_eq!(name(Hour::of(NOW)), "2025-09-06 15:00");
        assert_eq!(mark(Hour::of(NOW)), None);
        assert_eq!(mark(Hour::of(NOW).earlier(3)), Some("12:00".to_owned()));
    }
}
