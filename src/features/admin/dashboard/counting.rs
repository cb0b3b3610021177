//! Writes what the running server counts: each minute, and once more when it stops.

use std::sync::Arc;
use std::time::Duration;

use rocket::fairing::AdHoc;
use rocket::tokio;

use crate::hub::Hub;
use crate::store::Store;
use crate::store::activity::Activity;
use crate::types::time::Clock;

/// Between two writes: what a crash may lose of the count, and what "a minute" means on the dashboard.
const PAUSE: Duration = Duration::from_mins(1);

/// What is needed to write the count.
struct Counting {
    activity: Arc<Activity>,
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Counting {
    fn of(hub: &Hub) -> Self {
        Self {
            activity: Arc::clone(&hub.activity),
            store: hub.store.clone(),
            clock: Arc::clone(&hub.clock),
        }
    }

    async fn write(&self) {
        let now = self.clock.now().wall;
        // A disk that takes no writes is reported by what needs it; the count stays until it does.
        if let Err(error) = self.activity.write(&self.store, now).await {
            tracing::warn!(%error, "the count of refreshes was not written; it is tried again in a minute");
        }
    }
}

/// Writes each minute for as long as the server is there.
#[must_use]
pub fn each_minute() -> AdHoc {
    AdHoc::on_ignite("the count of refreshes", |rocket| async {
        let Some(counting) = rocket.state::<Hub>().map(Counting::of) else {
            return rocket;
        };
        let counting = Arc::new(counting);
        // Weak, so that the task does not keep the database open when the server is gone.
        let watched = Arc::downgrade(&counting);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(PAUSE).await;
                let Some(counting) = watched.upgrade() else {
                    break;
                };
                counting.activity.mark_minute();
                counting.write().await;
            }
        });
        rocket.manage(counting)
    })
}

/// Writes what the last minute counted.
#[must_use]
pub fn at_the_end() -> AdHoc {
    AdHoc::on_shutdown("the last minute's count", |rocket| {
        Box::pin(async move {
            if let Some(counting) = rocket.state::<Arc<Counting>>() {
                counting.write().await;
            }
        })
    })
}
