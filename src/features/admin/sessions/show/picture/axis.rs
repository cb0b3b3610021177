//! Who and when: labels where a lane changes hands, times below, and how long it was in between.

use std::time::Duration;

use crate::features::admin::sessions::show::picture::columns::What;
use crate::features::admin::sessions::show::picture::lines::{Edge, Side, Tied, leaves};
use crate::features::admin::sessions::show::picture::nodes::address;
use crate::features::admin::sessions::show::picture::placing::{
    BESIDE, CHARACTER_WIDTH, NODE_DEPTH, Placed, apart, count,
};
use crate::features::admin::sessions::show::picture::{Gap, Label, Tick};
use crate::types::span;
use crate::types::time::Timestamp;

/// Pixels from a lane's top to its label's first line, and from there to the second.
const LABEL_DEPTH: i64 = 16;
const LABEL_LINE: i64 = 15;
/// From this on a gap is drawn as broken.
const LONG: Duration = Duration::from_hours(1);

impl Label {
    /// How many pixels it takes.
    pub(super) fn width(&self) -> i64 {
        let longest = self
            .device
            .chars()
            .count()
            .max(self.address.chars().count());
        CHARACTER_WIDTH * count(longest)
    }
}

/// A label where a lane is entered or its holder changes, as far as there is room.
pub(super) fn labels(placed: &[Placed<'_, '_>], tied: &[Tied]) -> Vec<Label> {
    let mut labels: Vec<(usize, Label)> = Vec::new();
    let mut before: Option<&Placed<'_, '_>> = None;
    for (at, one) in placed.iter().enumerate() {
        if matches!(one.column.what, What::End | What::Hidden) {
            continue;
        }
        let event = one.column.first;
        let x = match leaves(placed, tied, at, Edge::Top) {
            Some(Side::Left) => one.x + BESIDE,
            _ => one.x - one.width / 2,
        };
        let label = Label {
            x,
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

/// A time for every column.
pub(super) fn ticks(placed: &[Placed<'_, '_>]) -> Vec<Tick> {
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

/// How long it was between the columns.
pub(super) fn gaps(placed: &[Placed<'_, '_>]) -> Vec<Gap> {
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
