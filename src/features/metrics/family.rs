//! A family of metrics as it is told: a name, what it means, and a value for each set of labels.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeMetric, LabelSetEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::types::counting::Distribution;

/// A label's name and value.
pub type Label = (&'static str, String);

/// One family.
#[derive(Debug)]
pub struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    samples: Vec<(Labels, Value)>,
}

#[derive(Debug)]
struct Labels(Vec<Label>);

#[derive(Debug)]
enum Value {
    Count(u64),
    Seconds(f64),
    /// Each span's bound and count; all of them together; how many.
    Spread(Vec<(f64, u64)>, f64, u64),
}

impl Family {
    /// What only grows. Its name is told with `_total` behind it.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, MetricType::Counter)
    }

    /// What comes and goes.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, MetricType::Gauge)
    }

    /// How often it was how large.
    #[must_use]
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, MetricType::Histogram)
    }

    const fn new(name: &'static str, help: &'static str, kind: MetricType) -> Self {
        Self {
            name,
            help,
            kind,
            samples: Vec::new(),
        }
    }

    /// With its only value.
    #[must_use]
    pub fn of(self, value: u64) -> Self {
        self.with([], value)
    }

    /// With a value for these labels.
    #[must_use]
    pub fn with(mut self, labels: impl IntoIterator<Item = Label>, value: u64) -> Self {
        self.add(labels, Value::Count(value));
        self
    }

    /// With its only value, in seconds.
    #[must_use]
    pub fn of_seconds(mut self, value: f64) -> Self {
        self.add([], Value::Seconds(value));
        self
    }

    /// With what a histogram of microseconds has counted for these labels.
    #[must_use]
    pub fn with_times(self, labels: impl IntoIterator<Item = Label>, times: &Distribution) -> Self {
        self.spread(labels, times, |micros| {
            Duration::from_micros(micros).as_secs_f64()
        })
    }

    /// With what a histogram of sizes has counted.
    #[must_use]
    pub fn of_sizes(self, sizes: &Distribution) -> Self {
        // The exact way from a whole number to one with a fraction that needs no cast.
        self.spread([], sizes, |size| Duration::from_secs(size).as_secs_f64())
    }

    fn spread(
        mut self,
        labels: impl IntoIterator<Item = Label>,
        told: &Distribution,
        real: impl Fn(u64) -> f64,
    ) -> Self {
        let spans = told
            .spans
            .iter()
            .map(|(bound, count)| (real(*bound), *count));
        let value = Value::Spread(spans.collect(), real(told.sum), told.count());
        self.add(labels, value);
        self
    }

    fn add(&mut self, labels: impl IntoIterator<Item = Label>, value: Value) {
        self.samples
            .push((Labels(labels.into_iter().collect()), value));
    }
}

/// All families of one scrape.
#[derive(Debug)]
pub struct Families(pub Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        // One of which nothing is known is not told at all.
        for family in self.0.iter().filter(|family| !family.samples.is_empty()) {
            let mut told =
                encoder.encode_descriptor(family.name, family.help, None, family.kind)?;
            for (labels, value) in &family.samples {
                let encoder = told.encode_family(labels)?;
                value.encode(family.kind, encoder)?;
            }
        }
        Ok(())
    }
}

impl Value {
    fn encode(&self, kind: MetricType, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        match (kind, self) {
            (MetricType::Counter, Self::Count(count)) => ConstCounter::new(*count).encode(encoder),
            (MetricType::Counter, Self::Seconds(real)) => ConstCounter::new(*real).encode(encoder),
            (_, Self::Count(count)) => ConstGauge::new(*count).encode(encoder),
            (_, Self::Seconds(real)) => ConstGauge::new(*real).encode(encoder),
            (_, Self::Spread(spans, sum, count)) => {
                encoder.encode_histogram::<NoLabelSet>(*sum, *count, spans, None)
            }
        }
    }
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.0.as_slice().encode(encoder)
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text;
    use prometheus_client::registry::Registry;

    use super::{Families, Family};
    use crate::types::counting::Histogram;

    fn told(families: Vec<Family>) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Families(families)));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).expect("a text");
        text
    }

    #[test]
    fn each_kind_is_told_in_the_form_that_prometheus_reads() {
        let times = Histogram::of(&[500, 2_000_000]);
        for micros in [100, 600, 9_000_000] {
            times.note(micros);
        }
        let label = |value: &str| [("case", value.to_owned())];
        let text = told(vec![
            Family::counter("a", "How many.")
                .with(label("x"), 1)
                .with(label("y\"z"), 2),
            Family::gauge("b_bytes", "How large.").of(7),
            Family::gauge("nothing", "Nobody knows."),
            Family::histogram("c_seconds", "How long.").with_times(label("x"), &times.read()),
        ]);
        assert_eq!(
            text,
            "# HELP a_total How many.\n\
             # TYPE a_total counter\n\
             a_total{case=\"x\"} 1\n\
             a_total{case=\"y\\\"z\"} 2\n\
             # HELP b_bytes How large.\n\
             # TYPE b_bytes gauge\n\
             b_bytes 7\n\
             # HELP c_seconds How long.\n\
             # TYPE c_seconds histogram\n\
             c_seconds_bucket{case=\"x\",le=\"0.0005\"} 1\n\
             c_seconds_bucket{case=\"x\",le=\"2\"} 2\n\
             c_seconds_bucket{case=\"x\",le=\"+Inf\"} 3\n\
             c_seconds_sum{case=\"x\"} 9.0007\n\
             c_seconds_count{case=\"x\"} 3\n"
        );
    }

    #[test]
    fn a_size_is_told_as_it_is() {
        let sizes = Histogram::of(&[1, 512]);
        sizes.note(512);
        let text = told(vec![
            Family::histogram("d", "How many at once.").of_sizes(&sizes.read()),
        ]);
        assert!(text.contains("d_bucket{le=\"512\"} 1\n"), "{text}");
        assert!(text.contains("d_sum 512"), "{text}");
    }
}
