//! Lengths of time as people write them: a whole number and a unit.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserializer;

use super::reading::{parsed, quoted};

const MILLIS_IN_SECOND: u64 = 1_000;
const MILLIS_IN_MINUTE: u64 = 60 * MILLIS_IN_SECOND;
const MILLIS_IN_HOUR: u64 = 60 * MILLIS_IN_MINUTE;
const MILLIS_IN_DAY: u64 = 24 * MILLIS_IN_HOUR;

/// Every unit and its length, the largest first.
const UNITS: [(&str, u64); 5] = [
    ("d", MILLIS_IN_DAY),
    ("h", MILLIS_IN_HOUR),
    ("m", MILLIS_IN_MINUTE),
    ("s", MILLIS_IN_SECOND),
    ("ms", 1),
];

/// Reads a duration within `range`.
pub(super) fn within<'de, D>(
    given: D,
    range: &RangeInclusive<Duration>,
) -> Result<Duration, D::Error>
where
    D: Deserializer<'de>,
{
    parsed(given, |text| in_range(text, range))
}

/// Reads a duration of whole seconds within `range`: tokens carry their times in whole seconds.
pub(super) fn whole_seconds_within<'de, D>(
    given: D,
    range: &RangeInclusive<Duration>,
) -> Result<Duration, D::Error>
where
    D: Deserializer<'de>,
{
    parsed(given, |text| match in_range(text, range)? {
        length if length.subsec_nanos() == 0 => Ok(length),
        _ => Err(format!("{} is not whole seconds; round it", quoted(text))),
    })
}

fn in_range(text: &str, range: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let length = parse(text)?;
    if range.contains(&length) {
        return Ok(length);
    }
    let (start, end) = (written(*range.start()), written(*range.end()));
    Err(format!(
        "{} is not between {start} and {end}; choose a value within",
        quoted(text)
    ))
}

/// Reads a length of time as settings write it: a whole number and `ms`, `s`, `m`, `h` or `d`.
///
/// # Errors
/// What is wrong with the text and how to write it.
pub fn parse(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    if unit.is_empty() && !number.is_empty() {
        return Err(format!(
            "{} has no unit; write {number}s if you mean seconds, or use ms, m, h or d",
            quoted(text)
        ));
    }
    let millis = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .and_then(|(_, millis)| number.parse::<u64>().ok()?.checked_mul(*millis));
    millis.map(Duration::from_millis).ok_or_else(|| {
        format!(
            "{} is not a duration; write a whole number and ms, s, m, h or d, like 10s",
            quoted(text)
        )
    })
}

/// The shortest way to write a length of whole milliseconds.
fn written(length: Duration) -> String {
    let millis = length.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    UNITS
        .iter()
        .find(|(_, unit)| millis.is_multiple_of(u128::from(*unit)))
        .map(|(name, unit)| format!("{}{name}", millis / u128::from(*unit)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse, written};

    #[test]
    fn each_unit_has_its_length() {
        for (text, millis) in [
            ("500ms", 500),
            ("0s", 0),
            ("10s", 10_000),
            ("15m", 900_000),
            ("24h", 86_400_000),
            ("30d", 2_592_000_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn a_plain_number_is_refused_with_a_hint() {
        let fault = r#""10" has no unit; write 10s if you mean seconds, or use ms, m, h or d"#;
        assert_eq!(parse("10"), Err(fault.to_owned()));
    }

    #[test]
    fn what_is_no_number_and_unit_is_refused() {
        let too_long = format!("{}d", u64::MAX);
        for text in [
            "", "s", "-1s", "+1s", "1.5h", "1 s", "1S", "1w", "1h30m", " 1s", "1s\n", "١s",
            &too_long,
        ] {
            let fault = parse(text).expect_err(text);
            assert!(fault.ends_with("write a whole number and ms, s, m, h or d, like 10s"));
        }
    }

    #[test]
    fn a_length_is_written_in_its_largest_whole_unit() {
        for text in ["0s", "1ms", "1500ms", "90s", "61m", "25h", "366d"] {
            assert_eq!(parse(text).map(written), Ok(text.to_owned()));
        }
    }
}
