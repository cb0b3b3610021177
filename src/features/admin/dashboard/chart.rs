//! From counts to a picture: bars, a scale of round numbers, and marks below. Pure; the template only draws what stands here.
//!
//! What is counted as good stands above the line, what was refused hangs below it: the two are told apart without their colours.

use serde::Serialize;

/// The picture in units of its own; a phone shows it at about one pixel each.
const WIDTH: u32 = 360;
/// Room for the scale's numbers.
const LEFT: u32 = 44;
const RIGHT: u32 = 4;
const TOP: u32 = 8;
/// Room for the bars, above and below the line together.
const PLOT_HEIGHT: u32 = 128;
/// Room for the marks.
const BOTTOM: u32 = 22;
/// Part of a column that stays empty, so that bars stand apart: one in so many.
const GAP_PART: u32 = 4;
/// Steps of the scale at most, so that its numbers do not touch.
const MAX_STEPS: u128 = 4;
/// Room that half of a mark's text takes.
const HALF_MARK: u32 = 16;

/// One column as it was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// What the column is about, for whoever points at it.
    pub label: String,
    /// What stands below it, if anything.
    pub mark: Option<String>,
    /// What stands above the line.
    pub above: u64,
    /// What hangs below it.
    pub below: u64,
}

/// A chart, laid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chart {
    /// The whole picture.
    pub width: u32,
    /// The whole picture.
    pub height: u32,
    /// Where the bars begin.
    pub left: u32,
    /// Where they end.
    pub right: u32,
    /// The line that they stand on.
    pub line: u32,
    /// Bars with a height, from left to right.
    pub bars: Vec<Bar>,
    /// The scale.
    pub ticks: Vec<Tick>,
    /// What stands below.
    pub marks: Vec<Mark>,
}

/// A bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Its left edge.
    pub x: u32,
    /// Its upper edge.
    pub y: u32,
    /// Its width.
    pub width: u32,
    /// Its height, never 0.
    pub height: u32,
    /// Whether it hangs below the line.
    pub hangs: bool,
    /// What it is about, with its number.
    pub label: String,
}

/// A line across with its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tick {
    /// Where it runs.
    pub y: u32,
    /// Its number, short.
    pub label: String,
}

/// A text below a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Its middle.
    pub x: u32,
    /// The text.
    pub label: String,
}

impl Chart {
    /// Lays the counts out, the first at the left.
    #[must_use]
    pub fn new(counts: &[Count]) -> Self {
        let columns = u32::try_from(counts.len().max(1)).unwrap_or(u32::MAX);
        let pitch = ((WIDTH - LEFT - RIGHT) / columns).max(1);
        let scale = Scale::new(
            counts.iter().map(|count| count.above).max().unwrap_or(0),
            counts.iter().map(|count| count.below).max().unwrap_or(0),
        );
        let line = TOP + scale.height(scale.top);
        let width = pitch - pitch / GAP_PART;
        let mut bars = Vec::new();
        let mut marks = Vec::new();
        let edges = (0..columns).map(|at| LEFT + at * pitch);
        for (count, x) in counts.iter().zip(edges) {
            for (value, hangs) in [(count.above, false), (count.below, true)] {
                let height = scale.height(u128::from(value));
                if height > 0 {
                    bars.push(Bar {
                        x: x + (pitch - width) / 2,
                        y: if hangs { line } else { line - height },
                        width,
                        height,
                        hangs,
                        label: count.label.clone(),
                    });
                }
            }
            let middle = x + pitch / 2;
            if let Some(label) = &count.mark
                && middle + HALF_MARK <= WIDTH
            {
                marks.push(Mark {
                    x: middle,
                    label: label.clone(),
                });
            }
        }
        Self {
            width: WIDTH,
            height: TOP + PLOT_HEIGHT + BOTTOM,
            left: LEFT,
            right: LEFT + pitch * columns,
            line,
            bars,
            ticks: scale.ticks(line),
            marks,
        }
    }
}

/// A scale in steps of 1, 2 or 5 and noughts, the same above the line and below.
struct Scale {
    step: u128,
    /// The highest number above the line: whole steps.
    top: u128,
    /// The highest below it.
    bottom: u128,
}

impl Scale {
    fn new(above: u64, below: u64) -> Self {
        let (above, below) = (u128::from(above), u128::from(below));
        let steps = |step: u128| above.div_ceil(step) + below.div_ceil(step);
        let mut step = 1;
        for factor in [2, 5, 10].into_iter().cycle() {
            // Numbers of 64 bits end this after 60 rounds.
            if steps(step) <= MAX_STEPS {
                break;
            }
            let noughts = 10_u128.pow(step.ilog10());
            step = noughts * factor;
        }
        let top = above.div_ceil(step) * step;
        let bottom = below.div_ceil(step) * step;
        Self {
            step,
            // With nothing to show the line lies at the bottom.
            top: if top + bottom == 0 { step } else { top },
            bottom,
        }
    }

    /// What is there is seen: at least one unit.
    fn height(&self, value: u128) -> u32 {
        let height = value * u128::from(PLOT_HEIGHT) / (self.top + self.bottom);
        let height = u32::try_from(height).unwrap_or(PLOT_HEIGHT);
        if value > 0 { height.max(1) } else { 0 }
    }

    /// From the top down.
    fn ticks(&self, line: u32) -> Vec<Tick> {
        let above = (0..=self.top / self.step).rev().map(|steps| {
            let value = steps * self.step;
            (value, line - self.height(value))
        });
        let below = (1..=self.bottom / self.step).map(|steps| {
            let value = steps * self.step;
            (value, line + self.height(value))
        });
        above
            .chain(below)
            .map(|(value, y)| Tick {
                y,
                label: short(value),
            })
            .collect()
    }
}

/// A round number in few characters: `7`, `5,000`, `20k`, `1.5M`.
fn short(value: u128) -> String {
    const UNITS: [(u128, &str); 5] = [
        (1_000_000_000_000_000_000, "E"),
        (1_000_000_000_000_000, "P"),
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
    ];
    if value < 1_000 {
        return value.to_string();
    }
    if value < 10_000 {
        return format!("{},{:03}", value / 1_000, value % 1_000);
    }
    let (size, unit) = UNITS
        .into_iter()
        .find(|(size, _)| value >= *size)
        .unwrap_or((1_000, "k"));
    let tenths = value * 10 / size % 10;
    if tenths == 0 {
        format!("{}{unit}", value / size)
    } else {
        format!("{}.{tenths}{unit}", value / size)
    }
}

#[cfg(test)]
mod tests {
    use super::{Chart, Count, PLOT_HEIGHT, Scale, TOP, WIDTH, short};

    fn counts(values: &[(u64, u64)]) -> Vec<Count> {
        values
            .iter()
            .map(|(above, below)| Count {
                above: *above,
                below: *below,
                ..Count::default()
            })
            .collect()
    }

    fn labels(chart: &Chart) -> Vec<&str> {
        chart.ticks.iter().map(|tick| &*tick.label).collect()
    }

    #[test]
    fn nothing_is_a_line_without_bars() {
        for empty in [vec![], counts(&[(0, 0)]), counts(&[(0, 0); 24])] {
            let chart = Chart::new(&empty);
            assert!(chart.bars.is_empty());
            assert_eq!(labels(&chart), ["1", "0"]);
            assert_eq!(chart.line, TOP + PLOT_HEIGHT);
        }
    }

    #[test]
    fn a_single_one_fills_the_scale() {
        let chart = Chart::new(&counts(&[(1, 0)]));
        assert_eq!(labels(&chart), ["1", "0"]);
        assert_eq!((chart.bars[0].y, chart.bars[0].height), (TOP, PLOT_HEIGHT));
    }

    #[test]
    fn what_is_refused_hangs_below_the_line_on_the_same_scale() {
        let chart = Chart::new(&counts(&[(10, 5), (0, 0), (5, 0)]));
        assert_eq!(labels(&chart), ["10", "5", "0", "5"]);
        let line = TOP + PLOT_HEIGHT * 2 / 3;
        assert_eq!(chart.line, line);
        let drawn: Vec<_> = chart
            .bars
            .iter()
            .map(|bar| (bar.y, bar.height, bar.hangs))
            .collect();
        let (ten, five) = (PLOT_HEIGHT * 10 / 15, PLOT_HEIGHT * 5 / 15);
        assert_eq!(
            drawn,
            [
                (line - ten, ten, false),
                (line, five, true),
                (line - five, five, false)
            ]
        );
        let only_refused = Chart::new(&counts(&[(0, 3)]));
        assert_eq!(only_refused.line, TOP);
        assert_eq!(labels(&only_refused), ["0", "1", "2", "3"]);
    }

    #[test]
    fn one_beside_a_million_is_still_seen() {
        let chart = Chart::new(&counts(&[(1_000_000, 1)]));
        assert!(chart.bars.iter().all(|bar| bar.height > 0));
        assert_eq!(chart.bars.len(), 2);
    }

    #[test]
    fn every_scale_is_round_short_and_holds_its_numbers() {
        let sizes = (0..64).map(|bits| u64::MAX >> bits);
        for above in sizes.clone().chain([0, 6, 24, 31, 99, 101, 999_999]) {
            for below in sizes.clone().chain([0]) {
                let scale = Scale::new(above, below);
                let leading = scale.step / 10_u128.pow(scale.step.ilog10());
                assert!([1, 2, 5].contains(&leading), "{}", scale.step);
                assert!(scale.top >= u128::from(above) && scale.bottom >= u128::from(below));
                let chart = Chart::new(&counts(&[(above, below)]));
                assert!((2..=5).contains(&chart.ticks.len()), "{above} {below}");
                for bar in &chart.bars {
                    assert!(bar.y >= TOP && bar.y + bar.height <= TOP + PLOT_HEIGHT + 1);
                }
                assert!(chart.ticks.iter().all(|tick| tick.label.len() <= 6));
            }
        }
    }

    #[test]
    fn columns_stand_side_by_side_within_the_picture_and_so_do_marks() {
        for columns in [1, 7, 14, 24, 48, 311] {
            let mut counts = counts(&vec![(1, 1); columns]);
            for count in &mut counts {
                count.mark = Some("00:00".to_owned());
            }
            let chart = Chart::new(&counts);
            assert_eq!(chart.bars.len(), columns * 2);
            let above: Vec<_> = chart.bars.iter().filter(|bar| !bar.hangs).collect();
            for pair in above.windows(2) {
                assert!(pair[0].x + pair[0].width <= pair[1].x);
            }
            let last = above[columns - 1];
            assert!(last.x + last.width <= chart.right && chart.right <= WIDTH);
            assert!(chart.marks.iter().all(|mark| mark.x + 16 <= WIDTH));
        }
    }

    #[test]
    fn a_round_number_is_said_in_few_characters() {
        for (value, said) in [
            (0, "0"),
            (999, "999"),
            (5_000, "5,000"),
            (20_000, "20k"),
            (150_000, "150k"),
            (1_500_000, "1.5M"),
            (20_000_000_000_000_000_000, "20E"),
        ] {
            assert_eq!(short(value), said);
        }
    }
}
