//! The filters that `hub session list` and `hub session revoke` share: what the one shows, the other ends.

use std::time::Duration;

use clap::Args;

use crate::cli::Failure;
use crate::cli::user::number_of;
use crate::config::parse_duration;
use crate::features::sessions::store::many::{Filter, Now, Status};
use crate::store::Db;
use crate::types::network::Network;

/// Which sessions. Several filters show what passes all of them.
#[derive(Debug, Args)]
pub struct Filters {
    /// Only sessions of this user, by name or number
    #[arg(long, value_name = "NAME|ID")]
    user: Option<String>,
    /// Only sessions last used from this address, its beginning (203.0.113.) or network (203.0.113.0/24)
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<Network>,
    /// Only sessions in this status: active, expiring (active, and at their end within 3 days), expired, ended or reused
    #[arg(long, value_parser = status)]
    status: Option<Status>,
    /// Only sessions not used for so long, such as 7d or 12h
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    older_than: Option<Duration>,
}

impl Filters {
    /// Whether none was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.user.is_none()
            && self.ip.is_none()
            && self.status.is_none()
            && self.older_than.is_none()
    }

    /// The filter for the store.
    ///
    /// # Errors
    /// When the user is unknown.
    pub fn resolve(&self, db: &Db<'_>, now: Now) -> Result<Filter, Failure> {
        let user = self.user.as_ref().map(|text| number_of(db, text));
        Ok(Filter {
            user: user.transpose()?,
            network: self.ip,
            status: self.status,
            used_before: self.older_than.map(|span| now.at.minus(span)),
            ..Filter::default()
        })
    }
}

fn status(text: &str) -> Result<Status, String> {
    Status::ALL
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| {
            let known = Status::ALL.map(Status::as_str).join(", ");
            format!("write one of {known}")
        })
}
