//! How long whoever fails again and again waits: the same for passwords and for codes. Pure.

use std::fmt;
use std::time::Duration;

use crate::types::time::{Elapsed, Moment};

/// Failures in a row that cost nothing: typing errors, the password from before, a phone whose clock is off.
pub const FREE_FAILURES: u32 = 5;
/// The first wait; each further failure doubles it.
pub const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait: about a hundred guesses a day, of a code each with three chances in a million. Never for ever, or whoever guesses could lock
/// the owner out.
pub const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// After a day without one, failures at a password are forgotten. Whoever sits that out to guess five times at once gains nothing on whoever keeps
/// waiting a quarter of an hour.
pub const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);
/// How long a network is known after the last session that began there: as long as a session lasts at most, unless configured.
pub const KNOWN_FOR: Duration = Duration::from_hours(90 * 24);

/// Failures in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the last of them came.
    pub last: Option<Moment>,
}

/// Whether a try is judged now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It is.
    Over,
    /// Not before this much time has passed.
    For(Duration),
    /// Not before the whole wait has passed, counted from now: how long ago the last failure was cannot be known.
    Anew(Duration),
}

impl Failures {
    /// There are none.
    pub const NONE: Self = Self {
        count: 0,
        last: None,
    };

    /// These, or none if the last was long ago.
    #[must_use]
    pub fn not_forgotten(self, now: Moment) -> Self {
        match self.last.map(|last| now.since(last)) {
            Some(Elapsed::Span(passed) | Elapsed::AtLeast(passed)) if passed >= FORGOTTEN_AFTER => {
                Self::NONE
            }
            _ => self,
        }
    }

    /// Whether the next try has to wait for them.
    #[must_use]
    pub fn begin_a_wait(self) -> bool {
        !wait_after(self.count).is_zero()
    }

    /// These and so many more, the last of them now.
    #[must_use]
    pub fn and(self, more: u32, now: Moment) -> Self {
        if more == 0 {
            return self;
        }
        Self {
            count: self.count.saturating_add(more),
            last: Some(now),
        }
    }

    /// How long to wait at `now`, on the clock that nobody can set.
    #[must_use]
    pub fn wait(self, now: Moment) -> Wait {
        let whole = wait_after(self.count);
        let (Some(last), false) = (self.last, whole.is_zero()) else {
            return Wait::Over;
        };
        match now.since(last) {
            Elapsed::Span(passed) | Elapsed::AtLeast(passed) if passed >= whole => Wait::Over,
            Elapsed::Span(passed) | Elapsed::AtLeast(passed) => {
                Wait::For(whole.saturating_sub(passed))
            }
            Elapsed::Unknown => Wait::Anew(whole),
        }
    }
}

/// As the audit tells it.
impl fmt::Display for Failures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "in_a_row={}", self.count)
    }
}

/// How long the next try waits after this many failures in a row.
#[must_use]
pub fn wait_after(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(FREE_FAILURES) else {
        return Duration::ZERO;
    };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FIRST_WAIT, FORGOTTEN_AFTER, Failures, LONGEST_WAIT, Wait, wait_after};
    use crate::types::time::{Clock, HandClock, Timestamp};

    const SECOND: Duration = Duration::from_secs(1);

    fn clock() -> HandClock {
        HandClock::at(Timestamp::from_seconds(1_800_000_000))
    }

    #[test]
    fn the_wait_begins_at_the_fifth_failure_doubles_and_never_exceeds_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = (0..=12).map(|count| wait_after(count).as_secs()).collect();
        assert_eq!(
            seconds,
            [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]
        );
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    }

    #[test]
    fn the_wait_is_measured_on_the_clock_that_nobody_can_set() {
        let clock = clock();
        let failures = Failures {
            count: 5,
            last: Some(clock.now()),
        };
        clock.advance(10 * SECOND);
        for wall in [0, 1_800_000_000, 4_000_000_000] {
            clock.set_wall(Timestamp::from_seconds(wall));
            assert_eq!(failures.wait(clock.now()), Wait::For(20 * SECOND));
        }
        clock.advance(20 * SECOND);
        assert_eq!(failures.wait(clock.now()), Wait::Over);
    }

    #[test]
    fn after_a_start_of_the_machine_the_wait_lasts_until_the_process_has_run_for_it() {
        let clock = clock();
        let failures = Failures {
            count: 5,
            last: Some(clock.now()),
        };
        clock.reboot();
        assert_eq!(failures.wait(clock.now()), Wait::For(FIRST_WAIT));
        clock.advance(FIRST_WAIT);
        assert_eq!(failures.wait(clock.now()), Wait::Over);
    }

    #[test]
    fn a_machine_put_back_to_an_earlier_state_begins_the_wait_anew() {
        let clock = clock();
        let early = clock.now();
        clock.advance(LONGEST_WAIT);
        let failures = Failures {
            count: 5,
            last: Some(clock.now()),
        };
        assert_eq!(failures.wait(early), Wait::Anew(FIRST_WAIT));
    }

    #[test]
    fn failures_are_forgotten_a_day_after_the_last_and_not_before() {
        let clock = clock();
        let failures = Failures::NONE.and(7, clock.now());
        assert_eq!(failures.count, 7);
        clock.advance(FORGOTTEN_AFTER.saturating_sub(SECOND));
        assert_eq!(failures.not_forgotten(clock.now()), failures);
        clock.set_wall(Timestamp::from_seconds(4_000_000_000));
        assert_eq!(failures.not_forgotten(clock.now()), failures);
        clock.advance(SECOND);
        assert_eq!(failures.not_forgotten(clock.now()), Failures::NONE);
    }

    #[test]
    fn tries_under_way_count_as_failures_of_this_moment() {
        let clock = clock();
        let now = clock.now();
        assert_eq!(Failures::NONE.and(4, now).wait(now), Wait::Over);
        assert_eq!(Failures::NONE.and(5, now).wait(now), Wait::For(FIRST_WAIT));
        let five = Failures::NONE.and(5, now);
        clock.advance(FIRST_WAIT);
        let now = clock.now();
        assert_eq!(five.and(0, now).wait(now), Wait::Over);
        assert_eq!(five.and(1, now).wait(now), Wait::For(2 * FIRST_WAIT));
    }
}
