//! What a password hash costs, and how many may run and wait at once.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::duration::within;
use super::reading::number;
use super::settings::Setting;

// 19 MiB, two passes, one lane: the cost the contract was measured with.
pub(super) const MEMORY_KIB: Setting = Setting::plain(
    "hashing.memory_kib",
    "HUB_HASHING__MEMORY_KIB",
    "19456",
    "Argon2id memory of one hash in KiB, 8 to 65536 and at least 8 for each lane.",
);

pub(super) const PASSES: Setting = Setting::plain(
    "hashing.passes",
    "HUB_HASHING__PASSES",
    "2",
    "Argon2id passes over that memory, 1 to 10.",
);

pub(super) const LANES: Setting = Setting::plain(
    "hashing.lanes",
    "HUB_HASHING__LANES",
    "1",
    "Argon2id lanes, 1 to 4.",
);

pub(super) const THREADS: Setting = Setting::plain(
    "hashing.threads",
    "HUB_HASHING__THREADS",
    "0",
    "Hashes that run at once, 0 to 64; 0 is as many as there are cores.",
);

pub(super) const QUEUE: Setting = Setting::plain(
    "hashing.queue",
    "HUB_HASHING__QUEUE",
    "32",
    "Hashes that may wait for a thread, 1 to 1024; beyond that the answer is 503, and whoever comes back when it says finds a place.",
);

pub(super) const QUEUE_WAIT: Setting = Setting::plain(
    "hashing.queue_wait",
    "HUB_HASHING__QUEUE_WAIT",
    "2s",
    "Longest wait for a thread, 100ms to 10s; after that the answer is 503.",
);

/// The least memory Argon2 takes for each lane.
pub(super) const MIN_LANE_KIB: u32 = 8;

const MIN_MEMORY_KIB: u32 = 8;
// 64 MiB: with 64 threads 4 GiB, the most a small server should meet in one burst of sign-ins.
const MAX_MEMORY_KIB: u32 = 64 * 1024;
// Each pass costs the same again; ten is past any recommendation.
const MAX_PASSES: u32 = 10;
const MAX_LANES: u32 = 4;
const MAX_THREADS: usize = 64;
const MAX_QUEUED_HASHES: usize = 1024;
const QUEUE_WAIT_MIN: Duration = Duration::from_millis(100);
// A person who waits longer has pressed the button again.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(10);

/// The table `[hashing]`: what a password hash costs and how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashing {
    /// Argon2id memory of one hash in KiB.
    #[serde(deserialize_with = "memory_kib")]
    pub memory_kib: u32,
    /// Argon2id passes over the memory.
    #[serde(deserialize_with = "passes")]
    pub passes: u32,
    /// Argon2id lanes.
    #[serde(deserialize_with = "lanes")]
    pub lanes: u32,
    /// Hashes that run at once; 0 is as many as there are cores.
    #[serde(deserialize_with = "threads")]
    pub threads: usize,
    /// Hashes that may wait for a thread.
    #[serde(deserialize_with = "queue")]
    pub queue: usize,
    /// The longest wait for a thread.
    #[serde(deserialize_with = "queue_wait")]
    pub queue_wait: Duration,
}

fn memory_kib<'de, D: Deserializer<'de>>(given: D) -> Result<u32, D::Error> {
    number(given, &(MIN_MEMORY_KIB..=MAX_MEMORY_KIB))
}

fn passes<'de, D: Deserializer<'de>>(given: D) -> Result<u32, D::Error> {
    number(given, &(1..=MAX_PASSES))
}

fn lanes<'de, D: Deserializer<'de>>(given: D) -> Result<u32, D::Error> {
    number(given, &(1..=MAX_LANES))
}

fn threads<'de, D: Deserializer<'de>>(given: D) -> Result<usize, D::Error> {
    number(given, &(0..=MAX_THREADS))
}

fn queue<'de, D: Deserializer<'de>>(given: D) -> Result<usize, D::Error> {
    number(given, &(1..=MAX_QUEUED_HASHES))
}

fn queue_wait<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    within(given, &(QUEUE_WAIT_MIN..=QUEUE_WAIT_MAX))
}
