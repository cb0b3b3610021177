//! Deliveries to webhooks: how tries ended, and what waits.

use crate::features::metrics::family::Family;
use crate::features::metrics::watched::Watched;
use crate::features::webhooks::store::shown::sums;
use crate::hub::counts::WebhookTry;

pub fn families(watched: &Watched) -> Vec<Family> {
    let tries = Family::counter(
        "hub_webhook_tries",
        "Tries to deliver to webhooks by outcome: delivered, failed (tried again later), given_up (a dead letter).",
    );
    let mut families = vec![WebhookTry::ALL.into_iter().fold(tries, |family, ended| {
        let labels = [("outcome", ended.as_str().to_owned())];
        family.with(labels, watched.counts.webhook_tries(ended))
    })];
    // A database that cannot be read is told by `hub_database_trusted`.
    if let Ok([waiting, dead, lost]) = watched.store.read(sums) {
        families.extend([
            Family::gauge(
                "hub_webhook_waiting_deliveries",
                "Deliveries to webhooks that are still to be made.",
            )
            .of(waiting),
            Family::gauge(
                "hub_webhook_dead_letters",
                "Deliveries to webhooks that were given up, and are kept.",
            )
            .of(dead),
            Family::gauge(
                "hub_webhook_lost_events",
                "Events that present webhooks were not told because too many waited for them.",
            )
            .of(lost),
        ]);
    }
    families
}
