//! What stands in the picture's columns, and what is written in and below it.

use crate::features::admin::sessions::show::picture::columns::{Column, What};
use crate::features::admin::sessions::show::picture::lines::{Edge, Side, Tied, leaves};
use crate::features::admin::sessions::show::picture::placing::{
    BESIDE, CHARACTER_WIDTH, NODE_HEIGHT, Placed, count,
};
use crate::features::admin::sessions::show::picture::{Mark, Node};
use crate::features::sessions::lineage::{Event, Kind};
use crate::types::span;

/// Pixels from a node's middle to the marks below it, and from one to the next.
const MARK_DEPTH: i64 = 26;
const MARK_LINE: i64 = 12;

/// A node for every column.
pub(super) fn nodes(placed: &[Placed<'_, '_>], tied: &[Tied], is_live: bool) -> Vec<Node> {
    let newest = placed.iter().rposition(is_generation);
    placed
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let (kind, text) = kind_and_text(placed, one, is_live && newest == Some(at));
            let (left, top) = (one.x - one.width / 2, one.y - NODE_HEIGHT / 2);
            Node {
                kind,
                x: one.x,
                y: one.y,
                left,
                top,
                width: one.width,
                height: NODE_HEIGHT,
                text,
                marks: marks(one, leaves(placed, tied, at, Edge::Bottom)),
                title: title(one.column),
            }
        })
        .collect()
}

fn is_generation(placed: &Placed<'_, '_>) -> bool {
    matches!(placed.column.what, What::Generation { .. })
}

fn kind_and_text(
    placed: &[Placed<'_, '_>],
    one: &Placed<'_, '_>,
    is_present: bool,
) -> (&'static str, String) {
    let generation = one.column.first.generation;
    let disputed = || {
        let mut reuses = placed
            .iter()
            .filter(|other| other.column.what == What::Reuse);
        reuses.any(|reuse| reuse.column.first.generation == generation)
    };
    match one.column.what {
        What::Generation { .. } if disputed() => ("disputed", generation.to_string()),
        What::Generation { .. } if is_present => ("present", generation.to_string()),
        What::Generation { .. } => ("generation", generation.to_string()),
        What::Fold => ("fold", format!("{} rotations", one.column.events)),
        What::Hidden => ("hidden", format!("{} events", one.column.events)),
        What::Visit => ("visit", generation.to_string()),
        What::Reuse => ("reuse", generation.to_string()),
        What::End => ("end", String::new()),
    }
}

impl Mark {
    /// From where to where it reaches.
    pub(super) fn span(&self) -> (i64, i64) {
        let width = CHARACTER_WIDTH * count(self.text.chars().count());
        match self.anchor {
            "start" => (self.x, self.x + width),
            "end" => (self.x - width, self.x),
            _ => (self.x - width / 2, self.x + width / 2),
        }
    }
}

/// What is written below a node: in its middle, or beside the tie that leaves it there.
fn marks(one: &Placed<'_, '_>, tie: Option<Side>) -> Vec<Mark> {
    let texts = match one.column.what {
        What::Generation {
            retries,
            stragglers,
        } => [
            (retries > 0).then(|| format!("{retries} × again")),
            (stragglers > 0).then(|| format!("{stragglers} × late")),
        ],
        What::Fold => {
            let span = span::between(one.column.first.at, one.column.last.at);
            [Some(format!("in {}", span::words(span))), None]
        }
        What::Reuse => [Some("reuse".to_owned()), None],
        What::Visit => [Some("again".to_owned()), None],
        What::End => [Some("end".to_owned()), None],
        What::Hidden => [Some("in the list".to_owned()), None],
    };
    let (x, anchor) = match tie {
        None => (one.x, "middle"),
        Some(Side::Left) => (one.x + BESIDE, "start"),
        Some(Side::Right) => (one.x - BESIDE, "end"),
    };
    let beside = texts
        .into_iter()
        .flatten()
        .zip(0..)
        .map(|(text, line)| Mark {
            x,
            y: one.y + MARK_DEPTH + MARK_LINE * line,
            anchor,
            text,
        });
    // At the left edge there is no room beside a tie.
    beside
        .map(|mark| match mark.span() {
            (left, _) if left < 0 => Mark {
                x: one.x,
                anchor: "middle",
                ..mark
            },
            _ => mark,
        })
        .collect()
}

fn title(column: &Column<'_>) -> String {
    let event = column.first;
    let generation = event.generation;
    let who = who(event);
    match column.what {
        What::Generation { .. } if event.kind == Kind::Start => {
            format!("Sign-in, generation {generation}: {who}")
        }
        What::Generation { .. } => format!("Generation {generation} was made: {who}"),
        What::Fold => format!(
            "{} rotations up to generation {}, all {who}",
            column.events, column.last.generation
        ),
        What::Hidden => format!("{} events, told in the list", column.events),
        What::Visit => format!("Generation {generation} came again within the grace: {who}"),
        What::Reuse => format!("Generation {generation} came again after the grace: {who}"),
        What::End => "The session was ended".to_owned(),
    }
}

fn who(event: &Event) -> String {
    format!("{}, {}", address(event), event.user_agent.device())
}

/// An event's address, or that it is not known.
pub(super) fn address(event: &Event) -> String {
    event.address.map_or_else(
        || "address unknown".to_owned(),
        |address| address.to_string(),
    )
}
