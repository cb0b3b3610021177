//! The lineage as a picture: plain numbers that a template draws, so that nothing of it is markup made here.
//!
//! From left to right time goes by, not to scale: every gap is labelled. Each holder (network and client) has a lane, and the
//! session's line runs from generation to generation through the lanes of those who held it. What came from somebody else while the
//! line was elsewhere stands on its own, tied to the generation that it presented.

pub mod columns;
pub mod lanes;

use std::time::Duration;

use serde::Serialize;

use crate::features::admin::sessions::show::picture::columns::{Column, What, columns};
use crate::features::admin::sessions::show::picture::lanes::Lanes;
use crate::features::sessions::lineage::{Event, Kind};
use crate::types::span;
use crate::types::time::Timestamp;

/// Pixels around everything.
const MARGIN: i64 = 16;
/// Pixels of a lane: two lines of label, the nodes, one line of marks.
const LANE_HEIGHT: i64 = 96;
/// Pixels from a lane's top to the middle of its nodes.
const NODE_DEPTH: i64 = 54;
/// Pixels of a node.
const NODE_HEIGHT: i64 = 24;
/// Pixels from a lane's top to its label's first line, and from there to the second.
const LABEL_DEPTH: i64 = 16;
const LABEL_LINE: i64 = 15;
/// Pixels from a node's middle to the marks below it, and from one to the next.
const MARK_DEPTH: i64 = 26;
const MARK_LINE: i64 = 12;
/// Pixels of the axis below the lanes: gaps, times, dates.
const AXIS_HEIGHT: i64 = 58;
/// Pixels of a pill that stands for many events.
const PILL_WIDTH: i64 = 112;
/// Pixels of a character in labels, and of a digit in a node; measured generously.
const CHARACTER_WIDTH: i64 = 7;
/// Pixels between columns: at least these, and more the longer the time between them …
const SHORTEST_GAP: i64 = 34;
/// … up to this. Longer gaps are drawn as broken.
const LONGEST_GAP: i64 = 72;
/// From this on a gap is drawn as broken.
const LONG: Duration = Duration::from_hours(1);

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
    /// Where.
    pub y: i64,
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
    let bottom = MARGIN + LANE_HEIGHT * count(lanes.count());
    let mut picture = Picture {
        height: bottom + AXIS_HEIGHT,
        axis: bottom,
        lanes: (1..lanes.count())
            .map(|lane| MARGIN + LANE_HEIGHT * count(lane))
            .collect(),
        line: line(&placed),
        ties: ties(&placed),
        labels: labels(&placed),
        ticks: ticks(&placed),
        gaps: gaps(&placed),
        nodes: nodes(&placed, is_live),
        ..Picture::default()
    };
    let right = placed.last().map_or(0, |last| last.x + last.width / 2);
    let labelled = picture.labels.iter().map(|label| label.x + label.width());
    picture.width = labelled.max().unwrap_or(0).max(right) + MARGIN;
    picture
}

/// A column with its place.
struct Placed<'a, 'events> {
    column: &'a Column<'events>,
    lane: usize,
    x: i64,
    y: i64,
    width: i64,
}

fn place<'a, 'events>(
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

fn apart(before: &Column<'_>, after: &Column<'_>) -> Duration {
    span::between(before.last.at, after.first.at)
}

/// Grows with each doubling, so that seconds differ from minutes and days need no more room than hours.
fn gap_width(gap: Duration) -> i64 {
    let doublings = i64::from((gap.as_secs() + 1).ilog2());
    (SHORTEST_GAP + 3 * doublings).min(LONGEST_GAP)
}

fn line(placed: &[Placed<'_, '_>]) -> Vec<String> {
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

fn ties(placed: &[Placed<'_, '_>]) -> Vec<Tie> {
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

fn nodes(placed: &[Placed<'_, '_>], is_live: bool) -> Vec<Node> {
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
                marks: marks(one),
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

fn marks(one: &Placed<'_, '_>) -> Vec<Mark> {
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
    texts
        .into_iter()
        .flatten()
        .zip(0..)
        .map(|(text, line)| Mark {
            y: one.y + MARK_DEPTH + MARK_LINE * line,
            text,
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

fn address(event: &Event) -> String {
    event.address.map_or_else(
        || "address unknown".to_owned(),
        |address| address.to_string(),
    )
}

impl Label {
    fn width(&self) -> i64 {
        let longest = self
            .device
            .chars()
            .count()
            .max(self.address.chars().count());
        CHARACTER_WIDTH * count(longest)
    }
}

/// A label where a lane is entered or its holder changes, as far as there is room.
fn labels(placed: &[Placed<'_, '_>]) -> Vec<Label> {
    let mut labels: Vec<(usize, Label)> = Vec::new();
    let mut before: Option<&Placed<'_, '_>> = None;
    for one in placed {
        if matches!(one.column.what, What::End | What::Hidden) {
            continue;
        }
        let event = one.column.first;
        let label = Label {
            x: one.x - one.width / 2,
            y: one.y - NODE_DEPTH + LABEL_DEPTH,
            below: one.y - NODE_DEPTH + LABEL_DEPTH + LABEL_LINE,
            device: event.user_agent.device().into_owned(),
            address: address(event),
        };
        let last = labels.iter().rev().find(|(lane, _)| *lane == one.lane);
        let entered = before.is_none_or(|before| before.lane != one.lane);
        let changed = last.is_none_or(|(_, last)| {
            (&last.device, &last.address) != (&label.device, &label.address)
        });
        let has_room =
            last.is_none_or(|(_, last)| last.x + last.width() + CHARACTER_WIDTH <= label.x);
        if (entered || changed) && has_room {
            labels.push((one.lane, label));
        }
        before = Some(one);
    }
    labels.into_iter().map(|(_, label)| label).collect()
}

fn ticks(placed: &[Placed<'_, '_>]) -> Vec<Tick> {
    let mut day = String::new();
    placed
        .iter()
        .map(|one| {
            let (date, time) = clock(one.column.first.at);
            let changed = date != day;
            day.clone_from(&date);
            Tick {
                x: one.x,
                time,
                date: changed.then_some(date),
            }
        })
        .collect()
}

/// `2025-09-06` and `15:30`.
fn clock(at: Timestamp) -> (String, String) {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(date), Some(time)) => (date.to_owned(), time.to_owned()),
        _ => (text, String::new()),
    }
}

fn gaps(placed: &[Placed<'_, '_>]) -> Vec<Gap> {
    placed
        .windows(2)
        .filter_map(|pair| {
            let gap = apart(pair[0].column, pair[1].column);
            (gap >= Duration::from_secs(1)).then(|| Gap {
                x: i64::midpoint(pair[0].x + pair[0].width / 2, pair[1].x - pair[1].width / 2),
                text: span::words(gap),
                is_long: gap >= LONG,
            })
        })
        .collect()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
