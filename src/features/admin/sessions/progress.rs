//! `GET /admin/sessions/revoke/{run}`: how far an ending of many sessions is.

use rocket::{State, get};
use rocket_dyn_templates::context;

use crate::features::admin::sessions::list::{counted, grouped};
use crate::features::admin::sessions::runs::{Runs, State as Stage};
use crate::features::browser::who::Administrator;
use crate::http::pages::Page;
use crate::http::times::Shown;
use crate::hub::Hub;

/// Shows it. A run that nobody knows was begun before the last restart, or long ago: the page says where to look then.
#[get("/admin/sessions/revoke/<run>", rank = 1)]
#[must_use]
pub fn progress(
    hub: &State<Hub>,
    runs: &State<Runs>,
    administrator: Administrator,
    run: &str,
) -> Page {
    let Some(run) = runs.find(run) else {
        let page = administrator.page(
            "admin/sessions/progress.html",
            context! { state: "unknown" },
        );
        return page.with_status(404);
    };
    let (state, problem) = match &run.state {
        Stage::GoingOn => ("going_on", None),
        Stage::Done => ("done", None),
        Stage::Stopped(error) => ("stopped", Some(error.to_string())),
    };
    administrator.page(
        "admin/sessions/progress.html",
        context! {
            state: state,
            problem: problem,
            path: format!("/admin/sessions/revoke/{}", run.id),
            begun: Shown::new(run.begun_at, hub.clock.now().wall),
            total: run.total,
            seen: run.seen,
            counted: counted(run.total),
            ended: counted(run.ended),
            left: counted(run.total - run.seen),
            before: run.seen - run.ended,
            before_counted: grouped(run.seen - run.ended),
            back: run.back,
        },
    )
}
