//! `GET /admin/webhooks/{id}`: a webhook, what waits for it, what was given up, and what was delivered last.

use rocket::{State, get};
use rocket_dyn_templates::context;

use crate::features::admin::webhooks::number::asked_for;
use crate::features::admin::webhooks::row::{DeliveryRow, Row};
use crate::features::browser::who::SuperAdministrator;
use crate::features::webhooks::store::shown::{self, Line};
use crate::features::webhooks::store::targets;
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::StoreError;

/// Rows of each list: whoever looks wants the last ones, and the counts tell how many there are.
pub const SHOWN_DELIVERIES: u32 = 20;

/// Shows it.
///
/// # Errors
/// 404 when there is no such webhook.
#[get("/admin/webhooks/<id>")]
pub fn show(
    hub: &State<Hub>,
    administrator: SuperAdministrator,
    id: &str,
) -> Result<Page, Refusal> {
    let webhook = asked_for(hub, id)?;
    let now = hub.clock.now();
    let (kinds, waiting, dead, delivered) = hub.store.read(|db| {
        Ok::<_, StoreError>((
            targets::kinds(db, webhook.id)?,
            shown::waiting(db, webhook.id, SHOWN_DELIVERIES)?,
            shown::dead(db, webhook.id, SHOWN_DELIVERIES)?,
            shown::delivered(db, webhook.id, SHOWN_DELIVERIES)?,
        ))
    })?;
    let rows = |lines: Vec<Line>| -> Vec<DeliveryRow> {
        let lines = lines.iter();
        lines.map(|line| DeliveryRow::new(line, now.wall)).collect()
    };
    Ok(administrator.page(
        "admin/webhooks/show.html",
        context! {
            row: Row::new(hub, &webhook, &kinds, now),
            waiting: rows(waiting),
            dead: rows(dead),
            delivered: rows(delivered),
        },
    ))
}
