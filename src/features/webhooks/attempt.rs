//! One try to deliver: sign, send, and write down what became of it.

use std::sync::Arc;

use crate::features::webhooks::courier::Place;
use crate::features::webhooks::message;
use crate::features::webhooks::model::wait_after;
use crate::features::webhooks::note::Note;
use crate::features::webhooks::store::outbox::{Delivery, Tried};
use crate::features::webhooks::store::targets::Webhook;
use crate::hub::counts::WebhookTry;

/// A try.
pub(super) struct Attempt {
    pub(super) webhook: Arc<Webhook>,
    pub(super) delivery: Delivery,
    pub(super) place: Place,
}

impl Attempt {
    /// Makes it.
    pub(super) async fn run(self) {
        let Some(note) = self.delivered().await else {
            return;
        };
        let (room, ended) = (self.place.room(), note.ended());
        match ended {
            WebhookTry::Delivered => self.place.succeeded(),
            WebhookTry::Failed | WebhookTry::GivenUp => self.place.failed(room.clock.now()),
        }
        match room.store.write(note).await {
            Ok(_) => room.counts.webhook_try(ended),
            Err(error) => {
                self.place.unwritten(room.clock.now());
                tracing::warn!(%error, webhook = %self.webhook.id, "what became of a delivery could not be written down; it is made again");
            }
        }
    }

    /// Tells the receiver; `None` where there is nothing to tell it with.
    async fn delivered(&self) -> Option<Note> {
        let room = self.place.room();
        let event = self.delivery.event.as_ref()?;
        let now = room.clock.now();
        let request = message::request(&self.webhook, event, &room.keys, now)?;
        let sent = room.client.send(&self.webhook.url, request, now.wall).await;
        let at = room.clock.now();
        let (status, retry_after, problem) = match sent {
            Ok(answered) => (
                Some(answered.status),
                answered.retry_after,
                answered.problem(),
            ),
            Err(problem) => (None, None, Some(problem)),
        };
        let tried = Tried {
            status,
            problem: problem.as_ref().map(ToString::to_string),
            at,
        };
        let Some(problem) = problem else {
            return Some(Note::delivered(&self.delivery, tried));
        };
        let failed = self.delivery.tries.saturating_add(1);
        let mut chance = [0];
        room.entropy.fill(&mut chance);
        let wait = wait_after(failed, retry_after, chance[0]);
        let (webhook, delivery) = (self.webhook.id, self.delivery.id);
        if wait.is_none() {
            tracing::warn!(%webhook, %delivery, tries = failed, %problem, "a delivery to a webhook is given up");
        } else {
            tracing::debug!(%webhook, %delivery, tries = failed, %problem, "a delivery to a webhook failed");
        }
        Some(Note::failed(&self.delivery, tried, wait))
    }
}
