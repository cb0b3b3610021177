//! A webhook and its deliveries as pages show them.

use serde::Serialize;

use crate::features::webhooks::message::signs_still;
use crate::features::webhooks::model::{Kind, OLD_SECRET_SIGNS, State};
use crate::features::webhooks::store::shown::Line;
use crate::features::webhooks::store::targets::Webhook;
use crate::http::shown_text::shown;
use crate::http::times::Shown;
use crate::hub::Hub;
use crate::types::time::{Moment, Timestamp};

/// A webhook as pages show it.
#[derive(Serialize)]
pub struct Row {
    id: i64,
    name: String,
    /// Without its query, which may hold a secret.
    url: String,
    kinds: Vec<&'static str>,
    made: Shown,
    disabled: Option<Shown>,
    key: i64,
    /// Its secret can be told: the key that it is made with is at hand.
    is_good: bool,
    /// Until when the secret before this one signs, too.
    old_until: Option<Shown>,
    waiting: u64,
    dead: u64,
    lost: u64,
}

impl Row {
    /// Shows one.
    #[must_use]
    pub fn new(hub: &Hub, webhook: &Webhook, kinds: &[Kind], now: Moment) -> Self {
        let old = webhook.old.as_ref();
        let old = old.filter(|old| signs_still(webhook, now) && hub.webhook_keys.holds(old.key));
        Self {
            id: webhook.id.0,
            name: webhook.name.clone(),
            url: webhook.url.to_string(),
            kinds: kinds.iter().map(|kind| kind.as_str()).collect(),
            made: Shown::new(webhook.made_at, now.wall),
            disabled: webhook.disabled.map(|at| Shown::new(at.wall, now.wall)),
            key: webhook.key.0,
            is_good: hub.webhook_keys.holds(webhook.key),
            old_until: old
                .map(|old| Shown::new(old.replaced.wall.plus(OLD_SECRET_SIGNS), now.wall)),
            waiting: webhook.waiting,
            dead: webhook.dead,
            lost: webhook.lost,
        }
    }
}

/// A delivery as pages show it.
#[derive(Serialize)]
pub struct DeliveryRow {
    id: i64,
    kind: String,
    username: Option<String>,
    at: Option<Shown>,
    tries: u32,
    tried: Option<Shown>,
    /// How the last try ended; empty before the first.
    outcome: String,
    /// When the next one comes; `None`: at once.
    due: Option<Shown>,
}

impl DeliveryRow {
    /// Shows one.
    #[must_use]
    pub fn new(line: &Line, now: Timestamp) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| Shown::new(at, now));
        Self {
            id: line.id.0,
            kind: line.kind.clone(),
            username: line.username.clone(),
            at: time(line.at),
            tries: line.tries,
            tried: time(line.tried_at),
            outcome: outcome(line),
            due: time(line.due_at),
        }
    }
}

/// How the last try ended, in words.
#[must_use]
pub fn outcome(line: &Line) -> String {
    match (&line.problem, line.status, line.state) {
        (Some(problem), _, _) => shown(problem),
        (None, Some(status), State::Delivered) => format!("answered {status}"),
        _ => String::new(),
    }
}
