//! The hashing of passwords.

use crate::crypto::hasher::counts::HasherCounts;
use crate::features::metrics::family::Family;

pub fn families(hasher: &HasherCounts) -> Vec<Family> {
    let whole = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    vec![
        Family::gauge("hub_hashing_waiting", "Passwords that wait to be hashed.")
            .of(hasher.waiting.read()),
        Family::gauge(
            "hub_hashing_queue_limit",
            "Passwords that may wait to be hashed; further ones are refused.",
        )
        .of(whole(hasher.queue)),
        Family::gauge(
            "hub_hashing_under_way",
            "Passwords that are being hashed right now.",
        )
        .of(hasher.under_way.read()),
        Family::gauge("hub_hashing_threads", "Threads that hash passwords.")
            .of(whole(hasher.threads)),
        Family::counter(
            "hub_hashing_refused",
            "Passwords that were not hashed and answered 503: the queue was full, or the wait too long.",
        )
        .with([("reason", "queue_full".to_owned())], hasher.refused.read())
        .with([("reason", "wait_too_long".to_owned())], hasher.too_late.read()),
        Family::histogram(
            "hub_hashing_duration_seconds",
            "Time that hashing a password takes, without the wait, in seconds.",
        )
        .with_times([], &hasher.durations.read()),
    ]
}
