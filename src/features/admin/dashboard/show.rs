//! `GET /admin`: what goes on, what needs attention, what was done last.

use rocket::State;
use rocket::get;
use rocket::tokio::task::spawn_blocking;
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::features::admin::audit::row::{self, Row};
use crate::features::admin::backups::scheduled::LastFailure;
use crate::features::admin::dashboard::attention::{self, Findings};
use crate::features::admin::dashboard::chart::Chart;
use crate::features::admin::dashboard::hours::{self, Line};
use crate::features::admin::dashboard::place::{self, Found};
use crate::features::admin::dashboard::store;
use crate::features::browser::who::Administrator;
use crate::features::second_factors::store as second_factors;
use crate::features::sessions::end;
use crate::features::sessions::store::many::{Now, Status, tally};
use crate::http::figures::{grouped, size};
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::http::seen::Seen;
use crate::http::times::Shown;
use crate::hub::{Hub, Place};
use crate::store::audit::{self, Action, Filter, Tally};
use crate::store::{Db, StoreError, activity};
use crate::types::role::Role;
use crate::types::time::{Hour, Timestamp};

/// Rows of the audit that are shown.
const EVENTS: u32 = 10;
/// Hours of the week that reuse is counted in.
const WEEK_HOURS: i64 = 7 * 24;
const DAY_SECONDS: i64 = 86_400;

/// What the database tells.
struct Told {
    active_sessions: u64,
    users: i64,
    administrators: second_factors::Administrators,
    tallies: Vec<Tally>,
    refreshes: Vec<(Hour, i64)>,
    counted_since: Option<Timestamp>,
    reuses: i64,
    events: Vec<Row>,
}

impl Told {
    fn read(db: &Db<'_>, now: Now) -> Result<Self, StoreError> {
        let first = hours::first(now.at);
        let newest = Filter {
            limit: EVENTS,
            ..Filter::default()
        };
        let week = Hour::of(now.at).earlier(WEEK_HOURS - 1);
        Ok(Self {
            active_sessions: tally::with_status(db, Some(Status::Active), now)?,
            users: store::users(db)?,
            administrators: second_factors::administrators(db)?,
            tallies: audit::hours(db, first)?,
            refreshes: activity::refreshes(db, first)?,
            counted_since: activity::since(db)?,
            reuses: audit::done_since(db, Action::SessionReuse, week)?,
            events: row::rows(db, &audit::list(db, &newest)?, now.at)?,
        })
    }
}

/// The figures at the top, in words.
#[derive(Serialize)]
struct Figures {
    active_sessions: String,
    users: String,
    signed_in: String,
    refused: String,
    refreshes_a_minute: Option<String>,
    reuses: String,
    database: String,
    disk_free: Option<String>,
    backup: Option<Shown>,
}

/// The two charts with their numbers.
#[derive(Serialize)]
struct Charts {
    sign_ins: Chart,
    refreshes: Chart,
    table: Vec<Line>,
    signed_in: String,
    refused: String,
    refreshed: String,
    /// When the counting of refreshes began.
    counted_since: Shown,
}

/// Shows the page.
///
/// # Errors
/// When the database cannot be read.
#[get("/admin")]
pub async fn show(
    hub: &State<Hub>,
    last_failure: &State<LastFailure>,
    administrator: Administrator,
    seen: Seen,
) -> Result<Page, Refusal> {
    let now = end::now(hub, hub.clock.now().wall);
    let (store, data) = (hub.store.clone(), Place::new(&hub.config.data_dir));
    let looked = spawn_blocking(move || {
        let told = store.read(|db| Told::read(db, now));
        told.map(|told| (told, place::look(&data)))
    });
    let (told, found) = looked.await.map_err(|_| ApiError::of_status(500))??;
    let counts = hours::counts(
        now.at,
        &told.tallies,
        &told.refreshes,
        hub.activity.unwritten(),
    );
    let signed_in: u64 = counts.iter().map(|hour| hour.signed_in).sum();
    let refused: u64 = counts.iter().map(|hour| hour.refused).sum();
    let refreshed: u64 = counts.iter().map(|hour| hour.refreshes).sum();
    let begun = hub.activity.begun();
    let since = told.counted_since.map_or(begun, |since| since.min(begun));
    let failure = last_failure.told().map(|(_, text)| text);
    let may_open_settings = administrator.user.role == Role::SuperAdmin;
    let failure = failure.as_deref();
    let matters = matters(&seen, &told, &found, failure, may_open_settings, now.at);
    let figures = Figures {
        active_sessions: grouped(told.active_sessions),
        users: count(told.users),
        signed_in: grouped(signed_in),
        refused: grouped(refused),
        refreshes_a_minute: hub.activity.last_minute().map(grouped),
        reuses: count(told.reuses),
        database: size(found.database_bytes),
        disk_free: found.disk.map(|(free, _)| size(free)),
        backup: found.backup.map(|at| Shown::new(at, now.at)),
    };
    let charts = Charts {
        sign_ins: hours::sign_ins(&counts),
        refreshes: hours::refreshes(&counts),
        table: hours::table(&counts),
        signed_in: grouped(signed_in),
        refused: grouped(refused),
        refreshed: grouped(refreshed),
        counted_since: Shown::new(since, now.at),
    };
    Ok(administrator.page(
        "admin/dashboard.html",
        context! {
            figures: figures,
            charts: charts,
            matters: matters,
            events: told.events,
        },
    ))
}

fn matters(
    seen: &Seen,
    told: &Told,
    found: &Found,
    backup_failure: Option<&str>,
    may_open_settings: bool,
    now: Timestamp,
) -> Vec<attention::Matter> {
    let backup_seconds = found.backup.map(|at| now.seconds() - at.seconds());
    attention::matters(&Findings {
        way: seen.checks(),
        administrators: told.administrators.all,
        with_second_factor: told.administrators.with_one,
        reuses: told.reuses.unsigned_abs(),
        backup_days: backup_seconds.map(|seconds| seconds / DAY_SECONDS),
        backup_failure,
        backups: &found.backups.display().to_string(),
        disk: found.disk,
        may_open_settings,
    })
}

fn count(number: i64) -> String {
    grouped(number.unsigned_abs())
}
