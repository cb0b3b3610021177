//! `GET /admin/webhooks`: the webhooks, and how they fare.

use rocket::{State, get};
use rocket_dyn_templates::context;

use crate::features::admin::webhooks::row::Row;
use crate::features::browser::who::SuperAdministrator;
use crate::features::webhooks::store::targets;
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::StoreError;

/// Lists them.
///
/// # Errors
/// When the database cannot be read.
#[get("/admin/webhooks")]
pub fn list(hub: &State<Hub>, administrator: SuperAdministrator) -> Result<Page, Refusal> {
    let now = hub.clock.now();
    let rows = hub.store.read(|db| {
        let webhooks = targets::webhooks(db)?.into_iter();
        webhooks
            .map(|webhook| {
                let kinds = targets::kinds(db, webhook.id)?;
                Ok(Row::new(hub, &webhook, &kinds, now))
            })
            .collect::<Result<Vec<Row>, StoreError>>()
    })?;
    Ok(administrator.page("admin/webhooks/list.html", context! { rows }))
}
