//! The rules that a search runs under: the Hub's own, and others that are broken on purpose.

use std::time::Duration;

use hub::features::sessions::model::{FirstUse, Session, Verdict, judge};
use hub::types::time::Moment;

type Judge = fn(i64, &Session, Option<FirstUse>, Moment, Duration) -> Verdict;

/// What decides, and whether an answer given again begins its window anew.
pub struct Rules {
    pub name: &'static str,
    pub judge: Judge,
    pub windows_slide: bool,
}

impl Rules {
    pub const REAL: Self = Self::new("the Hub's own", judge);
    pub const NO_STRAGGLERS: Self = Self::new("no stragglers", no_stragglers);
    pub const WALL_CLOCK: Self = Self::new("grace on the wall clock", wall_clock);
    pub const WALL_CLOCK_OPENS_ONLY: Self =
        Self::new("either clock opens the window", either_clock);
    pub const WALL_CLOCK_ACROSS_BOOTS: Self =
        Self::new("wall clock across boots", wall_clock_across_boots);
    pub const OVERTAKEN_IS_DOUBT: Self = Self::new("overtaken is doubt", overtaken_is_doubt);
    pub const REFUSED_STRAGGLERS: Self = Self::new("stragglers are refused", refused_stragglers);
    pub const ANY_ANCESTOR: Self = Self::new(
        "any ancestor within the grace of the last rotation",
        any_ancestor,
    );
    pub const PARENT_ROTATES: Self = Self::new("a parent rotates", parent_rotates);
    pub const STRAGGLER_ROTATES: Self = Self::new("a straggler rotates", straggler_rotates);
    pub const UNBOUNDED_RETRIES: Self = Self::new("retries without bound", unbounded_retries);
    pub const UNBOUNDED_STRAGGLERS: Self =
        Self::new("stragglers without bound", unbounded_stragglers);
    pub const NEVER_SETTLES: Self = Self::new("nothing settles", never_settles);
    pub const SETTLES_WITHOUT_BOUND: Self =
        Self::new("settles without bound", settles_without_bound);
    pub const SETTLES_BEYOND_THE_GRACE: Self =
        Self::new("settles beyond the grace", settles_beyond_the_grace);
    pub const SETTLES_UNASKED: Self = Self::new("settles before any retry", settles_unasked);
    pub const FORGOTTEN_IS_RECENT: Self = Self::new(
        "the oldest that is kept passes for the first use",
        forgotten_is_recent,
    );
    pub const FORGOTTEN_IS_LATE: Self = Self::new("what is forgotten is reuse", forgotten_is_late);
    pub const FORGIVING: Self = Self::new("reuse is only refused", forgiving);
    pub const SLIDING: Self = Self {
        name: "a window begins anew with each answer",
        judge,
        windows_slide: true,
    };

    const fn new(name: &'static str, judge: Judge) -> Self {
        Self {
            name,
            judge,
            windows_slide: false,
        }
    }
}

fn no_stragglers(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Straggler => Verdict::Reuse,
        verdict => verdict,
    }
}

fn refused_stragglers(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Straggler => Verdict::WornOut,
        verdict => verdict,
    }
}

/// The same moment as a machine without a steady clock would tell it.
fn by_wall(moment: Moment) -> Moment {
    Moment {
        steady: moment.wall.micros(),
        boot: 1,
        ..moment
    }
}

fn wall_clock(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    let by_wall_too = match first_use {
        // Of the present generation nothing is asked that this rule would change.
        None => return judge(presented, session, first_use, now, grace),
        Some(FirstUse::At(moment)) => FirstUse::At(by_wall(moment)),
        Some(FirstUse::Before(moment)) => FirstUse::Before(by_wall(moment)),
    };
    judge(presented, session, Some(by_wall_too), by_wall(now), grace)
}

fn either_clock(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Reuse => wall_clock(presented, session, first_use, now, grace),
        verdict => verdict,
    }
}

fn wall_clock_across_boots(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    let past = moment(first_use).filter(|past| past.boot != now.boot);
    match (
        judge(presented, session, first_use, now, grace),
        past.map(|past| now.wall.micros() - past.wall.micros()),
    ) {
        (Verdict::Unsure, Some(ago)) if ago > micros(grace) => Verdict::Reuse,
        (verdict, _) => verdict,
    }
}

fn overtaken_is_doubt(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match moment(first_use) {
        Some(past) if past.boot == now.boot && past.steady > now.steady => Verdict::Unsure,
        _ => judge(presented, session, first_use, now, grace),
    }
}

fn any_ancestor(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    let last = first_use.map(|_| FirstUse::At(session.rotated));
    judge(presented, session, last, now, grace)
}

fn parent_rotates(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Retry => Verdict::Rotate,
        verdict => verdict,
    }
}

fn straggler_rotates(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Straggler => Verdict::Rotate,
        verdict => verdict,
    }
}

fn unbounded_retries(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::WornOut if presented == session.generation - 1 => Verdict::Retry,
        verdict => verdict,
    }
}

fn unbounded_stragglers(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::WornOut if presented < session.generation - 1 => Verdict::Straggler,
        verdict => verdict,
    }
}

fn never_settles(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Settle => Verdict::Rotate,
        verdict => verdict,
    }
}

/// The same session, answered again so often.
fn with_retries(session: &Session, retries: i64) -> Session {
    Session {
        retries,
        ..session.clone()
    }
}

fn settles_without_bound(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Rotate => {
            let fresh = with_retries(session, session.retries.min(1));
            judge(presented, &fresh, first_use, now, grace)
        }
        verdict => verdict,
    }
}

fn settles_beyond_the_grace(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Rotate => judge(presented, session, first_use, session.rotated, grace),
        verdict => verdict,
    }
}

fn settles_unasked(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Rotate => {
            let asked = with_retries(session, session.retries.max(1));
            judge(presented, &asked, first_use, now, grace)
        }
        verdict => verdict,
    }
}

fn forgotten_is_recent(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    let first_use = moment(first_use).map(FirstUse::At);
    judge(presented, session, first_use, now, grace)
}

fn forgotten_is_late(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    let first_use = first_use.filter(|first_use| matches!(first_use, FirstUse::At(_)));
    judge(presented, session, first_use, now, grace)
}

fn forgiving(
    presented: i64,
    session: &Session,
    first_use: Option<FirstUse>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Reuse => Verdict::WornOut,
        verdict => verdict,
    }
}

/// The moment that is known, whatever is known of it.
fn moment(first_use: Option<FirstUse>) -> Option<Moment> {
    first_use.map(|(FirstUse::At(moment) | FirstUse::Before(moment))| moment)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
