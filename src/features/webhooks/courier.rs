//! The courier: one task that looks for what is due and has it delivered.
//!
//! It looks into the database as the feed of revocations does, so what a command beside the server wrote is seen like everything else. Each try is a task of
//! its own; which deliveries are under way stands in memory, so a crash forgets it and the database still says that they wait.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rocket::tokio;
use rocket::tokio::sync::Notify;

use crate::crypto::webhook_keys::WebhookKeys;
use crate::features::webhooks::attempt::Attempt;
use crate::features::webhooks::client::Client;
use crate::features::webhooks::model::{FAILURES_BEFORE_REST, MAX_AT_ONCE, rest_after};
use crate::features::webhooks::note::{Begin, Date};
use crate::features::webhooks::places;
use crate::features::webhooks::store::outbox::{self, Delivery};
use crate::features::webhooks::store::targets::{self, Webhook};
use crate::hub::counts::Counts;
use crate::hub::keys::{self, Following};
use crate::hub::{Hub, HubError};
use crate::store::{Store, StoreError};
use crate::types::entropy::Entropy;
use crate::types::ids::{DeliveryId, WebhookId};
use crate::types::time::{Clock, Moment};

/// How often the database is asked while there is a webhook: an event is on its way within a fifth of a second, and five look-ups by key a second cost nothing.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often while there is none: one that was added beside the server is heard of so late at most.
const LOOK_FOR_WEBHOOKS_EVERY: Duration = Duration::from_secs(5);
/// After a look that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How long a server that stops waits for deliveries under way: what is cut off is delivered again.
const LONGEST_FAREWELL: Duration = Duration::from_secs(3);
/// How often it looks whether they are over.
const FAREWELL_LOOK: Duration = Duration::from_millis(20);
/// A receiver rests for so long when what became of a try could not be written: otherwise it would be told the same again and again.
const REST_UNWRITTEN: Duration = Duration::from_secs(30);

/// What delivers.
#[derive(Clone)]
pub struct Courier(Arc<Room>);

/// What a try needs, and who is being told what.
pub(super) struct Room {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) keys: Arc<WebhookKeys>,
    pub(super) counts: Arc<Counts>,
    pub(super) client: Client,
    following: Following,
    news: Arc<Notify>,
    webhooks: Mutex<HashMap<WebhookId, UnderWay>>,
    stops: AtomicBool,
    /// How many deliveries may be under way to all webhooks together.
    places: usize,
}

/// What is under way to one webhook.
#[derive(Default)]
struct UnderWay {
    deliveries: HashSet<DeliveryId>,
    failures_in_a_row: u32,
    /// On the steady clock.
    rests_until: i64,
}

/// One place among those under way to a webhook; free again when it is dropped.
pub(super) struct Place {
    room: Arc<Room>,
    webhook: WebhookId,
    delivery: DeliveryId,
}

impl Courier {
    /// That of a Hub.
    #[must_use]
    pub fn of(hub: &Hub) -> Self {
        Self(Arc::new(Room {
            store: hub.store.clone(),
            clock: Arc::clone(&hub.clock),
            entropy: Arc::clone(&hub.entropy),
            keys: Arc::clone(&hub.webhook_keys),
            counts: Arc::clone(&hub.counts),
            client: Client::new(&hub.config.webhooks),
            following: hub.following(),
            news: Arc::default(),
            webhooks: Mutex::default(),
            stops: AtomicBool::new(false),
            places: places::at_once(),
        }))
    }

    /// Has it look at once.
    pub fn wake(&self) {
        self.0.news.notify_one();
    }

    /// Whether it has TLS in memory: not before the first receiver with `https`, and not when no webhook is enabled.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.0.client.has_tls()
    }

    /// Runs for as long as somebody holds it. Weak, so that the task does not keep the database open when the server is gone.
    pub(super) fn begin(&self) {
        tokio::spawn(run(Arc::downgrade(&self.0)));
    }

    /// Begins nothing any more, and waits a little for what is under way.
    pub(super) async fn stop(&self) {
        self.0.stops.store(true, Ordering::SeqCst);
        let over = async {
            while !self.0.is_idle() {
                tokio::time::sleep(FAREWELL_LOOK).await;
            }
        };
        if tokio::time::timeout(LONGEST_FAREWELL, over).await.is_err() {
            tracing::info!("deliveries to webhooks are cut off; the next start makes them again");
        }
    }
}

async fn run(room: Weak<Room>) {
    let mut has_begun = false;
    loop {
        let Some(room) = room.upgrade() else {
            return;
        };
        let looked = look(&room, &mut has_begun).await;
        let pause = match looked {
            Ok(true) => LOOK_EVERY,
            Ok(false) => LOOK_FOR_WEBHOOKS_EVERY,
            Err(error) => {
                tracing::warn!(%error, "webhooks are not told anything for the moment");
                PAUSE_AFTER_FAILURE
            }
        };
        let news = Arc::clone(&room.news);
        drop(room);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = news.notified() => {}
        }
    }
}

/// Looks once, and begins what is due; tells whether there is a webhook to look for.
async fn look(room: &Arc<Room>, has_begun: &mut bool) -> Result<bool, HubError> {
    let now = room.clock.now();
    if !room.store.read(targets::has_enabled)? {
        room.client.rest();
        return Ok(false);
    }
    if !*has_begun {
        room.store.write(Begin { now }).await?;
        *has_begun = true;
    }
    let webhooks = room.store.read(targets::with_work)?;
    if webhooks.is_empty() || room.stops.load(Ordering::SeqCst) {
        return Ok(true);
    }
    room.following.hold(room.store.read(keys::present)?)?;
    for webhook in webhooks {
        // One whose key was taken out waits for a new secret; pages and commands say so.
        if !room.keys.holds(webhook.key) {
            continue;
        }
        let webhook = Arc::new(webhook);
        // Before the rows are read: one that ends in between may have been read as it was, and is left to the next look.
        let under_way = room.under_way(webhook.id);
        let due = room.due(&webhook, now).await?.into_iter();
        for delivery in due.filter(|delivery| !under_way.contains(&delivery.id)) {
            if let Some(place) = room.take(&webhook, delivery.id, now) {
                let attempt = Attempt {
                    webhook: Arc::clone(&webhook),
                    delivery,
                    place,
                };
                tokio::spawn(attempt.run());
            }
        }
    }
    Ok(true)
}

impl Room {
    /// What is due to a webhook, those included that are under way.
    async fn due(&self, webhook: &Webhook, now: Moment) -> Result<Vec<Delivery>, StoreError> {
        let most = 2 * MAX_AT_ONCE;
        let due = self
            .store
            .read(|db| outbox::due(db, webhook.id, now, most))?;
        if due.iter().all(|delivery| delivery.event.is_some()) {
            return Ok(due);
        }
        let change = Date { now: now.wall };
        self.store.write(change).await?;
        self.store.read(|db| outbox::due(db, webhook.id, now, most))
    }

    /// A place for a delivery, unless it is under way, or all places of its webhook are taken, or that rests. While it fails there is one place only.
    fn take(
        self: &Arc<Self>,
        webhook: &Webhook,
        delivery: DeliveryId,
        now: Moment,
    ) -> Option<Place> {
        let mut held = self.held();
        let all: usize = held.values().map(|one| one.deliveries.len()).sum();
        if all >= self.places {
            return None;
        }
        let under_way = held.entry(webhook.id).or_default();
        let places = if under_way.failures_in_a_row < FAILURES_BEFORE_REST {
            MAX_AT_ONCE
        } else {
            1
        };
        let is_free = under_way.deliveries.len() < places && under_way.rests_until <= now.steady;
        (is_free && under_way.deliveries.insert(delivery)).then(|| Place {
            room: Arc::clone(self),
            webhook: webhook.id,
            delivery,
        })
    }

    fn under_way(&self, webhook: WebhookId) -> HashSet<DeliveryId> {
        let held = self.held();
        let under_way = held.get(&webhook);
        under_way.map_or_else(HashSet::new, |one| one.deliveries.clone())
    }

    fn is_idle(&self) -> bool {
        let held = self.held();
        held.values().all(|one| one.deliveries.is_empty())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<WebhookId, UnderWay>> {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// What a try needs.
    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    /// The receiver took it: it is up.
    pub(super) fn succeeded(&self) {
        if let Some(under_way) = self.room.held().get_mut(&self.webhook) {
            under_way.failures_in_a_row = 0;
            under_way.rests_until = 0;
        }
    }

    /// It did not: after a few of these in a row it rests.
    pub(super) fn failed(&self, now: Moment) {
        self.rest(now, rest_after);
    }

    /// What became of it could not be written.
    pub(super) fn unwritten(&self, now: Moment) {
        self.rest(now, |_| REST_UNWRITTEN);
    }

    fn rest(&self, now: Moment, how_long: impl FnOnce(u32) -> Duration) {
        if let Some(under_way) = self.room.held().get_mut(&self.webhook) {
            under_way.failures_in_a_row = under_way.failures_in_a_row.saturating_add(1);
            let rest = how_long(under_way.failures_in_a_row);
            let micros = i64::try_from(rest.as_micros()).unwrap_or(i64::MAX);
            under_way.rests_until = now.steady.saturating_add(micros);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(under_way) = self.room.held().get_mut(&self.webhook) {
            under_way.deliveries.remove(&self.delivery);
        }
        self.room.news.notify_one();
    }
}
