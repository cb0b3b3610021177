//! From the turns of a run to its table: medians, spreads, ratios to hello, and the targets beside them.

use std::fmt::Write;

use crate::driver::{Row, Tally};

/// The figures of one row, at one number of connections, in one repetition.
pub struct Turn {
    /// What was asked.
    pub row: Row,
    /// On how many connections.
    pub connections: usize,
    /// In which repetition; ratios are taken to the hello of the same one.
    pub repetition: u32,
    /// Answers with status 200 a second.
    pub per_second: f64,
    /// Median latency in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of the latency in milliseconds.
    pub p99_ms: f64,
    /// CPU time of the server a request, in microseconds.
    pub cpu_us: f64,
    /// Answers with any other status.
    pub errors: u32,
}

impl Turn {
    /// Reduces a tally; `cpu_us` is what the server used in all.
    pub fn new(row: Row, connections: usize, repetition: u32, tally: Tally, cpu_us: u64) -> Self {
        let mut latencies_us = tally.latencies_us;
        latencies_us.sort_unstable();
        let answered = f64::from(u32::try_from(latencies_us.len()).unwrap_or(u32::MAX));
        let cpu_us = f64::from(u32::try_from(cpu_us).unwrap_or(u32::MAX));
        Self {
            row,
            connections,
            repetition,
            per_second: answered / tally.elapsed.as_secs_f64(),
            p50_ms: percentile_ms(&latencies_us, 50),
            p99_ms: percentile_ms(&latencies_us, 99),
            cpu_us: cpu_us / answered,
            errors: tally.errors,
        }
    }
}

/// A median with the least and the most it was taken from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The least.
    pub least: f64,
    /// The middle, or between the two in the middle.
    pub median: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// `None` when there are no values, or one that is no number because nothing was answered.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let upper = values.len() / 2;
        let lower = (values.len() - 1) / 2;
        Some(Self {
            least,
            median: f64::midpoint(values[lower], values[upper]),
            most,
        })
    }
}

/// What a ratio to hello is held against.
#[derive(Clone, Copy)]
enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn of_throughput(row: Row, connections: usize) -> Option<Self> {
        match (row, connections) {
            (Row::Refresh, 16) => Some(Self::AtLeast(0.40)),
            (Row::Refresh, 64 | 256) => Some(Self::AtLeast(0.60)),
            (Row::Validate | Row::Me, _) => Some(Self::AtLeast(0.75)),
            (Row::Hello | Row::Door | Row::Refresh, _) => None,
        }
    }

    fn of_p99(row: Row, connections: usize) -> Option<Self> {
        (row == Row::Refresh && connections == 64).then_some(Self::AtMost(2.0))
    }

    fn verdict(self, ratio: f64) -> String {
        let (sign, bound, met) = match self {
            Self::AtLeast(bound) => ("≥", bound, ratio >= bound),
            Self::AtMost(bound) => ("≤", bound, ratio <= bound),
        };
        let word = if met { "met" } else { "**missed**" };
        format!("{sign} {bound:.2} {word}")
    }
}

/// The Markdown table of a run, one line for each row and number of connections, in the order given.
pub fn table(turns: &[Turn], rows: &[Row], connections: &[usize]) -> String {
    let mut text = String::from(
        "| connections | row | req/s, median (min–max) | p50 / p99 ms | CPU µs a request \
         | req/s ÷ hello (min–max) | target | p99 ÷ hello | target | errors |\n\
         | ---: | --- | ---: | ---: | ---: | ---: | --- | ---: | --- | ---: |\n",
    );
    for connections in connections {
        for row in rows {
            let line = line(turns, *row, *connections);
            text.push_str(&line);
        }
    }
    text
}

fn line(turns: &[Turn], row: Row, connections: usize) -> String {
    let here = |row: Row| {
        turns
            .iter()
            .filter(move |turn| turn.row == row && turn.connections == connections)
    };
    let spread = |figure: fn(&Turn) -> f64| Spread::of(here(row).map(figure).collect());
    let median = |figure, digits| number(spread(figure).map(|spread| spread.median), digits);
    // Neighbours' noise hits a turn and the hello beside it alike, so ratios are taken first and medians after.
    let ratio = |figure: fn(&Turn) -> f64| {
        let paired = here(row).filter_map(|turn| {
            let hello = here(Row::Hello).find(|hello| hello.repetition == turn.repetition)?;
            Some(figure(turn) / figure(hello))
        });
        Spread::of(paired.collect()).filter(|_| row != Row::Hello)
    };
    let throughput = ratio(|turn| turn.per_second);
    let p99 = ratio(|turn| turn.p99_ms);
    let errors: u32 = here(row).fold(0, |sum, turn| sum.saturating_add(turn.errors));
    let verdict = |target: Option<Target>, ratio: Option<Spread>| match (target, ratio) {
        // A refusal is quicker than the work it refuses.
        (Some(_), _) if errors > 0 => "void: errors".to_owned(),
        (Some(target), Some(ratio)) => target.verdict(ratio.median),
        _ => String::new(),
    };

    let mut text = format!("| {connections} | {} ", name(row));
    let cells = [
        with_range(spread(|turn| turn.per_second), 0),
        format!(
            "{} / {}",
            median(|turn| turn.p50_ms, 2),
            median(|turn| turn.p99_ms, 2)
        ),
        median(|turn| turn.cpu_us, 0),
        with_range(throughput, 2),
        verdict(Target::of_throughput(row, connections), throughput),
        number(p99.map(|spread| spread.median), 2),
        verdict(Target::of_p99(row, connections), p99),
        errors.to_string(),
    ];
    for cell in cells {
        // Writing to a String cannot fail.
        let _ = write!(text, "| {cell} ");
    }
    text.push_str("|\n");
    text
}

/// The row's name in the table and on the command line.
pub fn name(row: Row) -> &'static str {
    match row {
        Row::Hello => "hello",
        Row::Door => "door",
        Row::Refresh => "refresh",
        Row::Validate => "validate",
        Row::Me => "me",
    }
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

fn with_range(spread: Option<Spread>, digits: usize) -> String {
    let Some(spread) = spread else {
        return number(None, digits);
    };
    let [median, least, most] =
        [spread.median, spread.least, spread.most].map(|value| number(Some(value), digits));
    format!("{median} ({least}–{most})")
}

/// The smallest latency that at least `percent` of a hundred do not exceed; the latencies come sorted.
pub fn percentile_ms(sorted_us: &[u32], percent: usize) -> f64 {
    let rank = (sorted_us.len() * percent).div_ceil(100);
    sorted_us
        .get(rank.saturating_sub(1))
        .map_or(f64::NAN, |us| f64::from(*us) / 1_000.0)
}
