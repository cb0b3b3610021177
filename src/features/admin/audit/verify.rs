//! `GET /admin/audit/verify` and `POST /admin/audit/verify`: the walk along the chain of hashes, one at a time, beside all other work.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER;
use rocket::tokio::task::spawn_blocking;
use rocket::tokio::time::timeout;
use rocket::{State, get, post};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::features::browser::who::Administrator;
use crate::http::figures::grouped;
use crate::http::form::Form;
use crate::http::pages::Page;
use crate::http::refusal::Away;
use crate::http::shown_text::shown;
use crate::http::times::Shown;
use crate::hub::Hub;
use crate::store::audit::{Chain, Walk};
use crate::types::time::{Clock, Timestamp};

/// How long the answer waits for the end of the walk. Most end within it; of the others the page tells how far they are.
const WAIT: Duration = Duration::from_secs(2);

/// The walks of a running server.
#[derive(Default)]
pub struct Walks(Mutex<Known>);

/// What is known of them.
#[derive(Default)]
struct Known {
    /// The rows of the one that runs.
    running: Option<i64>,
    /// The one that ended last.
    ended: Option<Ended>,
}

struct Ended {
    walk: Walk,
    /// `None` where the database could not be read to the end.
    chain: Option<Chain>,
    at: Timestamp,
    by: String,
}

impl Walks {
    fn state(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a walk unless one runs.
    fn begin(&self) -> bool {
        let mut state = self.state();
        let free = state.running.is_none();
        if free {
            state.running = Some(0);
        }
        free
    }
}

/// Shows the last walk, or how far the present one is.
#[get("/admin/audit/verify")]
#[must_use]
pub fn show(hub: &State<Hub>, walks: &State<Arc<Walks>>, administrator: Administrator) -> Page {
    let now = hub.clock.now().wall;
    let state = walks.state();
    administrator.page(
        "admin/audit/verify.html",
        context! {
            running: state.running.map(|rows| grouped(rows.unsigned_abs())),
            ended: state.ended.as_ref().map(|ended| told(ended, now)),
        },
    )
}

/// Begins a walk, unless one runs already.
#[post("/admin/audit/verify", data = "<_form>")]
pub async fn verify(
    hub: &State<Hub>,
    walks: &State<Arc<Walks>>,
    administrator: Administrator,
    _form: Form,
) -> Away {
    if walks.begin() {
        // Weak, so that a walk over a long audit ends with the server.
        let (store, clock) = (hub.store.clone(), Arc::clone(&hub.clock));
        let (watched, by) = (Arc::downgrade(walks), administrator.user.username.clone());
        let walked = spawn_blocking(move || {
            let mut walk = Walk::begin();
            let chain = loop {
                let Some(walks) = watched.upgrade() else {
                    return;
                };
                match store.read(|db| walk.step(db)) {
                    Ok(None) => walks.state().running = Some(walk.rows()),
                    Ok(Some(chain)) => break Some(chain),
                    Err(error) => {
                        tracing::error!(%error, "the audit could not be read to its end");
                        break None;
                    }
                }
            };
            end(&watched, walk, chain, clock.as_ref(), by);
        });
        // Whether it ended in time or not, the page tells.
        let _ended = timeout(WAIT, walked).await;
    }
    Away::to("/admin/audit/verify")
}

fn end(
    walks: &std::sync::Weak<Walks>,
    walk: Walk,
    chain: Option<Chain>,
    clock: &dyn Clock,
    by: String,
) {
    if let Some(walks) = walks.upgrade() {
        let mut state = walks.state();
        state.running = None;
        state.ended = Some(Ended {
            walk,
            chain,
            at: clock.now().wall,
            by,
        });
    }
}

/// A walk's end in words.
#[derive(Serialize)]
struct Told {
    /// `whole`, `broken` or `unread`.
    found: &'static str,
    rows: String,
    /// The first row that does not fit.
    broken_at: String,
    head: String,
    first_at: Option<Shown>,
    last_at: Option<Shown>,
    at: Shown,
    by: String,
}

fn told(ended: &Ended, now: Timestamp) -> Told {
    let time = |at: Option<Timestamp>| at.map(|at| Shown::new(at, now));
    let (found, broken_at, head) = match ended.chain {
        Some(Chain::Whole { head, .. }) => ("whole", 0, HEXLOWER.encode(&head)),
        Some(Chain::Broken { at }) => ("broken", at, String::new()),
        None => ("unread", 0, String::new()),
    };
    Told {
        found,
        rows: grouped(ended.walk.rows().unsigned_abs()),
        broken_at: grouped(broken_at.unsigned_abs()),
        head,
        first_at: time(ended.walk.first_at),
        last_at: time(ended.walk.last_at),
        at: Shown::new(ended.at, now),
        by: shown(&ended.by),
    }
}
