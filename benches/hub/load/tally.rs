//! How answers are counted, and the figures that come of it.

use std::time::Duration;

/// What one phase brought.
#[derive(Default)]
pub struct Tally {
    /// How long each right answer took, in microseconds, in no order.
    latencies_us: Vec<u32>,
    /// Answers with any other status.
    pub errors: u32,
    /// One of them, as status and text.
    pub first_error: Option<String>,
    /// Answers that said when to come again.
    pub refused: u32,
    /// The longest wait that was told, in seconds.
    pub longest_told_seconds: u32,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

/// The figures of a phase.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Right answers.
    pub answered: u32,
    /// The same a second.
    pub per_second: f64,
    /// Latencies in milliseconds: the median …
    pub p50_ms: f64,
    /// … nine of ten …
    pub p90_ms: f64,
    /// … 99 of 100 …
    pub p99_ms: f64,
    /// … 999 of 1,000 …
    pub p999_ms: f64,
    /// … and the longest.
    pub most_ms: f64,
    /// CPU time of the server a request, in microseconds; not a number where it is not known.
    pub cpu_us: f64,
    /// Answers that were wrong.
    pub errors: u32,
    /// Answers that said when to come again.
    pub refused: u32,
    /// The longest wait that was told, in seconds.
    pub longest_told_seconds: u32,
}

impl Tally {
    /// Counts a right answer.
    pub fn answered(&mut self, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        self.latencies_us.push(micros);
    }

    /// Counts one that said when to come again.
    pub fn refused(&mut self, seconds: u32) {
        self.refused = self.refused.saturating_add(1);
        self.longest_told_seconds = self.longest_told_seconds.max(seconds);
    }

    /// Counts a wrong one.
    pub fn wrong(&mut self, what: String) {
        self.errors = self.errors.saturating_add(1);
        self.first_error.get_or_insert(what);
    }

    /// Adds what another connection counted.
    pub fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.errors = self.errors.saturating_add(other.errors);
        self.refused = self.refused.saturating_add(other.refused);
        self.longest_told_seconds = self.longest_told_seconds.max(other.longest_told_seconds);
        self.first_error = self.first_error.take().or(other.first_error);
    }

    /// The figures; `cpu_us` is what the server used in all, if that is known.
    pub fn figures(mut self, cpu_us: Option<u64>) -> Figures {
        self.latencies_us.sort_unstable();
        let answered = u32::try_from(self.latencies_us.len()).unwrap_or(u32::MAX);
        let cpu_us = cpu_us.map_or(f64::NAN, |us| {
            f64::from(u32::try_from(us).unwrap_or(u32::MAX))
        });
        let percentile = |per_mille| percentile_ms(&self.latencies_us, per_mille);
        Figures {
            answered,
            per_second: f64::from(answered) / self.elapsed.as_secs_f64(),
            p50_ms: percentile(500),
            p90_ms: percentile(900),
            p99_ms: percentile(990),
            p999_ms: percentile(999),
            most_ms: percentile(1_000),
            cpu_us: cpu_us / f64::from(answered),
            errors: self.errors,
            refused: self.refused,
            longest_told_seconds: self.longest_told_seconds,
        }
    }
}

/// The smallest latency that at least so many of a thousand do not exceed; the latencies come sorted.
pub fn percentile_ms(sorted_us: &[u32], per_mille: usize) -> f64 {
    let rank = (sorted_us.len() * per_mille).div_ceil(1_000);
    sorted_us
        .get(rank.saturating_sub(1))
        .map_or(f64::NAN, |us| f64::from(*us) / 1_000.0)
}
