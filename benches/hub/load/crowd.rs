//! People who come once: each opens a connection, asks, and goes. Who is refused waits as long as it was told and comes again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::load::now;
use crate::load::person::Person;
use crate::load::seat::{Job, Seat};
use crate::load::tally::Tally;

/// Whoever was refused so often gives up, which counts as a wrong answer.
const MOST_TRIES: u32 = 100;

/// What a timer of the runtime is at least late by.
const TIMER_STEP: Duration = Duration::from_millis(1);

/// A crowd that is not through by then hangs.
const PATIENCE: Duration = Duration::from_mins(10);

/// Lets everybody come, spread evenly over so many seconds (none: all are due at once) or as fast as they can, `at_once` at a time. Tells what was
/// counted, and how often somebody was refused again after waiting as told; and the people come back, in no order.
pub async fn come(
    people: Vec<Person>,
    job: Job,
    seconds: Option<f64>,
    at_once: usize,
) -> anyhow::Result<(Tally, u32, Vec<Person>)> {
    let places = Arc::new(Semaphore::new(at_once));
    let begun = now();
    let count = f64::from(u32::try_from(people.len())?);
    let step = Duration::from_secs_f64(seconds.unwrap_or(0.0) / count);
    let mut visits = JoinSet::new();
    let (mut all, mut again, mut back) = (Tally::default(), 0, Vec::new());
    let mut add = |visit: Visit| {
        all.add(visit.tally);
        again += visit.again;
        back.push(visit.person);
    };
    for (number, person) in (0_u32..).zip(people) {
        // The runtime's timers count in milliseconds: who is due by then comes now, or the crowd would be no faster than a thousand a second.
        let early = (begun + step * number).saturating_duration_since(now());
        if early >= TIMER_STEP {
            sleep(early).await;
        }
        let due = seconds.map(|_| begun + step * number);
        // Who comes as fast as possible comes as soon as there is a place.
        let place = match due {
            Some(_) => None,
            None => Some(Arc::clone(&places).acquire_owned().await?),
        };
        let (job, places) = (job.clone(), Arc::clone(&places));
        visits.spawn(async move {
            let visit = visit(
                person,
                &job,
                due.unwrap_or_else(now),
                &places,
                place.is_none(),
            );
            let visited = visit.await;
            drop(place);
            visited
        });
        while let Some(ended) = visits.try_join_next() {
            add(ended??);
        }
    }
    let rest = async {
        while let Some(ended) = visits.join_next().await {
            add(ended??);
        }
        anyhow::Ok(())
    };
    let Ok(ended) = timeout(PATIENCE, rest).await else {
        bail!("a crowd was not through after {PATIENCE:?}");
    };
    ended?;
    all.elapsed = begun.elapsed();
    Ok((all, again, back))
}

struct Visit {
    person: Person,
    tally: Tally,
    again: u32,
}

async fn visit(
    mut person: Person,
    job: &Job,
    due: Instant,
    places: &Semaphore,
    takes_place: bool,
) -> anyhow::Result<Visit> {
    let mut tally = Tally::default();
    for tries in 0..MOST_TRIES {
        let place = if takes_place || tries > 0 {
            Some(places.acquire().await?)
        } else {
            None
        };
        let mut seat = Seat::take(person, job.to).await?;
        let refused = seat.count(job, due, &mut tally).await;
        let refused = refused.with_context(|| job.request.line.clone())?;
        person = seat.person;
        drop(place);
        let Some(wait) = refused else {
            let again = tries.saturating_sub(1);
            return Ok(Visit {
                person,
                tally,
                again,
            });
        };
        sleep(wait).await;
    }
    tally.wrong(format!("refused {MOST_TRIES} times"));
    Ok(Visit {
        person,
        tally,
        again: MOST_TRIES,
    })
}
