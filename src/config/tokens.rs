//! How long tokens and sessions live.

use std::time::Duration;

use serde::Deserializer;

use super::duration::{whole_seconds_within, within};
use super::settings::Setting;

pub(super) const ACCESS_TTL: Setting = Setting::plain(
    "access_ttl",
    "HUB_ACCESS_TTL",
    "24h",
    "How long an access token is valid, 1s to 24h and never longer than refresh_ttl.",
);

pub(super) const REFRESH_TTL: Setting = Setting::plain(
    "refresh_ttl",
    "HUB_REFRESH_TTL",
    "30d",
    "How long an unused refresh token is valid, 1s to 366d and never longer than session_max_age.",
);

pub(super) const SESSION_MAX_AGE: Setting = Setting::plain(
    "session_max_age",
    "HUB_SESSION_MAX_AGE",
    "90d",
    "How long after sign-in a session ends for good, 1s to 366d.",
);

// As long as a session lasts: whoever finds out late can still read all that went on beside the one in question.
pub(super) const KEEP_ENDED_SESSIONS: Setting = Setting::plain(
    "keep_ended_sessions",
    "HUB_KEEP_ENDED_SESSIONS",
    "90d",
    "How long sessions that ended or expired stay in the database with their lineage, 1d to 3660d.",
);

pub(super) const REFRESH_GRACE: Setting = Setting::plain(
    "refresh_grace",
    "HUB_REFRESH_GRACE",
    "10s",
    "How long a client may repeat a refresh whose answer it lost, 0s to 60s.",
);

// Whole seconds are the unit of a token's claims.
const LIFETIME_MIN: Duration = Duration::from_secs(1);
// What the contract promises; an access token cannot be called back where the Hub is not asked.
const ACCESS_TTL_MAX: Duration = Duration::from_hours(24);
// A leap year: who did not sign in for that long does so again.
const LIFETIME_MAX: Duration = Duration::from_hours(366 * 24);
// A day: who looks for what happened yesterday finds it. And what is signed in the last minutes of a session is over by then.
const KEEP_ENDED_SESSIONS_MIN: Duration = Duration::from_hours(24);
// Ten years: longer than anybody has to keep such rows.
const KEEP_ENDED_SESSIONS_MAX: Duration = Duration::from_hours(3_660 * 24);
// Within the grace a stolen token passes for a retry, so it stays a matter of network delays.
const REFRESH_GRACE_MAX: Duration = Duration::from_mins(1);

pub(super) fn access_ttl<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    whole_seconds_within(given, &(LIFETIME_MIN..=ACCESS_TTL_MAX))
}

pub(super) fn refresh_ttl<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    whole_seconds_within(given, &(LIFETIME_MIN..=LIFETIME_MAX))
}

pub(super) fn session_max_age<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    whole_seconds_within(given, &(LIFETIME_MIN..=LIFETIME_MAX))
}

pub(super) fn keep_ended_sessions<'de, D: Deserializer<'de>>(
    given: D,
) -> Result<Duration, D::Error> {
    within(given, &(KEEP_ENDED_SESSIONS_MIN..=KEEP_ENDED_SESSIONS_MAX))
}

pub(super) fn refresh_grace<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    within(given, &(Duration::ZERO..=REFRESH_GRACE_MAX))
}
