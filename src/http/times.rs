//! A point in time as pages show it: in words for people in a hurry, to the second for those who compare.

use serde::Serialize;

use crate::types::time::Timestamp;

const MINUTE_SECONDS: i64 = 60;
const HOUR_SECONDS: i64 = 60 * MINUTE_SECONDS;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// A point in time in three shapes, for `parts::time` (`templates/macros/parts.html`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// `2026-11-22T22:50:00Z`.
    pub iso: String,
    /// `3 min ago`, `in 5 h`. `static/hub.js` writes it anew in the same words.
    pub relative: String,
    /// `2026-11-22 22:50:00 UTC`.
    pub absolute: String,
}

impl Shown {
    /// The point `at` as it is seen at `now`.
    #[must_use]
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let text = at.to_string();
        // Without the fraction of a second; a time that no calendar has is shown whole.
        let second = text.split_once('.').map_or(&*text, |(second, _)| second);
        Self {
            iso: format!("{second}Z"),
            relative: relative(now.seconds().saturating_sub(at.seconds())),
            absolute: format!("{} UTC", second.replace('T', " ")),
        }
    }
}

/// How long ago, or how long until, in one unit.
fn relative(ago_seconds: i64) -> String {
    let away = ago_seconds.saturating_abs();
    let words = if away < HOUR_SECONDS {
        format!("{} min", away / MINUTE_SECONDS)
    } else if away < 2 * DAY_SECONDS {
        format!("{} h", away / HOUR_SECONDS)
    } else {
        format!("{} days", away / DAY_SECONDS)
    };
    match (ago_seconds >= 0, away < MINUTE_SECONDS) {
        (true, true) => "just now".to_owned(),
        (true, false) => format!("{words} ago"),
        (false, true) => "in less than 1 min".to_owned(),
        (false, false) => format!("in {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;
    use crate::types::time::Timestamp;

    fn relative(ago_seconds: i64) -> String {
        let now = Timestamp::from_seconds(1_800_000_000);
        let at = Timestamp::from_seconds(1_800_000_000 - ago_seconds);
        Shown::new(at, now).relative
    }

    #[test]
    fn a_time_is_told_in_the_unit_that_people_would_use() {
        for (ago, told) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (47 * 3_600 + 3_599, "47 h ago"),
            (48 * 3_600, "2 days ago"),
            (400 * 86_400, "400 days ago"),
            (-1, "in less than 1 min"),
            (-60, "in 1 min"),
            (-3_600, "in 1 h"),
            (-48 * 3_600, "in 2 days"),
        ] {
            assert_eq!(relative(ago), told);
        }
    }

    #[test]
    fn the_other_shapes_are_utc_to_the_second() {
        let at = Timestamp::from_micros(1_757_172_645_123_456);
        let shown = Shown::new(at, at);
        assert_eq!(shown.iso, "2025-09-06T15:30:45Z");
        assert_eq!(shown.absolute, "2025-09-06 15:30:45 UTC");
    }

    #[test]
    fn a_time_that_no_calendar_has_is_still_shown() {
        let shown = Shown::new(Timestamp::from_micros(i64::MAX), Timestamp::from_micros(0));
        assert_eq!(shown.relative, "in 106751991 days");
        assert!(
            shown
                .absolute
                .starts_with(|first: char| first.is_ascii_digit() || first == '+')
        );
    }
}
