//! The filters that `hub audit list` and `hub audit export` share: what the one shows, the other writes down.

use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use clap::Args;

use crate::config::parse_duration;
use crate::store::audit::Filter;
use crate::types::time::Timestamp;

/// Which rows. Several filters show what passes all of them.
#[derive(Debug, Args)]
pub struct Filters {
    /// Only what this actor did: user:1, cli:1000, system, anonymous
    #[arg(long)]
    actor: Option<String>,
    /// Only this action, such as session.end, or this group of actions, such as session
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to this target: user:1, session:0123456789abcdef
    #[arg(long)]
    target: Option<String>,
    /// Only what was done from this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// Only what was done in this request
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// Only what was done since: so long ago (7d, 12h), or a time in UTC (2025-09-06, 2025-09-06T15:30:45)
    #[arg(long, value_name = "DURATION|TIME", value_parser = point)]
    since: Option<Point>,
    /// Only what was done before: so long ago, or a time in UTC
    #[arg(long, value_name = "DURATION|TIME", value_parser = point)]
    until: Option<Point>,
}

/// A point in time as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    Ago(Duration),
    At(Timestamp),
}

impl Point {
    fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(span) => now.minus(span),
            Self::At(time) => time,
        }
    }
}

impl Filters {
    /// The filter for the store; at most `limit` rows of a list.
    #[must_use]
    pub fn resolve(self, now: Timestamp, limit: u32) -> Filter {
        Filter {
            actor: self.actor,
            action: self.action,
            target: self.target,
            address: self.ip,
            request_id: self.request,
            since: self.since.map(|point| point.from(now)),
            until: self.until.map(|point| point.from(now)),
            limit,
        }
    }
}

fn point(text: &str) -> Result<Point, String> {
    if let Ok(span) = parse_duration(text) {
        return Ok(Point::Ago(span));
    }
    let plain = text.strip_suffix('Z').unwrap_or(text);
    let time = NaiveDateTime::parse_from_str(plain, "%Y-%m-%dT%H:%M:%S%.f").or_else(|_| {
        NaiveDate::parse_from_str(plain, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN))
    });
    time.map(|time| Point::At(Timestamp::from_micros(time.and_utc().timestamp_micros())))
        .map_err(|_| "write 7d, 12h, 30m, 2025-09-06 or 2025-09-06T15:30:45".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Point, point};
    use crate::types::time::Timestamp;

    #[test]
    fn a_time_is_said_as_so_long_ago_or_as_a_point_in_utc() {
        let hour = Duration::from_hours(1);
        assert_eq!(point("1h"), Ok(Point::Ago(hour)));
        let day = Point::At(Timestamp::from_seconds(1_757_116_800));
        assert_eq!(point("2025-09-06"), Ok(day));
        assert_eq!(point("2025-09-06T00:00:00Z"), Ok(day));
        let precise = Timestamp::from_micros(1_757_116_800_123_456);
        let told = point(&precise.to_string());
        assert_eq!(told, Ok(Point::At(precise)));
        for wrong in ["", "7", "yesterday", "2025-13-01", "2025-09-06 15:30"] {
            assert!(point(wrong).is_err(), "{wrong:?}");
        }
    }
}
