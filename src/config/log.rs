//! Which log lines are written and in what form.

use serde::Deserializer;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::reading::{parsed, quoted};
use super::settings::Setting;

pub(super) const LOG: Setting = Setting::plain(
    "log",
    "HUB_LOG",
    "info",
    "Log filter: off, error, warn, info, debug or trace, also per target like info,hub::store=debug.",
);

pub(super) const LOG_FORMAT: Setting = Setting::plain(
    "log_format",
    "HUB_LOG_FORMAT",
    "auto",
    "Form of log lines: text, json, or auto (text on a terminal, json otherwise).",
);

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) fn log<'de, D: Deserializer<'de>>(given: D) -> Result<String, D::Error> {
    parsed(given, |text| {
        // Spaces behind commas are what people write and what the filter's own parser refuses.
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let directives = parts.join(",");
        // A single word that is no level would be taken for a target: `inof` would silence the whole log.
        let misspelt = parts
            .into_iter()
            .find(|part| !part.contains(['=', '[']) && !is_level(part));
        let wrong = match misspelt {
            Some(part) => part,
            None if EnvFilter::try_new(&directives).is_err() => text,
            None => return Ok(directives),
        };
        Err(format!(
            "{} is no log filter; write off, error, warn, info, debug, trace or target=level",
            quoted(wrong)
        ))
    })
}

pub(super) fn log_format<'de, D: Deserializer<'de>>(given: D) -> Result<LogFormat, D::Error> {
    parsed(given, |text| match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!(
            "{} is unknown; write auto, text or json",
            quoted(text)
        )),
    })
}

fn is_level(word: &str) -> bool {
    !word.is_empty() && word.parse::<LevelFilter>().is_ok()
}
