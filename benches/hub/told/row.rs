//! The figures of one row in every repetition.

use crate::load::tally::Figures;
use crate::told::spread::{Spread, median, number, with_range};

/// One row.
#[derive(Default)]
pub struct Row {
    /// What was asked.
    pub name: String,
    /// The figures of each repetition, in their order.
    pub figures: Vec<Figures>,
}

impl Row {
    /// Without figures yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            figures: Vec::new(),
        }
    }

    /// One figure of each repetition.
    pub fn values(&self, figure: fn(&Figures) -> f64) -> Vec<f64> {
        self.figures.iter().map(figure).collect()
    }

    /// Answers that were wrong.
    pub fn errors(&self) -> u32 {
        let errors = self.figures.iter().map(|figures| figures.errors);
        errors.fold(0, u32::saturating_add)
    }

    /// The ratio to another row, repetition by repetition.
    pub fn ratio(&self, to: &Self, figure: fn(&Figures) -> f64) -> Option<Spread> {
        Spread::of_ratios(&self.values(figure), &to.values(figure))
    }

    /// `12,345 (12,000–13,000)` answers a second.
    pub fn rate(&self) -> String {
        with_range(Spread::of(self.values(per_second)), 0)
    }

    /// `1.23 / 4.56` milliseconds.
    pub fn p50_p99(&self) -> String {
        let p50 = median(self.values(|figures| figures.p50_ms), 2);
        format!("{p50} / {}", median(self.values(p99), 2))
    }

    /// Processor time of the server a request, in microseconds.
    pub fn cpu(&self) -> String {
        median(self.values(cpu), 0)
    }

    /// Median, 90, 99, 99.9 of a hundred, and the longest, in milliseconds, as five cells of a table.
    pub fn percentiles(&self) -> String {
        let cells = [
            median(self.values(|figures| figures.p50_ms), 2),
            median(self.values(|figures| figures.p90_ms), 2),
            median(self.values(p99), 2),
            median(self.values(|figures| figures.p999_ms), 2),
            number(
                Spread::of(self.values(|figures| figures.most_ms)).map(|spread| spread.most),
                1,
            ),
        ];
        cells.join(" | ")
    }
}

/// Right answers a second.
pub fn per_second(figures: &Figures) -> f64 {
    figures.per_second
}

/// What 99 of a hundred answers took at most, in milliseconds.
pub fn p99(figures: &Figures) -> f64 {
    figures.p99_ms
}

/// Processor time of the server a request, in microseconds.
pub fn cpu(figures: &Figures) -> f64 {
    figures.cpu_us
}
