//! The text that Prometheus reads, taken apart; whatever breaks its rules fails here.

use std::collections::{BTreeMap, BTreeSet};

/// A scrape's text.
pub struct Exposition {
    /// Each family's kind by its name.
    pub families: BTreeMap<String, String>,
    pub samples: Vec<Sample>,
}

#[derive(Clone, Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// Rounded up to a whole number: what is a little is not nothing.
    pub value: u64,
}

impl Exposition {
    /// Every line is of a family that was told of right before it, with help and kind; no sample is there twice.
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let mut families = BTreeMap::new();
        let mut samples: Vec<Sample> = Vec::new();
        let mut seen = BTreeSet::new();
        let (mut helped, mut family) = (String::new(), String::new());
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').expect(line);
                assert!(words.ends_with('.'), "a sentence: {line}");
                name.clone_into(&mut helped);
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect(line);
                assert_eq!(name, helped, "help stands before the kind");
                name.clone_into(&mut family);
                let known = families.insert(name.to_owned(), kind.to_owned());
                assert!(known.is_none(), "a family is told once: {line}");
            } else {
                let sample = Sample::parse(line);
                let kind = &families[&family];
                assert_eq!(family_of(&sample.name, kind), family, "{line}");
                let place = line.rsplit_once(' ').expect(line).0;
                assert!(seen.insert(place.to_owned()), "twice: {line}");
                samples.push(sample);
            }
        }
        Self { families, samples }
    }

    /// The one sample of this name with these labels, whatever others it has; 0 if there is none.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let fits = |sample: &&Sample| {
            let has = |(key, value): &(&str, &str)| {
                sample.labels.get(*key).is_some_and(|found| found == value)
            };
            sample.name == name && labels.iter().all(has)
        };
        let mut found = self.samples.iter().filter(fits);
        let value = found.next().map_or(0, |sample| sample.value);
        assert!(found.next().is_none(), "{name} {labels:?} is not one");
        value
    }
}

impl Sample {
    fn parse(line: &str) -> Self {
        let (place, value) = line.rsplit_once(' ').expect(line);
        let (name, labels) = match place.split_once('{') {
            None => (place, ""),
            Some((name, labels)) => (name, labels.strip_suffix('}').expect(line)),
        };
        let labels = labels.split("\",").filter(|label| !label.is_empty());
        Self {
            name: name.to_owned(),
            labels: labels
                .map(|label| {
                    let (key, value) = label.split_once("=\"").expect(line);
                    let value = value.trim_end_matches('"');
                    (key.to_owned(), value.to_owned())
                })
                .collect(),
            value: rounded_up(value),
        }
    }
}

/// The family that a sample of this name is of.
fn family_of<'name>(name: &'name str, kind: &str) -> &'name str {
    let endings: &[&str] = match kind {
        "histogram" => &["_bucket", "_sum", "_count"],
        _ => &[],
    };
    let family = endings.iter().find_map(|ending| name.strip_suffix(ending));
    family.unwrap_or(name)
}

fn rounded_up(value: &str) -> u64 {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let whole: u64 = whole.parse().expect(value);
    whole + u64::from(fraction.bytes().any(|digit| digit != b'0'))
}
