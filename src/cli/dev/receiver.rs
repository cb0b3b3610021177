//! The webhook of `hub dev`: its receiver was never there, so one sees what waits for such a one, what was given up, and how that is sent again.

use std::io::ErrorKind;
use std::time::Duration;

use crate::cli::dev::history::odd;
use crate::cli::{Failure, Outcome};
use crate::features::admin::webhooks::add::AddWebhook;
use crate::features::admin::webhooks::send_test::SendTest;
use crate::features::webhooks::model::{Kind, wait_after};
use crate::features::webhooks::note::Note;
use crate::features::webhooks::problem::Problem;
use crate::features::webhooks::store::outbox::{self, Delivery, Tried};
use crate::hub::Hub;
use crate::store::Store;
use crate::types::cause::Cause;
use crate::types::ids::WebhookId;
use crate::types::target_url::TargetUrl;
use crate::types::time::{Moment, Timestamp};
use crate::types::webhook_name::WebhookName;

const NAME: &str = "crm";
/// On this machine, and where the protocol listens that throws everything away (RFC 863), if anything does: nothing is told to anybody.
const ADDRESS: &str = "http://127.0.0.1:9/hooks/hub";
/// What it wants: few enough to be read.
const KINDS: [Kind; 3] = [
    Kind::SessionReused,
    Kind::UserDisabled,
    Kind::SignInFailures,
];
/// Deliveries that are looked at: more than the story has.
const MOST: usize = 100;

/// Makes it, and has it told a test.
///
/// # Errors
/// When the Hub refuses it.
pub async fn add(hub: &Hub, cause: Cause) -> Result<WebhookId, Failure> {
    let name = WebhookName::parse(NAME).map_err(odd)?;
    let url = TargetUrl::parse(ADDRESS).map_err(odd)?;
    let change = AddWebhook::new(hub, name, url, KINDS.into(), cause.clone())?;
    let id = hub.store.write(change).await?.id;
    hub.store.write(SendTest { id, cause }).await?;
    Ok(id)
}

/// Notes every try up to now that has found nobody there, as the courier would have noted it.
///
/// # Errors
/// What the database says.
pub fn fail(store: &Store, webhook: WebhookId, now: Moment) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(odd)?;
    // Whatever waits, also what the courier got to while the story was told.
    let at_last = Moment {
        steady: i64::MAX,
        ..now
    };
    let waiting = store.read(|db| outbox::due(db, webhook, at_last, MOST))?;
    for mut delivery in waiting {
        while let Some(at) = next_try(&delivery).filter(|at| *at <= now.wall) {
            let failed = delivery.tries + 1;
            let tried = Tried {
                status: None,
                problem: Some(Problem::Connection(ErrorKind::ConnectionRefused).to_string()),
                at: earlier(now, at),
            };
            let note = Note::failed(&delivery, tried, wait_after(failed, None, 0));
            runtime.block_on(store.write(note))?;
            delivery.tries = failed;
        }
    }
    Ok(())
}

/// When a delivery is tried that has failed so often; `None` when it is given up.
fn next_try(delivery: &Delivery) -> Option<Timestamp> {
    let waits = (1..=delivery.tries).map(|failed| wait_after(failed, None, 0));
    let waited: Duration = waits.sum::<Option<Duration>>()?;
    Some(delivery.event.as_ref()?.at.plus(waited))
}

/// The moment of an earlier time: no clock of the story was ever set.
fn earlier(now: Moment, wall: Timestamp) -> Moment {
    let ago = now.wall.micros() - wall.micros();
    Moment {
        wall,
        steady: now.steady - ago,
        ..now
    }
}
