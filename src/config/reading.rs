//! From the text of a setting to its value, inside serde: the parsers that several concerns share.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Long enough for an address or a path, short enough for one line.
const MAX_QUOTED_CHARS: usize = 60;

/// Reads the text of a setting and parses it; a parser's error says what is wrong and what to do.
pub(super) fn parsed<'de, D, T>(
    given: D,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(given)?;
    parse(&text).map_err(D::Error::custom)
}

/// Reads a whole number within `range`.
pub(super) fn number<'de, D, T>(given: D, range: &RangeInclusive<T>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + PartialOrd + Display,
{
    parsed(given, |text| {
        let only_digits = text.chars().all(|c| c.is_ascii_digit());
        match text.parse() {
            Ok(number) if only_digits && range.contains(&number) => Ok(number),
            _ => Err(format!(
                "{} is not a whole number from {} to {}; write one in digits",
                quoted(text),
                range.start(),
                range.end()
            )),
        }
    })
}

/// Reads a list whose entries stand between commas; blank entries count as none.
pub(super) fn list<'de, D, T>(
    given: D,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
{
    parsed(given, |text| {
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(parse)
            .collect()
    })
}

/// `text` in quotation marks, on one line whatever it holds, cut when it is long.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
