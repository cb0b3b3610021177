//! The rules of what leaves, and when: pure, so that each can be tested to the microsecond.
//!
//! Everything that leaves must be old twice: by the wall clock, in whose time people were told how long it is kept, and on the database's lived
//! time ([`crate::store::lived`]), which no step of any clock moves. So a clock that jumps ahead removes nothing, and one that jumps back keeps
//! what is there until it is right again.

use std::time::Duration;

use crate::types::time::Timestamp;

/// How long sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a refresh token lives.
    pub refresh_ttl: Duration,
    /// How long a session stays after it is over.
    pub keep: Duration,
}

/// What is known of a session that may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used: when its last refresh token was made, or its browser was last seen.
    pub used_at: Timestamp,
    /// Its absolute end.
    pub ends_at: Timestamp,
    /// When it was ended, if it was.
    pub ended_at: Option<Timestamp>,
    /// Whether it is a browser's.
    pub is_browser: bool,
}

/// How old what happened to a session is on the database's lived time, in microseconds; `None` where that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    /// Its last refresh token; of a browser's session, whose row tells no more, its beginning.
    pub made: Option<i64>,
    /// Its ending.
    pub ended: Option<i64>,
}

impl Policy {
    /// Sessions that were used after this time stay, whatever else is true of them.
    #[must_use]
    pub fn unused_since(self, now: Timestamp) -> Timestamp {
        now.minus(self.refresh_ttl).minus(self.keep)
    }

    /// Whether a session leaves: it was over for as long as it is kept, and none of its tokens can be good again.
    ///
    /// A token lives as long as was configured when it was made, so what is configured now does not tell when the last one expires; but none
    /// outlives the session's absolute end.
    #[must_use]
    pub fn lets_go(self, times: Times, ages: Ages, now: Timestamp) -> bool {
        let by_wall_clock = times.used_at <= self.unused_since(now)
            && times.ends_at <= now
            && times.ended_at.is_none_or(|at| at <= now.minus(self.keep));
        let unused = ages.made.is_some_and(|age| age >= self.lived(times));
        let ended = match times.ended_at {
            None => true,
            Some(_) => ages.ended.is_some_and(|age| age >= micros(self.keep)),
        };
        by_wall_clock && unused && ended
    }

    /// How old its last token must be on the lived time. Both ends of a session's life come from one reading of the clock, so no step is in it.
    fn lived(self, times: Times) -> i64 {
        let life = times
            .ends_at
            .micros()
            .saturating_sub(times.created_at.micros())
            .max(0);
        let over = micros(self.refresh_ttl).saturating_add(micros(self.keep));
        if times.is_browser {
            // It may have been used on its last day.
            life.saturating_add(over)
        } else {
            over.max(life)
        }
    }
}

/// Whether something else is old by both clocks.
#[must_use]
pub fn is_old(at: Timestamp, age: Option<i64>, span: Duration, now: Timestamp) -> bool {
    at <= now.minus(span) && age.is_some_and(|age| age >= micros(span))
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Ages, Policy, Times, is_old};
    use crate::types::time::Timestamp;

    const DAY: i64 = 86_400_000_000;
    const POLICY: Policy = Policy {
        refresh_ttl: Duration::from_hours(30 * 24),
        keep: Duration::from_hours(90 * 24),
    };

    fn day(number: i64) -> Timestamp {
        Timestamp::from_micros(number * DAY)
    }

    fn earlier(time: Timestamp) -> Timestamp {
        Timestamp::from_micros(time.micros() - 1)
    }

    /// Begun on day 0, used on day 10.
    fn unused() -> Times {
        Times {
            created_at: day(0),
            used_at: day(10),
            ends_at: day(90),
            ended_at: None,
            is_browser: false,
        }
    }

    fn ages(made: i64, ended: i64) -> Ages {
        Ages {
            made: Some(made),
            ended: Some(ended),
        }
    }

    #[test]
    fn an_unused_session_leaves_when_it_was_over_for_as_long_as_it_is_kept_by_both_clocks() {
        let lets_go = |made, now| POLICY.lets_go(unused(), ages(made, 0), now);
        assert!(lets_go(120 * DAY, day(130)));
        assert!(!lets_go(120 * DAY, earlier(day(130))));
        assert!(!lets_go(120 * DAY - 1, day(130)));
        assert!(!lets_go(120 * DAY - 1, day(50_000)));
        assert!(!lets_go(50_000 * DAY, day(-1)));
    }

    #[test]
    fn one_that_was_ended_stays_so_long_after_its_ending_too() {
        let ended = Times {
            ended_at: Some(day(100)),
            ..unused()
        };
        let lets_go = |age, now| POLICY.lets_go(ended, ages(500 * DAY, age), now);
        assert!(lets_go(90 * DAY, day(190)));
        assert!(!lets_go(90 * DAY, earlier(day(190))));
        assert!(!lets_go(90 * DAY - 1, day(190)));
    }

    #[test]
    fn what_cannot_be_placed_stays() {
        let nowhere = Ages {
            made: None,
            ended: None,
        };
        assert!(!POLICY.lets_go(unused(), nowhere, day(50_000)));
        let ended = Times {
            ended_at: Some(day(11)),
            ..unused()
        };
        let made = Some(50_000 * DAY);
        assert!(!POLICY.lets_go(ended, Ages { made, ended: None }, day(50_000)));
        assert!(POLICY.lets_go(unused(), Ages { made, ended: None }, day(50_000)));
    }

    #[test]
    fn none_leaves_while_a_token_from_longer_lives_could_still_be_good() {
        // Tokens lived for 80 days when the last one was made; now they live for one, and are kept for one.
        let short = Policy {
            refresh_ttl: Duration::from_hours(24),
            keep: Duration::from_hours(24),
        };
        let lets_go = |made, now| short.lets_go(unused(), ages(made, 0), now);
        assert!(!lets_go(90 * DAY, earlier(day(90))));
        assert!(!lets_go(90 * DAY - 1, day(50_000)));
        assert!(lets_go(90 * DAY, day(90)));
    }

    #[test]
    fn a_browsers_session_counts_from_the_end_of_its_life_for_only_its_beginning_is_certain() {
        let browser = Times {
            is_browser: true,
            ..unused()
        };
        let lets_go = |made| POLICY.lets_go(browser, ages(made, 0), day(50_000));
        assert!(lets_go((90 + 120) * DAY));
        assert!(!lets_go((90 + 120) * DAY - 1));
    }

    #[test]
    fn anything_else_is_old_by_both_clocks_or_not_at_all() {
        let span = Duration::from_hours(24);
        assert!(is_old(day(1), Some(DAY), span, day(2)));
        assert!(!is_old(day(1), Some(DAY), span, earlier(day(2))));
        assert!(!is_old(day(1), Some(DAY - 1), span, day(2)));
        assert!(!is_old(day(1), None, span, day(50_000)));
    }
}
