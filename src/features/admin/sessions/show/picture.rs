//! The lineage as a picture: plain numbers that a template draws, so that nothing of it is markup made here.
//!
//! From left to right time goes by, not to scale: every gap is labelled. Each holder (network and client) has a lane, and the
//! session's line runs from generation to generation through the lanes of those who held it. What came from somebody else while the
//! line was elsewhere stands on its own, tied to the generation that it presented.

mod axis;
pub mod columns;
pub mod lanes;
mod lines;
mod nodes;
mod placing;

use serde::Serialize;

use crate::features::admin::sessions::show::picture::axis::{gaps, labels, ticks};
use crate::features::admin::sessions::show::picture::columns::columns;
use crate::features::admin::sessions::show::picture::lanes::Lanes;
use crate::features::admin::sessions::show::picture::lines::{line, tied, ties};
use crate::features::admin::sessions::show::picture::nodes::nodes;
use crate::features::admin::sessions::show::picture::placing::{LANE_HEIGHT, MARGIN, count, place};
use crate::features::sessions::lineage::Event;

/// Pixels of the axis below the lanes: gaps, times, dates.
const AXIS_HEIGHT: i64 = 58;

/// The picture. Every number is in pixels.
#[derive(Debug, Default, Serialize)]
pub struct Picture {
    /// Its size.
    pub width: i64,
    /// Its size.
    pub height: i64,
    /// The lines that separate lanes.
    pub lanes: Vec<i64>,
    /// The session's line, piece by piece.
    pub line: Vec<String>,
    /// From what was presented again to the generation that it presented.
    pub ties: Vec<Tie>,
    /// Generations, folds, strangers, the end.
    pub nodes: Vec<Node>,
    /// Who, where it changes.
    pub labels: Vec<Label>,
    /// How deep the axis lies.
    pub axis: i64,
    /// When.
    pub ticks: Vec<Tick>,
    /// How long in between.
    pub gaps: Vec<Gap>,
}

/// A tie between a presented token and its generation.
#[derive(Debug, Serialize)]
pub struct Tie {
    /// Its way.
    pub path: String,
    /// `reuse` or `visit`.
    pub kind: &'static str,
}

/// A node.
#[derive(Debug, Serialize)]
pub struct Node {
    /// `generation`, `present`, `disputed`, `fold`, `hidden`, `visit`, `reuse` or `end`.
    pub kind: &'static str,
    /// Its middle.
    pub x: i64,
    /// Its middle.
    pub y: i64,
    /// Its left edge.
    pub left: i64,
    /// Its upper edge.
    pub top: i64,
    /// Its size.
    pub width: i64,
    /// Its size.
    pub height: i64,
    /// What stands in it.
    pub text: String,
    /// What stands below it.
    pub marks: Vec<Mark>,
    /// What it is, in words.
    pub title: String,
}

/// A line of text below a node.
#[derive(Debug, Serialize)]
pub struct Mark {
    /// Where its anchor is.
    pub x: i64,
    /// Where.
    pub y: i64,
    /// `start`, `middle` or `end`, as SVG has it.
    pub anchor: &'static str,
    /// What.
    pub text: String,
}

/// Who holds the session from here on.
#[derive(Debug, Serialize)]
pub struct Label {
    /// Where it begins.
    pub x: i64,
    /// The line of the client.
    pub y: i64,
    /// The line of the address.
    pub below: i64,
    /// The client.
    pub device: String,
    /// The address.
    pub address: String,
}

/// A time on the axis.
#[derive(Debug, Serialize)]
pub struct Tick {
    /// Where.
    pub x: i64,
    /// `15:30`.
    pub time: String,
    /// `09-06`, where it is another day than before.
    pub date: Option<String>,
}

/// A length of time on the axis.
#[derive(Debug, Serialize)]
pub struct Gap {
    /// Its middle.
    pub x: i64,
    /// `4 h`.
    pub text: String,
    /// Whether it is drawn shorter than it was.
    pub is_long: bool,
}

/// Draws a lineage. `is_live` says whether its last generation can still be used.
#[must_use]
pub fn draw(events: &[Event], is_live: bool) -> Picture {
    let lanes = Lanes::of(events);
    let columns = columns(events);
    let placed = place(&columns, &lanes);
    let tied = tied(&placed);
    let bottom = MARGIN + LANE_HEIGHT * count(lanes.count());
    let mut picture = Picture {
        height: bottom + AXIS_HEIGHT,
        axis: bottom,
        lanes: (1..lanes.count())
            .map(|lane| MARGIN + LANE_HEIGHT * count(lane))
            .collect(),
        line: line(&placed),
        ties: ties(&placed, &tied),
        labels: labels(&placed, &tied),
        ticks: ticks(&placed),
        gaps: gaps(&placed),
        nodes: nodes(&placed, &tied, is_live),
        ..Picture::default()
    };
    let right = placed.last().map_or(0, |last| last.x + last.width / 2);
    let labelled = picture.labels.iter().map(|label| label.x + label.width());
    let marks = picture.nodes.iter().flat_map(|node| &node.marks);
    let marked = marks.map(|mark| mark.span().1);
    picture.width = labelled.chain(marked).max().unwrap_or(0).max(right) + MARGIN;
    picture
}

#[cfg(test)]
mod tests;
