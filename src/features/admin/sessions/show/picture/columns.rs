//! What stands side by side in the picture: a column for each thing worth a look, uneventful stretches folded into one.

use crate::features::sessions::lineage::{Event, Kind};
use crate::features::sessions::verdict::{is_one_holder, made, used_before};

/// Columns drawn at most: what a person still follows, and what fits into a page of 50 kB beside its list.
pub const MAX_COLUMNS: usize = 40;
/// Fewer uneventful rotations than this take no more room than the fold that stands for them.
const MIN_FOLDED: usize = 3;

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A generation that was made, and how often it was presented again within the grace by the one who had used it.
    Generation {
        /// Answers given again.
        retries: usize,
        /// Older tokens that came late.
        stragglers: usize,
    },
    /// A run of rotations from one address with one client.
    Fold,
    /// Events for which there is no room.
    Hidden,
    /// A token that somebody else presented within the grace.
    Visit,
    /// A token that came after the grace.
    Reuse,
    /// The end.
    End,
}

/// A column: what it shows, and the events behind it.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// What it shows.
    pub what: What,
    /// The events, oldest first; never empty.
    pub first: &'a Event,
    /// The last of them.
    pub last: &'a Event,
    /// How many.
    pub events: usize,
    /// Whether it stays visible whatever is folded.
    stays: bool,
}

impl Column<'_> {
    /// Whether the session's line runs through it.
    #[must_use]
    pub fn is_on_the_line(&self) -> bool {
        !matches!(self.what, What::Visit | What::Reuse)
    }
}

/// The columns of a lineage.
#[must_use]
pub fn columns(events: &[Event]) -> Vec<Column<'_>> {
    let singles = singles(events);
    let folded = merged(&singles, &foldable(&singles), MIN_FOLDED, What::Fold);
    let hidden = without_room(&folded);
    merged(&folded, &hidden, 1, What::Hidden)
}

/// One column for each event, except for what is told beside the generation that it presented.
fn singles(events: &[Event]) -> Vec<Column<'_>> {
    let beside = |event: &Event, kind: Kind| event.kind == kind && is_beside(events, event);
    let mut columns = Vec::new();
    for event in events {
        let what = match event.kind {
            Kind::Start | Kind::Rotate => {
                let of = |kind| {
                    let all = events.iter();
                    all.filter(|other| other.generation == event.generation && beside(other, kind))
                        .count()
                };
                What::Generation {
                    retries: of(Kind::Retry),
                    stragglers: of(Kind::Straggler),
                }
            }
            Kind::Retry | Kind::Straggler if is_beside(events, event) => continue,
            Kind::Retry | Kind::Straggler => What::Visit,
            Kind::Reuse => What::Reuse,
            Kind::End => What::End,
        };
        columns.push(Column {
            what,
            first: event,
            last: event,
            events: 1,
            stays: matches!(event.kind, Kind::Reuse | Kind::End) || is_in_question(events, event),
        });
    }
    columns
}

/// Whether a repeated token came from the one who had used it first or, if nobody had, was given it, so that it needs no column of its own.
fn is_beside(events: &[Event], repeated: &Event) -> bool {
    let given = made(events, repeated.generation);
    let holder = used_before(events, repeated).or(given);
    given.is_some() && holder.is_some_and(|holder| is_one_holder(holder, repeated))
}

/// Whether a rotation made or first used a token that came again after the grace.
fn is_in_question(events: &[Event], event: &Event) -> bool {
    let mut reused = events.iter().filter(|other| other.kind == Kind::Reuse);
    event.kind == Kind::Rotate
        && reused.any(|reuse| [0, 1].contains(&(event.generation - reuse.generation)))
}

/// Which columns say no more than the ones beside them.
fn foldable(columns: &[Column<'_>]) -> Vec<bool> {
    let plain = |column: &Column<'_>| {
        let unmarked = What::Generation {
            retries: 0,
            stragglers: 0,
        };
        column.what == unmarked && !column.stays && !is_visited(columns, column)
    };
    let like = |one: &Column<'_>, other: &Column<'_>| {
        matches!(other.what, What::Generation { .. })
            && one.first.address == other.first.address
            && one.first.user_agent.device() == other.first.user_agent.device()
    };
    let mut foldable = vec![false; columns.len()];
    for at in 1..columns.len().saturating_sub(1) {
        let (before, column, after) = (&columns[at - 1], &columns[at], &columns[at + 1]);
        foldable[at] = plain(column) && like(column, before) && like(column, after);
    }
    foldable
}

fn is_visited(columns: &[Column<'_>], column: &Column<'_>) -> bool {
    columns.iter().any(|other| {
        other.what == What::Visit
            && [0, 1].contains(&(column.first.generation - other.first.generation))
    })
}

/// Which columns there is no room for: the oldest, but never the first one nor what a reuse rests on.
fn without_room(columns: &[Column<'_>]) -> Vec<bool> {
    let mut room = MAX_COLUMNS;
    let mut hidden = vec![columns.len() > MAX_COLUMNS; columns.len()];
    if columns.len() <= MAX_COLUMNS {
        return hidden;
    }
    for (at, column) in columns.iter().enumerate() {
        if at == 0 || column.stays {
            hidden[at] = false;
            // Its own column, and one for what is hidden before it.
            room = room.saturating_sub(2);
        }
    }
    for at in (0..columns.len()).rev() {
        if room == 0 {
            break;
        }
        if hidden[at] {
            hidden[at] = false;
            room -= 1;
        }
    }
    hidden
}

/// Puts each run of at least `shortest` chosen columns into one.
fn merged<'a>(
    columns: &[Column<'a>],
    chosen: &[bool],
    shortest: usize,
    what: What,
) -> Vec<Column<'a>> {
    let mut merged: Vec<Column<'a>> = Vec::new();
    let mut at = 0;
    while at < columns.len() {
        let run = chosen[at..].iter().take_while(|chosen| **chosen).count();
        if run < shortest.max(1) {
            let alone = run.max(1);
            merged.extend_from_slice(&columns[at..at + alone]);
            at += alone;
            continue;
        }
        let run = &columns[at..at + run];
        merged.push(Column {
            what,
            first: run[0].first,
            last: run[run.len() - 1].last,
            events: run.iter().map(|column| column.events).sum(),
            stays: false,
        });
        at += run.len();
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::{MAX_COLUMNS, What, columns};
    use crate::features::sessions::lineage::{Event, Kind};
    use crate::features::sessions::verdict::tests::story::{AWAY, CHROME, FIREFOX, HOME, Story};

    const PLAIN: What = What::Generation {
        retries: 0,
        stragglers: 0,
    };

    fn shapes(events: &[Event]) -> Vec<(What, usize)> {
        let columns = columns(events);
        columns
            .iter()
            .map(|column| (column.what, column.events))
            .collect()
    }

    #[test]
    fn a_run_of_like_rotations_is_folded_between_its_first_and_its_last() {
        let story = Story::at_home(38);
        assert_eq!(shapes(&story.0), [(PLAIN, 1), (What::Fold, 37), (PLAIN, 1)]);
        assert_eq!(shapes(&Story::at_home(3).0), [(PLAIN, 1); 4]);
    }

    #[test]
    fn what_a_reuse_rests_on_is_never_folded() {
        let story = Story::at_home(20)
            .then(Kind::Reuse, 10, 90_000, AWAY, CHROME)
            .then(Kind::End, 21, 90_000, AWAY, CHROME);
        let columns = columns(&story.0);
        let alone: Vec<i64> = columns
            .iter()
            .filter(|column| column.what == PLAIN)
            .map(|column| column.first.generation)
            .collect();
        assert_eq!(alone, [1, 10, 11, 21]);
        assert_eq!(columns.iter().filter(|c| c.what == What::Reuse).count(), 1);
    }

    #[test]
    fn a_repeat_stands_beside_its_generation_and_a_strangers_in_a_column() {
        let story = Story::at_home(2)
            .then(Kind::Retry, 2, 7_201, HOME, FIREFOX)
            .then(Kind::Retry, 2, 7_202, HOME, FIREFOX)
            .then(Kind::Straggler, 1, 7_203, HOME, FIREFOX)
            .then(Kind::Retry, 2, 7_204, AWAY, CHROME);
        let beside = |retries, stragglers| What::Generation {
            retries,
            stragglers,
        };
        assert_eq!(
            shapes(&story.0),
            [
                (beside(0, 1), 1),
                (beside(2, 0), 1),
                (PLAIN, 1),
                (What::Visit, 1)
            ]
        );
    }

    #[test]
    fn what_settles_stands_beside_its_generation_wherever_that_is_used_later() {
        let story = Story::at_home(2)
            .then(Kind::Retry, 2, 7_201, HOME, FIREFOX)
            .then(Kind::Retry, 3, 7_202, HOME, FIREFOX)
            .then(Kind::Retry, 3, 7_203, AWAY, CHROME)
            .then(Kind::Rotate, 4, 90_000, AWAY, CHROME);
        let again = |retries| What::Generation {
            retries,
            stragglers: 0,
        };
        assert_eq!(
            shapes(&story.0),
            [
                (PLAIN, 1),
                (again(1), 1),
                (again(1), 1),
                (What::Visit, 1),
                (PLAIN, 1)
            ]
        );
    }

    #[test]
    fn a_client_that_moves_each_time_still_fits_and_keeps_its_first_and_its_evidence() {
        let mut story = Story::at_home(0);
        for generation in 2..=97 {
            let address = format!("198.51.{generation}.1");
            story = story.then(Kind::Rotate, generation, generation * 60, &address, FIREFOX);
        }
        let story = story.then(Kind::Reuse, 20, 90_000, AWAY, CHROME).then(
            Kind::End,
            97,
            90_000,
            AWAY,
            CHROME,
        );
        let columns = columns(&story.0);
        assert!(columns.len() <= MAX_COLUMNS, "{}", columns.len());
        let events: usize = columns.iter().map(|column| column.events).sum();
        assert_eq!(events, story.0.len());
        for generation in [1, 20, 21, 97] {
            assert!(
                columns
                    .iter()
                    .any(|column| column.what == PLAIN && column.first.generation == generation),
                "{generation}"
            );
        }
        assert_eq!(columns.last().map(|column| column.what), Some(What::End));
    }

    #[test]
    fn no_events_are_no_columns() {
        assert!(columns(&[]).is_empty());
    }
}
