//! Where each column stands: its lane, its width, and the gap before it.

use std::time::Duration;

use crate::features::admin::sessions::show::picture::columns::{Column, What};
use crate::features::admin::sessions::show::picture::lanes::Lanes;
use crate::types::span;

/// Pixels around everything.
pub(super) const MARGIN: i64 = 24;
/// Pixels of a lane: two lines of label, the nodes, one line of marks.
pub(super) const LANE_HEIGHT: i64 = 96;
/// Pixels from a lane's top to the middle of its nodes.
pub(super) const NODE_DEPTH: i64 = 54;
/// Pixels of a node.
pub(super) const NODE_HEIGHT: i64 = 24;
/// Pixels of a character in labels, and of a digit in a node; measured generously.
pub(super) const CHARACTER_WIDTH: i64 = 7;
/// Pixels from a tie to what is written beside it.
pub(super) const BESIDE: i64 = 6;
/// Pixels of a pill that stands for many events.
const PILL_WIDTH: i64 = 112;
/// Pixels between columns: at least these, and more the longer the time between them …
const SHORTEST_GAP: i64 = 34;
/// … up to this. Longer gaps are drawn as broken.
const LONGEST_GAP: i64 = 72;

/// A column with its place.
pub(super) struct Placed<'a, 'events> {
    /// What stands there.
    pub column: &'a Column<'events>,
    /// Whose lane, from 0 at the top.
    pub lane: usize,
    /// Its middle.
    pub x: i64,
    /// Its middle.
    pub y: i64,
    /// Its size.
    pub width: i64,
}

/// Gives every column its place, from left to right.
pub(super) fn place<'a, 'events>(
    columns: &'a [Column<'events>],
    lanes: &Lanes<'_>,
) -> Vec<Placed<'a, 'events>> {
    let mut placed: Vec<Placed<'a, 'events>> = Vec::new();
    let mut right = MARGIN;
    // The end stands where the line was, not where its cause came from.
    let mut line_lane = 0;
    for column in columns {
        let lane = match column.what {
            What::End => line_lane,
            _ => lanes.lane(column.last),
        };
        if column.is_on_the_line() {
            line_lane = lane;
        }
        let gap = placed
            .last()
            .map_or(0, |before| gap_width(apart(before.column, column)));
        let width = width(column);
        let x = right + gap + width / 2;
        right = x + width / 2;
        placed.push(Placed {
            column,
            lane,
            x,
            y: MARGIN + LANE_HEIGHT * count(lane) + NODE_DEPTH,
            width,
        });
    }
    placed
}

fn width(column: &Column<'_>) -> i64 {
    match column.what {
        What::Fold | What::Hidden => PILL_WIDTH,
        What::Generation { .. } => {
            let digits = column.first.generation.to_string().len();
            (NODE_HEIGHT - CHARACTER_WIDTH + CHARACTER_WIDTH * count(digits)).max(NODE_HEIGHT)
        }
        What::Visit | What::Reuse | What::End => NODE_HEIGHT,
    }
}

/// How long after one column another begins.
pub(super) fn apart(before: &Column<'_>, after: &Column<'_>) -> Duration {
    span::between(before.last.at, after.first.at)
}

/// Grows with each doubling, so that seconds differ from minutes and days need no more room than hours.
fn gap_width(gap: Duration) -> i64 {
    let doublings = i64::from((gap.as_secs() + 1).ilog2());
    (SHORTEST_GAP + 3 * doublings).min(LONGEST_GAP)
}

/// A number of things as pixels are counted.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
