//! The rules of a browser's cookies: pure, so that each limit can be tested to the second.

use std::time::Duration;

use crate::types::time::{Elapsed, Moment};

/// The administrators' pages close after so long without a look: OWASP's 15 to 30 minutes for what can do harm, at its strict end.
pub const ADMIN_IDLE: Duration = Duration::from_mins(15);
/// And after so long whatever happened: a working day.
pub const ADMIN_ABSOLUTE: Duration = Duration::from_hours(8);
/// A password given so recently need not be given again for a dangerous act.
pub const PROOF: Duration = Duration::from_mins(5);
/// A right password waits so long for its second factor: time to fetch the phone.
pub const HALF_SIGN_IN: Duration = Duration::from_mins(5);
/// When an administrator's cookie was last shown is written down no more often than this.
pub const ADMIN_TOUCH: Duration = Duration::from_secs(1);
/// The same for everybody's: it decides about weeks.
pub const ACCOUNT_TOUCH: Duration = Duration::from_mins(1);

/// The two parts of the site that a cookie opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// One's own account.
    Account,
    /// The administrators' pages.
    Admin,
}

impl Area {
    /// As it stands in its row.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Admin => "admin",
        }
    }

    const fn touch(self) -> Duration {
        match self {
            Self::Account => ACCOUNT_TOUCH,
            Self::Admin => ADMIN_TOUCH,
        }
    }
}

/// When a cookie was made, last shown, and last backed by the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When its area was entered.
    pub made: Moment,
    /// When it was last shown.
    pub used: Moment,
    /// When its holder last gave the password.
    pub proven: Moment,
}

impl Times {
    /// Whether the administrators' pages are still open to it. After a restart of the machine they are not: how long it took, nobody can tell.
    #[must_use]
    pub fn admin_is_open(&self, now: Moment) -> bool {
        is_within(self.made, ADMIN_ABSOLUTE, now) && is_within(self.used, ADMIN_IDLE, now)
    }

    /// Whether the password was given recently enough for a dangerous act.
    #[must_use]
    pub fn is_proven(&self, now: Moment) -> bool {
        is_within(self.proven, PROOF, now)
    }

    /// Whether it is time to write down that it was shown.
    #[must_use]
    pub fn is_to_be_touched(&self, area: Area, now: Moment) -> bool {
        !matches!(now.since(self.used), Elapsed::Span(span) if span < area.touch())
    }
}

/// Whether a moment lies at most so long ago, for certain, on the clock that nobody can set.
#[must_use]
pub fn is_within(moment: Moment, span: Duration, now: Moment) -> bool {
    matches!(now.since(moment), Elapsed::Span(elapsed) if elapsed <= span)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ADMIN_ABSOLUTE, ADMIN_IDLE, Area, PROOF, Times};
    use crate::types::time::{Clock, HandClock, Moment, Timestamp};

    const SECOND: Duration = Duration::from_secs(1);

    fn begun() -> (HandClock, Times) {
        let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
        let now = clock.now();
        let times = Times {
            made: now,
            used: now,
            proven: now,
        };
        (clock, times)
    }

    fn later(span: Duration) -> (Moment, Times) {
        let (clock, times) = begun();
        clock.advance(span);
        (clock.now(), times)
    }

    #[test]
    fn the_admin_area_closes_a_second_after_fifteen_idle_minutes() {
        let (now, times) = later(ADMIN_IDLE);
        assert!(times.admin_is_open(now));
        let (now, times) = later(ADMIN_IDLE + SECOND);
        assert!(!times.admin_is_open(now));
    }

    #[test]
    fn it_closes_a_second_after_eight_hours_however_busy() {
        for (span, open) in [(ADMIN_ABSOLUTE, true), (ADMIN_ABSOLUTE + SECOND, false)] {
            let (now, times) = later(span);
            let busy = Times { used: now, ..times };
            assert_eq!(busy.admin_is_open(now), open);
        }
    }

    #[test]
    fn a_proof_is_stale_a_second_after_five_minutes() {
        let (now, times) = later(PROOF);
        assert!(times.is_proven(now));
        let (now, times) = later(PROOF + SECOND);
        assert!(!times.is_proven(now));
    }

    #[test]
    fn no_step_of_the_wall_clock_opens_or_closes_anything_and_a_restart_of_the_machine_closes_all()
    {
        let (clock, times) = begun();
        for wall in [0, 4_000_000_000] {
            clock.set_wall(Timestamp::from_seconds(wall));
            assert!(times.admin_is_open(clock.now()) && times.is_proven(clock.now()));
        }
        clock.reboot();
        assert!(!times.admin_is_open(clock.now()) && !times.is_proven(clock.now()));
    }

    #[test]
    fn being_shown_is_written_down_once_a_minute_or_once_a_second() {
        for (area, span, expected) in [
            (Area::Account, Duration::from_secs(59), false),
            (Area::Account, Duration::from_mins(1), true),
            (Area::Admin, Duration::from_millis(999), false),
            (Area::Admin, SECOND, true),
        ] {
            let (now, times) = later(span);
            assert_eq!(times.is_to_be_touched(area, now), expected, "{area:?}");
        }
    }
}
