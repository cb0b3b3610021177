//! The rules that a search runs under: the Hub's own, and others that are broken on purpose.

use std::time::Duration;

use hub::features::sessions::model::{MAX_RETRIES, Session, Verdict, judge};
use hub::types::time::Moment;

type Judge = fn(i64, &Session, Option<Moment>, Moment, Duration) -> Verdict;

/// What decides, and whether a retry begins its window anew.
pub struct Rules {
    pub name: &'static str,
    pub judge: Judge,
    pub retries_slide: bool,
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
    pub const GRANDPARENTS: Self = Self::new("grandparents are retries", grandparents);
    pub const PARENT_ROTATES: Self = Self::new("a parent rotates", parent_rotates);
    pub const UNBOUNDED_RETRIES: Self = Self::new("retries without bound", unbounded_retries);
    pub const FORGIVING: Self = Self::new("reuse is only refused", forgiving);
    pub const SLIDING: Self = Self {
        name: "a retry begins its window anew",
        judge,
        retries_slide: true,
    };

    const fn new(name: &'static str, judge: Judge) -> Self {
        Self {
            name,
            judge,
            retries_slide: false,
        }
    }
}

fn no_stragglers(
    presented: i64,
    session: &Session,
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Straggler if presented < session.generation - 1 => Verdict::Reuse,
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
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    let first_use = first_use.map(by_wall);
    judge(presented, session, first_use, by_wall(now), grace)
}

fn either_clock(
    presented: i64,
    session: &Session,
    first_use: Option<Moment>,
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
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    let past = first_use.filter(|past| past.boot != now.boot);
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
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match first_use {
        Some(past) if past.boot == now.boot && past.steady > now.steady => Verdict::Unsure,
        _ => judge(presented, session, first_use, now, grace),
    }
}

fn grandparents(
    presented: i64,
    session: &Session,
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Straggler if presented == session.generation - 2 => Verdict::Retry,
        verdict => verdict,
    }
}

fn parent_rotates(
    presented: i64,
    session: &Session,
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Retry => Verdict::Rotate,
        verdict => verdict,
    }
}

fn unbounded_retries(
    presented: i64,
    session: &Session,
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Straggler if session.retries >= MAX_RETRIES => {
            if presented == session.generation - 1 {
                Verdict::Retry
            } else {
                Verdict::Straggler
            }
        }
        verdict => verdict,
    }
}

fn forgiving(
    presented: i64,
    session: &Session,
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    match judge(presented, session, first_use, now, grace) {
        Verdict::Reuse => Verdict::Straggler,
        verdict => verdict,
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
