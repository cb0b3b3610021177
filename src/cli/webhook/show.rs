//! `hub webhook show`: a webhook with its dead letters, what waits for it and what was delivered last.

use clap::Args;
use serde::Serialize;

use crate::cli::database::Changing;
use crate::cli::output::{self, or_nothing};
use crate::cli::webhook::list::Body;
use crate::cli::webhook::which::Which;
use crate::cli::{Global, Outcome};
use crate::features::admin::webhooks::row::outcome;
use crate::features::admin::webhooks::show::SHOWN_DELIVERIES;
use crate::features::webhooks::store::shown::{self, Line};
use crate::features::webhooks::store::targets;
use crate::store::Mode;

/// Show a webhook, the dead letters, what waits and what was delivered last.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    which: Which,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A delivery in JSON.
#[derive(Serialize)]
struct Delivery {
    id: i64,
    event: String,
    username: Option<String>,
    at: Option<String>,
    state: &'static str,
    tries: u32,
    last_try_at: Option<String>,
    outcome: String,
    next_try_at: Option<String>,
}

impl Delivery {
    fn new(line: &Line) -> Self {
        Self {
            id: line.id.0,
            event: line.kind.clone(),
            username: line.username.clone(),
            at: line.at.map(|at| at.to_string()),
            state: line.state.as_str(),
            tries: line.tries,
            last_try_at: line.tried_at.map(|at| at.to_string()),
            outcome: outcome(line),
            next_try_at: line.due_at.map(|at| at.to_string()),
        }
    }
}

/// All of it.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    webhook: Body,
    deliveries: Vec<Delivery>,
}

impl Show {
    /// Shows it.
    ///
    /// # Errors
    /// When there is no such webhook, or the database or the keys cannot be read.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open_in(global, Mode::Reading)?;
        let webhook = self.which.find(&database)?;
        let whole = database.read(|db| {
            let kinds = targets::kinds(db, webhook.id)?;
            let mut lines = shown::dead(db, webhook.id, SHOWN_DELIVERIES)?;
            lines.extend(shown::waiting(db, webhook.id, SHOWN_DELIVERIES)?);
            lines.extend(shown::delivered(db, webhook.id, SHOWN_DELIVERIES)?);
            Ok(Whole {
                webhook: Body::new(&webhook, &kinds, &database.hub.webhook_keys),
                deliveries: lines.iter().map(Delivery::new).collect(),
            })
        })?;
        if self.json {
            return output::json(&whole);
        }
        output::facts(&whole.webhook.facts())?;
        let rows: Vec<Vec<String>> = whole.deliveries.iter().map(row).collect();
        output::table(
            &[
                "ID", "EVENT", "USER", "AT", "STATE", "TRIES", "NEXT TRY", "LAST TRY",
            ],
            &rows,
        )
    }
}

fn row(delivery: &Delivery) -> Vec<String> {
    vec![
        delivery.id.to_string(),
        delivery.event.clone(),
        or_nothing(delivery.username.as_ref()),
        or_nothing(delivery.at.as_ref()),
        delivery.state.to_owned(),
        delivery.tries.to_string(),
        or_nothing(delivery.next_try_at.as_ref()),
        or_nothing(Some(&delivery.outcome).filter(|outcome| !outcome.is_empty())),
    ]
}
