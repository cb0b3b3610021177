//! One turn of one row: fresh connections, a warm-up, then what counts.

use std::time::Duration;

use anyhow::Context;

use crate::load::person::Person;
use crate::load::seat::{self, Job};
use crate::load::tally::Figures;
use crate::load::{closed, open};
use crate::progress;
use crate::servers::process::Process;

/// How a turn asks.
#[derive(Clone, Copy)]
pub struct Pace {
    /// How long it is timed for.
    pub time: Duration,
    /// How long it settles before: caches, connections, the branch predictor.
    pub warm_up: Duration,
    /// Requests a second on a fixed schedule; `None`: as fast as answers come.
    pub rate: Option<u32>,
}

/// Takes one turn; the people come back with the tokens that they have now.
pub async fn turn(
    pace: Pace,
    job: &Job,
    process: Option<Process>,
    people: Vec<Person>,
) -> anyhow::Result<(Vec<Person>, Figures)> {
    let line = &job.request.line;
    let seats = seat::connect(people, job.to).await?;
    let (seats, warmed) = closed::ask_for(pace.warm_up, job, seats).await?;
    let used = || process.map(Process::cpu_us).transpose();
    let before_us = used()?;
    let (seats, mut tally) = match pace.rate {
        None => closed::ask_for(pace.time, job, seats).await,
        Some(rate) => open::at_rate(rate, pace.time, job, seats).await,
    }
    .with_context(|| line.clone())?;
    let cpu_us = used()?
        .zip(before_us)
        .map(|(after, before)| after.saturating_sub(before));
    // A refusal while warming up is as wrong as one that is timed.
    tally.errors = tally.errors.saturating_add(warmed.errors);
    if let Some(error) = warmed.first_error.or(tally.first_error.take()) {
        progress(&format!("  {line}: {error}"));
    }
    Ok((seat::disconnect(seats), tally.figures(cpu_us)))
}
