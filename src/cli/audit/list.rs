//! `hub audit list`: what was done, newest first.

use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use clap::Args;
use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::cli::database::Reading;
use crate::cli::output::{self, or_nothing};
use crate::cli::{Global, Outcome};
use crate::config::parse_duration;
use crate::store::audit::{self, Entry, Filter};
use crate::types::time::Timestamp;

/// List what was done, newest first.
#[derive(Debug, Args)]
pub struct List {
    /// Only what this actor did: user:1, cli:1000, system, anonymous
    #[arg(long)]
    actor: Option<String>,
    /// Only this action, such as session.end, or this group of actions, such as session
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to this target: user:1, session:0123456789abcdef
    #[arg(long)]
    target: Option<String>,
    /// Only what was done since: so long ago (7d, 12h), or a time in UTC (2025-09-06, 2025-09-06T15:30:45)
    #[arg(long, value_name = "DURATION|TIME", value_parser = since)]
    since: Option<Since>,
    /// At most so many rows
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Ago(Duration),
    At(Timestamp),
}

#[derive(Serialize)]
struct Body<'entry> {
    id: i64,
    at: String,
    actor: &'entry str,
    action: &'entry str,
    target: Option<&'entry str>,
    ip: Option<&'entry str>,
    request_id: Option<&'entry str>,
    detail: Option<&'entry str>,
    hash: String,
}

impl List {
    /// Lists it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Reading::open(global)?;
        let filter = Filter {
            actor: self.actor,
            action: self.action,
            target: self.target,
            since: self.since.map(|since| match since {
                Since::Ago(span) => database.now.wall.minus(span),
                Since::At(time) => time,
            }),
            limit: self.limit,
        };
        let entries = database.read(|db| Ok(audit::list(db, &filter)?))?;
        if self.json {
            let bodies: Vec<Body<'_>> = entries.iter().map(body).collect();
            return output::json(&bodies);
        }
        let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
        output::table(
            &["ID", "AT", "ACTOR", "ACTION", "TARGET", "IP", "DETAIL"],
            &rows,
        )
    }
}

fn body(entry: &Entry) -> Body<'_> {
    Body {
        id: entry.id,
        at: entry.at.to_string(),
        actor: &entry.actor,
        action: &entry.action,
        target: entry.target.as_deref(),
        ip: entry.address.as_deref(),
        request_id: entry.request_id.as_deref(),
        detail: entry.detail.as_deref(),
        hash: HEXLOWER.encode(&entry.hash),
    }
}

fn row(entry: &Entry) -> Vec<String> {
    vec![
        entry.id.to_string(),
        entry.at.to_string(),
        entry.actor.clone(),
        entry.action.clone(),
        or_nothing(entry.target.as_ref()),
        or_nothing(entry.address.as_ref()),
        or_nothing(entry.detail.as_ref()),
    ]
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(span) = parse_duration(text) {
        return Ok(Since::Ago(span));
    }
    let plain = text.strip_suffix('Z').unwrap_or(text);
    let time = NaiveDateTime::parse_from_str(plain, "%Y-%m-%dT%H:%M:%S%.f").or_else(|_| {
        NaiveDate::parse_from_str(plain, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN))
    });
    time.map(|time| Since::At(Timestamp::from_micros(time.and_utc().timestamp_micros())))
        .map_err(|_| "write 7d, 12h, 30m, 2025-09-06 or 2025-09-06T15:30:45".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Since, since};
    use crate::types::time::Timestamp;

    #[test]
    fn a_time_is_said_as_so_long_ago_or_as_a_point_in_utc() {
        let hour = Duration::from_hours(1);
        assert_eq!(since("1h"), Ok(Since::Ago(hour)));
        let day = Since::At(Timestamp::from_seconds(1_757_116_800));
        assert_eq!(since("2025-09-06"), Ok(day));
        assert_eq!(since("2025-09-06T00:00:00Z"), Ok(day));
        let precise = Timestamp::from_micros(1_757_116_800_123_456);
        let told = since(&precise.to_string());
        assert_eq!(told, Ok(Since::At(precise)));
        for wrong in ["", "7", "yesterday", "2025-13-01", "2025-09-06 15:30"] {
            assert!(since(wrong).is_err(), "{wrong:?}");
        }
    }
}
