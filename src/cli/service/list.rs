//! `hub service list`: all service accounts.

use clap::Args;
use serde::Serialize;

use crate::cli::database::Changing;
use crate::cli::output::{self, or_nothing};
use crate::cli::{Global, Outcome};
use crate::crypto::service_keys::ServiceKeys;
use crate::features::admin::services::error::MAX_ACCOUNTS;
use crate::features::revocations::account::has_its_key;
use crate::features::revocations::store::{self, Account};
use crate::store::Mode;

/// List all service accounts, by name.
#[derive(Debug, Args)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// An account in JSON.
#[derive(Serialize)]
struct Body<'account> {
    id: i64,
    name: &'account str,
    made_at: String,
    /// To the hour.
    last_used_at: Option<String>,
    /// The key that its token is made with.
    key: i64,
    /// Whether that key is no longer in `secret.key`.
    needs_new_token: bool,
}

impl<'account> Body<'account> {
    fn new(account: &'account Account, keys: &ServiceKeys) -> Self {
        Self {
            id: account.id.0,
            name: &account.name,
            made_at: account.made_at.to_string(),
            last_used_at: account.used_at.map(|at| at.to_string()),
            key: account.key.0,
            needs_new_token: !has_its_key(keys, account),
        }
    }
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// When the database or the keys cannot be read.
    pub fn run(self, global: &Global) -> Outcome {
        // With the keys, which tell whose token is good.
        let database = Changing::open_in(global, Mode::Reading)?;
        let accounts = database.read(|db| Ok(store::accounts(db, MAX_ACCOUNTS)?))?;
        let keys = &database.hub.service_keys;
        let bodies = accounts.iter().map(|account| Body::new(account, keys));
        let bodies: Vec<Body<'_>> = bodies.collect();
        if self.json {
            return output::json(&bodies);
        }
        let rows: Vec<Vec<String>> = bodies.iter().map(row).collect();
        output::table(&["ID", "NAME", "MADE", "LAST USED", "KEY", "TOKEN"], &rows)
    }
}

fn row(body: &Body<'_>) -> Vec<String> {
    let token = if body.needs_new_token {
        "needs a new one"
    } else {
        "good"
    };
    vec![
        body.id.to_string(),
        body.name.to_owned(),
        body.made_at.clone(),
        or_nothing(body.last_used_at.as_ref()),
        body.key.to_string(),
        token.to_owned(),
    ]
}
