//! Medians with the least and the most that they were taken from.

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
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
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

    /// Neighbours' noise hits two turns of one repetition alike, so ratios are taken first and medians after.
    pub fn of_ratios(above: &[f64], below: &[f64]) -> Option<Self> {
        if above.len() != below.len() {
            return None;
        }
        Self::of(above.iter().zip(below).map(|(above, below)| above / below))
    }
}

/// A number with so many digits, or a dash.
pub fn number(value: Option<f64>, digits: usize) -> String {
    let value = value.filter(|value| value.is_finite());
    value.map_or_else(
        || "–".to_owned(),
        |value| grouped(&format!("{value:.digits$}")),
    )
}

/// The median of these, or a dash.
pub fn median(values: impl IntoIterator<Item = f64>, digits: usize) -> String {
    number(Spread::of(values).map(|spread| spread.median), digits)
}

/// The median with its range, or a dash.
pub fn with_range(spread: Option<Spread>, digits: usize) -> String {
    let Some(spread) = spread else {
        return number(None, digits);
    };
    let [median, least, most] =
        [spread.median, spread.least, spread.most].map(|value| number(Some(value), digits));
    format!("{median} ({least}–{most})")
}

/// `12345.6` as `12,345.6`.
fn grouped(text: &str) -> String {
    let (whole, rest) = text.find('.').map_or((text, ""), |at| text.split_at(at));
    let mut grouped = String::new();
    for (at, digit) in whole.char_indices() {
        let left = whole.len() - at;
        if at > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}
