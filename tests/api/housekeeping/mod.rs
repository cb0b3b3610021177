//! What is over leaves the database when it is due, and not before.

mod clocks;
mod rest;
mod revocations;
mod sessions;

use std::time::Duration;

use hub::features::housekeeping::run::Housekeeping;

use crate::stage::{SECOND, Stage};

/// One run, as the server has them by the hour; what it removed, in the words of the audit.
async fn run(stage: &Stage) -> Option<String> {
    let housekeeping = Housekeeping::of(stage.hub());
    housekeeping.run().await.expect("a run")
}

fn a_second_less_than(span: Duration) -> Duration {
    span.saturating_sub(SECOND)
}
