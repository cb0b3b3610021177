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

/// From each stranger to the generation that it presented, if that is drawn.
pub(super) fn ties(placed: &[Placed<'_, '_>]) -> Vec<Tie> {
    placed
        .iter()
        .filter_map(|from| {
            let kind = match from.column.what {
                What::Reuse => "reuse",
                What::Visit => "visit",
                _ => return None,
            };
            let to = presented(placed, from.column.first.generation)?;
            Some(Tie {
                path: tie(from, to),
                kind,
            })
        })
        .collect()
}

/// Where a generation is drawn.
fn presented<'a, 'b, 'events>(
    placed: &'a [Placed<'b, 'events>],
    generation: i64,
) -> Option<&'a Placed<'b, 'events>> {
    placed.iter().find(|placed| {
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
