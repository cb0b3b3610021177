//! Deadlines and limits of the front door.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::duration::within;
use super::reading::{number, parsed, quoted};
use super::settings::Setting;

pub(super) const HEADER_DEADLINE: Setting = Setting::plain(
    "front.header_deadline",
    "HUB_FRONT__HEADER_DEADLINE",
    "10s",
    "Longest time for the head of a request to arrive, 100ms to 60s.",
);

pub(super) const BODY_DEADLINE: Setting = Setting::plain(
    "front.body_deadline",
    "HUB_FRONT__BODY_DEADLINE",
    "15s",
    "Longest time for the body of a request to arrive, 100ms to 60s.",
);

pub(super) const IDLE_TIMEOUT: Setting = Setting::plain(
    "front.idle_timeout",
    "HUB_FRONT__IDLE_TIMEOUT",
    "60s",
    "How long a connection may wait for its next request, 100ms to 10m.",
);

pub(super) const DRAIN: Setting = Setting::plain(
    "front.drain",
    "HUB_FRONT__DRAIN",
    "10s",
    "How long a stopping server waits for running requests, 0s to 5m.",
);

pub(super) const MAX_CONNECTIONS: Setting = Setting::plain(
    "front.max_connections",
    "HUB_FRONT__MAX_CONNECTIONS",
    "4096",
    "Connections open at once, 1 to 65536.",
);

pub(super) const MAX_CONNECTIONS_PER_NETWORK: Setting = Setting::plain(
    "front.max_connections_per_network",
    "HUB_FRONT__MAX_CONNECTIONS_PER_NETWORK",
    "512",
    "Connections open at once from one IPv4 address or IPv6 /64 that is no trusted proxy, 1 to 65536.",
);

// Off: whoever may send the header chooses the address that the Hub believes.
pub(super) const PROXY_PROTOCOL: Setting = Setting::plain(
    "front.proxy_protocol",
    "HUB_FRONT__PROXY_PROTOCOL",
    "off",
    "Whether connections begin with a PROXY protocol header (version 1 or 2) and only trusted proxies may connect: off or on.",
);

// Shorter than a slow mobile round trip helps nobody; tests need it short.
const DEADLINE_MIN: Duration = Duration::from_millis(100);
// A request is a few KiB: who needs a minute for it holds the connection for its own sake.
const DEADLINE_MAX: Duration = Duration::from_mins(1);
// Longer than any proxy in front keeps its own connections.
const IDLE_TIMEOUT_MAX: Duration = Duration::from_mins(10);
// Service managers kill a process that takes longer to stop.
const DRAIN_MAX: Duration = Duration::from_mins(5);
// One file descriptor each: past what systems grant one process.
const MAX_MAX_CONNECTIONS: usize = 65_536;

/// The table `[front]`: deadlines and limits of the front door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Front {
    /// The longest time for the head of a request to arrive.
    #[serde(deserialize_with = "deadline")]
    pub header_deadline: Duration,
    /// The longest time for the body of a request to arrive.
    #[serde(deserialize_with = "deadline")]
    pub body_deadline: Duration,
    /// How long a connection may wait for its next request.
    #[serde(deserialize_with = "idle_timeout")]
    pub idle_timeout: Duration,
    /// How long a stopping server waits for running requests.
    #[serde(deserialize_with = "drain")]
    pub drain: Duration,
    /// Connections open at once.
    #[serde(deserialize_with = "max_connections")]
    pub max_connections: usize,
    /// Connections open at once from one client's network.
    #[serde(deserialize_with = "max_connections")]
    pub max_connections_per_network: usize,
    /// Whether every connection begins with a header of the PROXY protocol.
    #[serde(deserialize_with = "proxy_protocol")]
    pub proxy_protocol: bool,
}

fn deadline<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    within(given, &(DEADLINE_MIN..=DEADLINE_MAX))
}

fn idle_timeout<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    within(given, &(DEADLINE_MIN..=IDLE_TIMEOUT_MAX))
}

fn drain<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    within(given, &(Duration::ZERO..=DRAIN_MAX))
}

fn max_connections<'de, D: Deserializer<'de>>(given: D) -> Result<usize, D::Error> {
    number(given, &(1..=MAX_MAX_CONNECTIONS))
}

fn proxy_protocol<'de, D: Deserializer<'de>>(given: D) -> Result<bool, D::Error> {
    parsed(given, |text| match text {
        "off" => Ok(false),
        "on" => Ok(true),
        _ => Err(format!("{} is unknown; write off or on", quoted(text))),
    })
}
