//! What a figure is held against, and what comes of it. A target that was missed is told like one that was met.

use crate::told::spread::{Spread, number, with_range};

/// A limit.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// The figure must not be less.
    AtLeast(f64),
    /// The figure must not be more.
    AtMost(f64),
}

/// One line of the table of targets.
pub struct Target {
    /// What was measured.
    pub what: String,
    /// The figures themselves.
    pub figure: String,
    /// The ratio, with its range, where the target is one.
    pub ratio: String,
    /// The limit.
    pub bound: String,
    /// Whether it was met.
    pub verdict: String,
}

impl Bound {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    fn shown(self, unit: &str) -> String {
        let (sign, bound) = match self {
            Self::AtLeast(bound) => ("≥", bound),
            Self::AtMost(bound) => ("≤", bound),
        };
        format!("{sign} {bound}{unit}")
    }

    fn verdict(self, value: Option<f64>, errors: u32) -> String {
        match value {
            // A refusal is quicker than the work it refuses.
            _ if errors > 0 => format!("**void**: {errors} wrong answers"),
            None => "**void**: nothing was answered".to_owned(),
            Some(value) if self.is_met(value) => "met".to_owned(),
            Some(_) => "**missed**".to_owned(),
        }
    }
}

impl Target {
    /// A ratio that was taken in each repetition; its median counts.
    pub fn of_ratio(
        what: &str,
        figure: String,
        ratio: Option<Spread>,
        bound: Bound,
        errors: u32,
    ) -> Self {
        Self {
            what: what.to_owned(),
            figure,
            ratio: with_range(ratio, 2),
            bound: bound.shown(""),
            verdict: bound.verdict(ratio.map(|ratio| ratio.median), errors),
        }
    }

    /// A figure that stands for itself; its median counts.
    pub fn of_figure(
        what: &str,
        values: &[f64],
        (digits, unit): (usize, &str),
        bound: Bound,
        errors: u32,
    ) -> Self {
        let spread = Spread::of(values.iter().copied());
        let shown = match values {
            [one] => number(Some(*one), digits),
            _ => with_range(spread, digits),
        };
        Self {
            what: what.to_owned(),
            figure: format!("{shown}{unit}"),
            ratio: String::new(),
            bound: bound.shown(unit),
            verdict: bound.verdict(spread.map(|spread| spread.median), errors),
        }
    }
}
