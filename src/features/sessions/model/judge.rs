//! What a presented refresh token means for its session: the rows of the machine's table from 5 on.

use std::time::Duration;

use super::Session;
use crate::types::time::{Elapsed, Moment};

/// How often one generation is answered again to holders of earlier ones. A browser with twenty tabs needs fewer; a loop without end is cut off.
pub const MAX_RETRIES: i64 = 20;

/// What an authentic refresh token means for its session. The numbers are the rows of the machine's table in the crate's map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 5: it is the present one. A new generation is made.
    Rotate,
    /// 12: it is the present one, and an answer that carries it may still be on its way to a tab that will store it last. It is answered with
    /// itself: a successor made now could be overwritten by it.
    Settle,
    /// 6: the parent; the answer was lost, or another tab was faster. The present generation is answered again, in the same bytes.
    Retry,
    /// 8: an older ancestor; others rotated more than once while it was on its way. It is answered like a retry, for its bearer is late by no
    /// more than one would be.
    Straggler,
    /// 11: it would be a retry or a straggler, but the present generation was answered again too often. Refused; the session lives.
    WornOut,
    /// 7: it cannot be told how long ago it was used. Refused; the session lives, for no doubt may end one, nor give anything away.
    Unsure,
    /// 9: used before, and the grace is over: two hold it. The session ends for both, for which of them is the thief cannot be known.
    Reuse,
    /// 10: from a generation that this database never made (an old backup was put back). Refused; the session lives.
    Ahead,
}

/// When a generation was first used, which is when its successor was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstUse {
    /// Then.
    At(Moment),
    /// Some time before: the session's lineage, of which this is the oldest that is kept, knows no more.
    Before(Moment),
}

impl FirstUse {
    /// How long ago that was.
    fn ago(self, now: Moment) -> Elapsed {
        match self {
            Self::At(moment) => now.since(moment),
            Self::Before(moment) => match now.since(moment) {
                Elapsed::Span(span) => Elapsed::AtLeast(span),
                unknown => unknown,
            },
        }
    }
}

/// Judges a presented generation.
///
/// `first_use` is of the presented generation; `None` if it is the present one or later, or if nothing at all is known of it.
#[must_use]
pub fn judge(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    if presented == session.generation {
        return if is_settling(session, now, grace) {
            Verdict::Settle
        } else {
            Verdict::Rotate
        };
    }
    if presented > session.generation {
        return Verdict::Ahead;
    }
    match first_use.map(|first_use| first_use.ago(now)) {
        // Strict mode: without a grace every second use is reuse.
        _ if grace.is_zero() => Verdict::Reuse,
        Some(Elapsed::Span(span)) if span <= grace => {
            if session.retries >= MAX_RETRIES {
                Verdict::WornOut
            } else if presented == session.generation - 1 {
                Verdict::Retry
            } else {
                Verdict::Straggler
            }
        }
        Some(Elapsed::AtLeast(span)) if span <= grace => Verdict::Unsure,
        Some(Elapsed::Unknown) => Verdict::Unsure,
        Some(Elapsed::Span(_) | Elapsed::AtLeast(_)) | None => Verdict::Reuse,
    }
}

/// Whether answers that carry the present generation may still be on their way.
///
/// Until it is answered again there is but one of them, and whoever presents it has had that. From then on there may be more, for as long as
/// its parent is answered; when that is over, or the bound is reached, it rotates.
fn is_settling(session: &Session, now: Moment, grace: Duration) -> bool {
    !grace.is_zero()
        && (1..MAX_RETRIES).contains(&session.retries)
        && matches!(now.since(session.rotated), Elapsed::Span(span) if span <= grace)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FirstUse, MAX_RETRIES, Verdict, judge};
    use crate::features::sessions::model::Session;
    use crate::features::sessions::model::tests::{at, session};
    use crate::types::time::{Moment, Timestamp};

    const GRACE: Duration = Duration::from_secs(10);

    fn verdict(presented: i64, first_use: Option<Moment>, now: Moment) -> Verdict {
        let first_use = first_use.map(FirstUse::At);
        judge(presented, &session(5, at(0)), first_use, now, GRACE)
    }

    /// The present generation, made at noon, answered again so often since.
    fn of_the_present(retries: i64, now: Moment, grace: Duration) -> Verdict {
        let answered = Session {
            retries,
            ..session(5, at(0))
        };
        judge(5, &answered, None, now, grace)
    }

    #[test]
    fn the_present_generation_settles_once_it_was_answered_again_until_the_grace_is_over_to_the_microsecond()
     {
        for retries in 1..MAX_RETRIES {
            let verdict = |now| of_the_present(retries, now, GRACE);
            assert_eq!(verdict(at(0)), Verdict::Settle);
            assert_eq!(verdict(at(10)), Verdict::Settle);
            let mut late = at(10);
            late.steady += 1;
            assert_eq!(verdict(late), Verdict::Rotate);
        }
        // No other answer is on its way; and there is a bound.
        for retries in [0, MAX_RETRIES, MAX_RETRIES + 1] {
            assert_eq!(of_the_present(retries, at(0), GRACE), Verdict::Rotate);
        }
    }

    #[test]
    fn a_present_generation_settles_on_the_steady_clock_of_one_boot_only() {
        let mut stepped = at(5);
        for wall in [-1_000_000, 11, 1_000_000] {
            stepped.wall = at(wall).wall;
            assert_eq!(of_the_present(1, stepped, GRACE), Verdict::Settle);
        }
        // Overtaken on the way to the writer.
        stepped.steady = at(0).steady - 1;
        assert_eq!(of_the_present(1, stepped, GRACE), Verdict::Settle);
        let started_anew = Moment { boot: 2, ..at(5) };
        assert_eq!(of_the_present(1, started_anew, GRACE), Verdict::Rotate);
        let unknown = Moment {
            steady: at(-1_000).steady,
            ..at(0)
        };
        assert_eq!(of_the_present(1, unknown, GRACE), Verdict::Rotate);
    }

    #[test]
    fn in_strict_mode_nothing_settles() {
        let verdict = of_the_present(1, at(0), Duration::ZERO);
        assert_eq!(verdict, Verdict::Rotate);
    }

    #[test]
    fn the_present_generation_rotates_whatever_the_clock_says() {
        for now in [at(0), at(-1_000), at(1_000_000)] {
            assert_eq!(verdict(5, None, now), Verdict::Rotate);
        }
    }

    #[test]
    fn its_parent_is_a_retry_until_the_grace_is_over_to_the_microsecond() {
        assert_eq!(verdict(4, Some(at(0)), at(0)), Verdict::Retry);
        assert_eq!(verdict(4, Some(at(0)), at(10)), Verdict::Retry);
        let mut late = at(10);
        late.steady += 1;
        assert_eq!(verdict(4, Some(at(0)), late), Verdict::Reuse);
    }

    #[test]
    fn answers_again_without_end_are_refused_but_end_nothing() {
        let mut tired = session(5, at(0));
        let verdict = |tired: &Session, presented, now| {
            let first_use = Some(FirstUse::At(at(0)));
            judge(presented, tired, first_use, now, GRACE)
        };
        tired.retries = MAX_RETRIES - 1;
        assert_eq!(verdict(&tired, 4, at(1)), Verdict::Retry);
        assert_eq!(verdict(&tired, 3, at(1)), Verdict::Straggler);
        tired.retries = MAX_RETRIES;
        for presented in 1..=4 {
            assert_eq!(verdict(&tired, presented, at(1)), Verdict::WornOut);
            assert_eq!(verdict(&tired, presented, at(11)), Verdict::Reuse);
        }
    }

    #[test]
    fn an_older_ancestor_is_a_straggler_within_the_grace_of_its_own_first_use_and_reuse_after() {
        for presented in 1..=3 {
            assert_eq!(verdict(presented, Some(at(-4)), at(6)), Verdict::Straggler);
            let mut late = at(6);
            late.steady += 1;
            assert_eq!(verdict(presented, Some(at(-4)), late), Verdict::Reuse);
            assert_eq!(verdict(presented, None, at(0)), Verdict::Reuse);
        }
    }

    #[test]
    fn what_the_lineage_has_forgotten_is_given_nothing_and_ends_nothing_until_it_is_surely_late() {
        let forgotten = |now| {
            let first_use = Some(FirstUse::Before(at(0)));
            judge(1, &session(5, at(0)), first_use, now, GRACE)
        };
        assert_eq!(forgotten(at(-1)), Verdict::Unsure);
        assert_eq!(forgotten(at(10)), Verdict::Unsure);
        assert_eq!(forgotten(at(11)), Verdict::Reuse);
    }

    #[test]
    fn a_wall_clock_that_steps_neither_opens_nor_closes_the_window() {
        let mut back = at(5);
        back.wall = Timestamp::from_seconds(0);
        assert_eq!(verdict(4, Some(at(0)), back), Verdict::Retry);
        let mut ahead = at(5);
        ahead.wall = Timestamp::from_seconds(4_000_000_000);
        assert_eq!(verdict(4, Some(at(0)), ahead), Verdict::Retry);
        let mut reopened = at(3_600);
        reopened.wall = at(5).wall;
        assert_eq!(verdict(4, Some(at(0)), reopened), Verdict::Reuse);
    }

    #[test]
    fn after_a_restart_of_the_machine_the_window_is_closed_and_doubt_ends_nothing() {
        // Running for so many seconds, whatever the wall clock says and however long the machine, perhaps another one, is up.
        let up = |seconds: i64, wall: i64| Moment {
            steady: 86_400_000_000,
            boot: 2,
            running: seconds * 1_000_000,
            ..at(wall)
        };
        for wall in [-5, 5, 11, 1_000_000] {
            assert_eq!(verdict(4, Some(at(0)), up(0, wall)), Verdict::Unsure);
            assert_eq!(verdict(4, Some(at(0)), up(10, wall)), Verdict::Unsure);
            assert_eq!(verdict(3, Some(at(0)), up(10, wall)), Verdict::Unsure);
            assert_eq!(verdict(4, Some(at(0)), up(11, wall)), Verdict::Reuse);
        }
    }

    #[test]
    fn whoever_was_overtaken_on_the_way_to_the_writer_gets_the_successor_too() {
        let mut overtaken = at(0);
        overtaken.steady -= 1;
        for wall in [-1_000_000, 0, 1_000_000] {
            overtaken.wall = at(wall).wall;
            assert_eq!(verdict(4, Some(at(0)), overtaken), Verdict::Retry);
            assert_eq!(verdict(3, Some(at(0)), overtaken), Verdict::Straggler);
        }
    }

    #[test]
    fn in_strict_mode_every_second_use_is_reuse() {
        for presented in 1..=4 {
            let verdict = judge(
                presented,
                &session(5, at(0)),
                Some(FirstUse::At(at(0))),
                at(0),
                Duration::ZERO,
            );
            assert_eq!(verdict, Verdict::Reuse);
        }
    }

    #[test]
    fn a_generation_that_was_never_made_is_refused_and_ends_nothing() {
        assert_eq!(verdict(6, None, at(0)), Verdict::Ahead);
        assert_eq!(verdict(i64::MAX, None, at(0)), Verdict::Ahead);
    }
}
