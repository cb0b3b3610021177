//! When it is time for a scheduled copy: pure, on the clock that nobody can set.
//!
//! The wall clock is asked once, for the age of the newest copy, and only after the process has run for a while: a machine without a clock of its own
//! learns the time after it has started, and one that starts again and again must not make a copy each time. From then on the steady clock decides. So
//! a step of the wall clock skips no copy, and doubles one at most if the Hub is started anew under another time than the copy was made under.

use std::time::Duration;

use crate::types::time::{Moment, Timestamp};

/// How long a process runs before it looks at the age of the newest copy.
const SETTLING: Duration = Duration::from_mins(5);
/// After a failure it is tried again so much later: a full disk is not emptied in a minute.
const RETRY: Duration = Duration::from_mins(30);

/// When copies are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    every: Duration,
    /// How long the process will have run, in microseconds; `None` before the age of the newest copy was looked at.
    due: Option<i64>,
}

impl Schedule {
    /// One each time so much has passed.
    #[must_use]
    pub const fn new(every: Duration) -> Self {
        Self { every, due: None }
    }

    /// Whether it is time. `newest` is asked at most once: when the last scheduled copy was written, by the wall clock of then.
    pub fn is_due(&mut self, now: Moment, newest: impl FnOnce() -> Option<Timestamp>) -> bool {
        if self.every.is_zero() || now.running < micros(SETTLING) {
            return false;
        }
        let every = micros(self.every);
        let due = *self.due.get_or_insert_with(|| {
            let age = newest().map(|at| now.wall.micros().saturating_sub(at.micros()));
            let left = match age {
                // Made under a clock that was ahead, or is behind now: how long ago cannot be known, and one copy too many harms nobody.
                Some(age) if age >= 0 => every.saturating_sub(age).max(0),
                _ => 0,
            };
            now.running.saturating_add(left)
        });
        now.running >= due
    }

    /// A copy was made.
    pub fn made(&mut self, now: Moment) {
        self.due = Some(now.running.saturating_add(micros(self.every)));
    }

    /// None was made.
    pub fn failed(&mut self, now: Moment) {
        self.due = Some(now.running.saturating_add(micros(self.every.min(RETRY))));
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{RETRY, SETTLING, Schedule};
    use crate::types::time::{Clock, HandClock, Timestamp};

    const DAY: Duration = Duration::from_hours(24);
    const TICK: Duration = Duration::from_mins(1);

    fn noon() -> HandClock {
        HandClock::at(Timestamp::from_seconds(1_800_000_000))
    }

    /// Lets `span` pass minute by minute; how many copies were made. A step may be taken before each minute.
    fn copies(
        clock: &HandClock,
        schedule: &mut Schedule,
        newest: &mut Option<Timestamp>,
        span: Duration,
        mut step: impl FnMut(u64),
    ) -> u32 {
        let mut made = 0;
        for minute in 0..span.as_secs() / 60 {
            step(minute);
            clock.advance(TICK);
            if schedule.is_due(clock.now(), || *newest) {
                made += 1;
                *newest = Some(clock.now().wall);
                schedule.made(clock.now());
            }
        }
        made
    }

    #[test]
    fn the_first_copy_is_made_when_the_hub_has_settled_and_then_one_each_day() {
        let (clock, mut schedule) = (noon(), Schedule::new(DAY));
        let mut newest = None;
        let before = SETTLING - TICK;
        assert_eq!(
            copies(&clock, &mut schedule, &mut newest, before, |_| ()),
            0
        );
        assert_eq!(copies(&clock, &mut schedule, &mut newest, TICK, |_| ()), 1);
        assert_eq!(
            copies(&clock, &mut schedule, &mut newest, DAY - TICK, |_| ()),
            0
        );
        assert_eq!(copies(&clock, &mut schedule, &mut newest, TICK, |_| ()), 1);
        assert_eq!(
            copies(&clock, &mut schedule, &mut newest, 9 * DAY, |_| ()),
            9
        );
    }

    #[test]
    fn a_restart_neither_skips_a_copy_nor_doubles_one() {
        let clock = noon();
        let mut newest = None;
        let mut made = 0;
        // A start each hour for ten days.
        for _ in 0..240 {
            clock.reboot();
            let mut schedule = Schedule::new(DAY);
            made += copies(&clock, &mut schedule, &mut newest, 60 * TICK, |_| ());
        }
        assert!((9..=10).contains(&made), "{made}");
        // And one each minute: it never settles, and makes none.
        for _ in 0..100 {
            clock.reboot();
            let mut schedule = Schedule::new(DAY);
            assert_eq!(copies(&clock, &mut schedule, &mut newest, TICK, |_| ()), 0);
        }
    }

    #[test]
    fn no_step_of_the_clock_while_the_hub_runs_skips_a_copy_or_doubles_one() {
        for wall in [0, 1_796_544_000, 1_803_456_000, 4_294_967_296] {
            let (clock, mut schedule) = (noon(), Schedule::new(DAY));
            let mut newest = None;
            let step = |minute: u64| {
                if minute.is_multiple_of(777) {
                    let there = (minute / 777).is_multiple_of(2);
                    let second = if there { wall } else { 1_800_000_000 };
                    clock.set_wall(Timestamp::from_seconds(second));
                }
            };
            let made = copies(&clock, &mut schedule, &mut newest, 10 * DAY, step);
            assert_eq!(made, 10, "{wall}");
        }
    }

    #[test]
    fn a_start_under_another_time_makes_one_copy_more_at_most() {
        for wall in [0, 4_294_967_296] {
            let clock = noon();
            let mut newest = None;
            let mut made = 0;
            for second in [
                1_800_000_000,
                wall,
                wall,
                wall,
                1_800_000_000,
                1_800_000_000,
            ] {
                clock.reboot();
                clock.set_wall(Timestamp::from_seconds(second));
                let mut schedule = Schedule::new(DAY);
                made += copies(&clock, &mut schedule, &mut newest, 30 * TICK, |_| ());
            }
            // The first, one when the clock was wrong, one when it was right again.
            assert!(made <= 3, "{wall}: {made}");
        }
    }

    #[test]
    fn a_failure_is_tried_again_and_not_at_once() {
        let (clock, mut schedule) = (noon(), Schedule::new(DAY));
        clock.advance(SETTLING);
        assert!(schedule.is_due(clock.now(), || None));
        schedule.failed(clock.now());
        clock.advance(RETRY - TICK);
        assert!(!schedule.is_due(clock.now(), || None));
        clock.advance(TICK);
        assert!(schedule.is_due(clock.now(), || None));
    }

    #[test]
    fn with_no_time_between_them_there_are_none() {
        let (clock, mut schedule) = (noon(), Schedule::new(Duration::ZERO));
        assert_eq!(copies(&clock, &mut schedule, &mut None, 2 * DAY, |_| ()), 0);
    }
}
