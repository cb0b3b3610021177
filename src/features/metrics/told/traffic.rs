//! Connections at the front door, what it refuses by itself, and tries that are held back.

use crate::features::metrics::family::Family;
use crate::features::metrics::watched::Watched;
use crate::hub::throttle::model::Refused;

pub fn families(watched: &Watched) -> Vec<Family> {
    let door = &watched.counts.door;
    let refusals = Family::counter(
        "hub_http_refusals",
        "Requests that the front door refused before any route saw them, by status.",
    );
    let throttled = Family::counter(
        "hub_throttled",
        "Tries that were answered 429, by what held them back (a network, a session, an account's failures) and what was tried.",
    );
    vec![
        Family::gauge(
            "hub_connections_open",
            "Connections open at the front door.",
        )
        .of(door.open.read()),
        Family::gauge(
            "hub_connections_limit",
            "Connections that may be open at once.",
        )
        .of(door.most.read()),
        Family::counter(
            "hub_connections_accepted",
            "Connections that got a place at the front door.",
        )
        .of(door.admitted.read()),
        Family::counter(
            "hub_connections_refused",
            "Connections that were closed at once, because their network has more than its share.",
        )
        .of(door.refused.read()),
        Family::counter(
            "hub_connections_evicted",
            "Connections that were asked to end, because others need their place.",
        )
        .of(door.closed.read()),
        door.refusals().fold(refusals, |family, (status, count)| {
            family.with([("status", status.to_string())], count)
        }),
        Refused::ALL.into_iter().fold(throttled, |family, refused| {
            let (by, tries) = refused.told();
            let labels = [("by", by.to_owned()), ("tries", tries.to_owned())];
            family.with(labels, watched.throttle.refusals(refused))
        }),
    ]
}
