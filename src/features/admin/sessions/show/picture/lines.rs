//! The session's line through its lanes, and the ties of what was presented again.

use crate::features::admin::sessions::show::picture::Tie;
use crate::features::admin::sessions::show::picture::columns::What;
use crate::features::admin::sessions::show::picture::placing::{LANE_HEIGHT, NODE_HEIGHT, Placed};

/// The session's line, from each node on it to the next.
pub(super) fn line(placed: &[Placed<'_, '_>]) -> Vec<String> {
    let on: Vec<&Placed<'_, '_>> = placed
        .iter()
        .filter(|placed| placed.column.is_on_the_line())
        .collect();
    on.windows(2).map(|pair| curve(pair[0], pair[1])).collect()
}

/// From one node to another: straight in a lane, else leaving and arriving level.
fn curve(from: &Placed<'_, '_>, to: &Placed<'_, '_>) -> String {
    if from.y == to.y {
        return format!("M{} {}H{}", from.x, from.y, to.x);
    }
    let middle = i64::midpoint(from.x, to.x);
    format!(
        "M{} {}C{middle} {} {middle} {} {} {}",
        from.x, from.y, from.y, to.y, to.x, to.y
    )
}

/// Something that was presented again, and the generation that it was, by their columns.
pub(super) struct Tied {
    from: usize,
    to: usize,
    kind: &'static str,
}

/// Each stranger whose generation is drawn.
pub(super) fn tied(placed: &[Placed<'_, '_>]) -> Vec<Tied> {
    placed
        .iter()
        .enumerate()
        .filter_map(|(from, one)| {
            let kind = match one.column.what {
                What::Reuse => "reuse",
                What::Visit => "visit",
                _ => return None,
            };
            let to = presented(placed, one.column.first.generation)?;
            Some(Tied { from, to, kind })
        })
        .collect()
}

/// The ties.
pub(super) fn ties(placed: &[Placed<'_, '_>], tied: &[Tied]) -> Vec<Tie> {
    tied.iter()
        .map(|tied| Tie {
            path: tie(&placed[tied.from], &placed[tied.to]),
            kind: tied.kind,
        })
        .collect()
}

/// Where a tie leaves a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Top,
    Bottom,
}

/// The side towards which a tie leaves an edge of a column, if one does: what is written there goes to the other side.
pub(super) fn leaves(
    placed: &[Placed<'_, '_>],
    tied: &[Tied],
    at: usize,
    edge: Edge,
) -> Option<Side> {
    tied.iter().find_map(|tied| {
        let other = match at {
            at if at == tied.from => tied.to,
            at if at == tied.to => tied.from,
            _ => return None,
        };
        let goes_up = placed[other].lane < placed[at].lane;
        let side = if other < at { Side::Left } else { Side::Right };
        (goes_up == (edge == Edge::Top)).then_some(side)
    })
}

/// A side of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// The column in which a generation is drawn.
fn presented(placed: &[Placed<'_, '_>], generation: i64) -> Option<usize> {
    placed.iter().position(|placed| {
        matches!(placed.column.what, What::Generation { .. } | What::Fold)
            && (placed.column.first.generation..=placed.column.last.generation)
                .contains(&generation)
    })
}

/// In one lane below the nodes; else from the facing edges, arriving upright.
fn tie(from: &Placed<'_, '_>, to: &Placed<'_, '_>) -> String {
    let half = NODE_HEIGHT / 2;
    if from.lane == to.lane {
        let (edge, depth) = (from.y + half, from.y + LANE_HEIGHT / 2);
        return format!(
            "M{} {edge}C{} {depth} {} {depth} {} {edge}",
            from.x, from.x, to.x, to.x
        );
    }
    let down = if from.y > to.y { -1 } else { 1 };
    let (start, end) = (from.y + down * half, to.y - down * half);
    let middle = i64::midpoint(start, end);
    format!(
        "M{} {start}C{} {middle} {} {middle} {} {end}",
        from.x, from.x, to.x, to.x
    )
}
