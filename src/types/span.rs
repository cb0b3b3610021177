//! A length of time in the fewest words that still say it: `40 s`, `12 min`, `4 h`, `3 d`.

use std::time::Duration;

use crate::types::time::Timestamp;

const MINUTE_SECONDS: u64 = 60;
const HOUR_SECONDS: u64 = 60 * MINUTE_SECONDS;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;

/// The words: whole units, rounded down, the larger unit once there are two of it (so `90 min`, then `2 h`).
#[must_use]
pub fn words(span: Duration) -> String {
    match span.as_secs() {
        0 => "under 1 s".to_owned(),
        seconds if seconds < 2 * MINUTE_SECONDS => format!("{seconds} s"),
        seconds if seconds < 2 * HOUR_SECONDS => format!("{} min", seconds / MINUTE_SECONDS),
        seconds if seconds < 2 * DAY_SECONDS => format!("{} h", seconds / HOUR_SECONDS),
        seconds => format!("{} d", seconds / DAY_SECONDS),
    }
}

/// What lies between two points of the wall clock; nothing if it was set back in between.
#[must_use]
pub fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    let micros = later.micros().saturating_sub(earlier.micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{between, words};
    use crate::types::time::Timestamp;

    #[test]
    fn a_span_is_said_in_one_unit() {
        for (seconds, said) in [
            (0, "under 1 s"),
            (1, "1 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 d"),
            (8_640_000, "100 d"),
        ] {
            assert_eq!(words(Duration::from_secs(seconds)), said);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_leaves_no_time_between() {
        let (noon, later) = (
            Timestamp::from_seconds(1_000),
            Timestamp::from_seconds(1_060),
        );
        assert_eq!(between(noon, later), Duration::from_mins(1));
        assert_eq!(between(later, noon), Duration::ZERO);
    }
}
