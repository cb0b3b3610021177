//! Numbers for whoever watches a server: one relaxed addition each where something happens, read now and then. Nothing is decided on them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts what only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn count(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        // Nothing is decided on the count, so no order with other memory is needed.
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many of something there are right now.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub fn down(&self) {
        self.lower(1);
    }

    /// So many less.
    pub fn lower(&self, by: u64) {
        self.0.fetch_sub(by, Ordering::Relaxed);
    }

    /// So many, whatever there were.
    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }

    /// How many. Two threads that count at once may let it be seen below none for a moment; that is none.
    #[must_use]
    pub fn read(&self) -> u64 {
        let read = self.0.load(Ordering::Relaxed);
        if read > u64::MAX / 2 { 0 } else { read }
    }
}

/// A counter for each of a few cases, by the case's number.
#[derive(Debug)]
pub struct Counters<const CASES: usize>([Counter; CASES]);

impl<const CASES: usize> Default for Counters<CASES> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Counter::default()))
    }
}

impl<const CASES: usize> Counters<CASES> {
    /// One more of this case. One that is not among them is not counted.
    pub fn count(&self, case: usize) {
        if let Some(counter) = self.0.get(case) {
            counter.count();
        }
    }

    /// How many there were of this case.
    #[must_use]
    pub fn read(&self, case: usize) -> u64 {
        self.0.get(case).map_or(0, Counter::read)
    }
}

/// How often a size or a time was how large: a counter for each span up to a bound, and one for what is larger than all.
#[derive(Debug)]
pub struct Histogram<const BOUNDS: usize> {
    /// The largest value of each span, ascending.
    bounds: &'static [u64; BOUNDS],
    spans: Counters<BOUNDS>,
    larger: Counter,
    sum: Counter,
}

/// What a [`Histogram`] has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Each span's largest value and how many were in that span alone.
    pub spans: Vec<(u64, u64)>,
    /// How many were larger.
    pub larger: u64,
    /// All of them together.
    pub sum: u64,
}

impl<const BOUNDS: usize> Histogram<BOUNDS> {
    /// Nothing was counted yet.
    #[must_use]
    pub fn of(bounds: &'static [u64; BOUNDS]) -> Self {
        Self {
            bounds,
            spans: Counters::default(),
            larger: Counter::default(),
            sum: Counter::default(),
        }
    }

    /// Counts a value.
    pub fn note(&self, value: u64) {
        match self.bounds.iter().position(|bound| value <= *bound) {
            Some(span) => self.spans.count(span),
            None => self.larger.count(),
        }
        self.sum.add(value);
    }

    /// What was counted.
    #[must_use]
    pub fn read(&self) -> Distribution {
        let spans = self.bounds.iter().enumerate();
        Distribution {
            spans: spans
                .map(|(span, bound)| (*bound, self.spans.read(span)))
                .collect(),
            larger: self.larger.read(),
            sum: self.sum.read(),
        }
    }
}

impl Distribution {
    /// How many there were in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.spans.iter().map(|(_, count)| count).sum::<u64>() + self.larger
    }
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// From now on.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "what was measured is told to whoever watches, and decides nothing"
    )]
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since then.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Counters, Histogram, Level};

    #[test]
    fn each_case_is_counted_by_itself_and_no_other_case_is_there() {
        let counters = Counters::<3>::default();
        counters.count(0);
        counters.count(2);
        counters.count(2);
        counters.count(3);
        assert_eq!([0, 1, 2, 3].map(|case| counters.read(case)), [1, 0, 2, 0]);
    }

    #[test]
    fn a_value_is_counted_once_in_the_first_span_that_holds_it() {
        let histogram = Histogram::of(&[10, 100]);
        for value in [0, 10, 11, 100, 101, 5_000] {
            histogram.note(value);
        }
        let read = histogram.read();
        assert_eq!(read.spans, [(10, 2), (100, 2)]);
        assert_eq!((read.larger, read.sum, read.count()), (2, 5_222, 6));
    }

    #[test]
    fn a_level_that_was_lowered_first_is_none() {
        let level = Level::default();
        level.down();
        assert_eq!(level.read(), 0);
        level.up();
        level.up();
        assert_eq!(level.read(), 1);
    }
}
