//! `GET /admin/services`: the service accounts, and when each last began to read.

use rocket::{State, get};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::features::admin::services::error::MAX_ACCOUNTS;
use crate::features::browser::who::SuperAdministrator;
use crate::features::revocations::account::has_its_key;
use crate::features::revocations::store::{self, Account};
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::http::times::Shown;
use crate::hub::Hub;
use crate::types::time::Timestamp;

/// An account as pages show it.
#[derive(Serialize)]
pub struct Row {
    id: i64,
    name: String,
    made: Shown,
    used: Option<Shown>,
    key: i64,
    /// Its token is good: the key that it is made with is at hand.
    is_good: bool,
}

impl Row {
    /// Shows one.
    #[must_use]
    pub fn new(hub: &Hub, account: &Account, now: Timestamp) -> Self {
        Self {
            id: account.id.0,
            name: account.name.clone(),
            made: Shown::new(account.made_at, now),
            used: account.used_at.map(|at| Shown::new(at, now)),
            key: account.key.0,
            is_good: has_its_key(&hub.service_keys, account),
        }
    }
}

/// Lists them.
///
/// # Errors
/// When the database cannot be read.
#[get("/admin/services")]
pub fn list(hub: &State<Hub>, administrator: SuperAdministrator) -> Result<Page, Refusal> {
    let now = hub.clock.now().wall;
    let accounts = hub.store.read(|db| store::accounts(db, MAX_ACCOUNTS))?;
    let rows = accounts.iter().map(|account| Row::new(hub, account, now));
    let rows: Vec<Row> = rows.collect();
    Ok(administrator.page("admin/services/list.html", context! { rows }))
}
