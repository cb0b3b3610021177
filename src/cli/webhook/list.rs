//! `hub webhook list`: all webhooks.

use clap::Args;
use serde::Serialize;

use crate::cli::database::Changing;
use crate::cli::output;
use crate::cli::{Global, Outcome};
use crate::crypto::webhook_keys::WebhookKeys;
use crate::features::webhooks::model::Kind;
use crate::features::webhooks::store::targets::{self, Webhook};
use crate::store::Mode;

/// List all webhooks, by name.
#[derive(Debug, Args)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A webhook in JSON.
#[derive(Serialize)]
pub(super) struct Body {
    id: i64,
    name: String,
    /// Without its query, which may hold a secret.
    url: String,
    events: Vec<&'static str>,
    made_at: String,
    disabled_at: Option<String>,
    /// The key that its secret is made with.
    key: i64,
    /// Whether that key is no longer in `secret.key`.
    needs_new_secret: bool,
    waiting: u64,
    dead: u64,
    lost: u64,
}

impl Body {
    pub(super) fn new(webhook: &Webhook, kinds: &[Kind], keys: &WebhookKeys) -> Self {
        Self {
            id: webhook.id.0,
            name: webhook.name.clone(),
            url: webhook.url.to_string(),
            events: kinds.iter().map(|kind| kind.as_str()).collect(),
            made_at: webhook.made_at.to_string(),
            disabled_at: webhook.disabled.map(|at| at.wall.to_string()),
            key: webhook.key.0,
            needs_new_secret: !keys.holds(webhook.key),
            waiting: webhook.waiting,
            dead: webhook.dead,
            lost: webhook.lost,
        }
    }

    /// What state it is in, in a word or three.
    fn state(&self) -> &'static str {
        match (self.disabled_at.is_some(), self.needs_new_secret) {
            (true, _) => "disabled",
            (false, true) => "needs a new secret",
            (false, false) => "enabled",
        }
    }

    /// Named values, for people.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("id", self.id.to_string()),
            ("name", self.name.clone()),
            ("url", self.url.clone()),
            ("events", self.events.join(" ")),
            ("state", self.state().to_owned()),
            ("made", self.made_at.clone()),
            ("key", self.key.to_string()),
            ("waiting", self.waiting.to_string()),
            ("dead", self.dead.to_string()),
            ("lost", self.lost.to_string()),
        ]
    }
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// When the database or the keys cannot be read.
    pub fn run(self, global: &Global) -> Outcome {
        // With the keys, which tell whose secret is good.
        let database = Changing::open_in(global, Mode::Reading)?;
        let keys = &database.hub.webhook_keys;
        let bodies = database.read(|db| {
            let mut bodies = Vec::new();
            for webhook in targets::webhooks(db)? {
                let kinds = targets::kinds(db, webhook.id)?;
                bodies.push(Body::new(&webhook, &kinds, keys));
            }
            Ok(bodies)
        })?;
        if self.json {
            return output::json(&bodies);
        }
        let rows: Vec<Vec<String>> = bodies.iter().map(row).collect();
        output::table(
            &["ID", "NAME", "STATE", "WAITING", "DEAD", "KEY", "URL"],
            &rows,
        )
    }
}

fn row(body: &Body) -> Vec<String> {
    vec![
        body.id.to_string(),
        body.name.clone(),
        body.state().to_owned(),
        body.waiting.to_string(),
        body.dead.to_string(),
        body.key.to_string(),
        body.url.clone(),
    ]
}
