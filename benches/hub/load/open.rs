//! The open loop: requests fall due on a fixed schedule, whatever the server does, and each latency counts from when its request was due. So what
//! waits behind a slow answer is counted as having waited (coordinated omission, corrected).

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::load::now;
use crate::load::seat::{Job, PATIENCE_SECONDS, Seat};
use crate::load::tally::Tally;

/// Asks `rate` times a second for `time`, the seats by turns; a seat that still waits for an answer asks the next as soon as it has it.
pub async fn at_rate(
    rate: u32,
    time: Duration,
    job: &Job,
    seats: Vec<Seat>,
) -> anyhow::Result<(Vec<Seat>, Tally)> {
    if seats.is_empty() || rate == 0 {
        bail!("an open loop needs a seat and a rate");
    }
    let asked = (time.as_secs_f64() * f64::from(rate)).round();
    let mut asking = JoinSet::new();
    let mut due_of = Vec::with_capacity(seats.len());
    for seat in seats {
        // Unbounded, and holds no more than the schedule: a bound would make the schedule wait for the server.
        let (due, mut dues) = mpsc::unbounded_channel();
        due_of.push(due);
        let job = job.clone();
        asking.spawn(async move {
            let (mut seat, mut tally) = (seat, Tally::default());
            while let Some(due) = dues.recv().await {
                seat.count(&job, due, &mut tally).await?;
            }
            anyhow::Ok((seat, tally))
        });
    }
    let begun = now();
    // A thread of its own: the runtime's timers count in whole milliseconds.
    let pacer = std::thread::spawn(move || {
        let mut number = 0_u32;
        while f64::from(number) < asked {
            let due = begun + Duration::from_secs_f64(f64::from(number) / f64::from(rate));
            std::thread::sleep(due.saturating_duration_since(now()));
            let seat = usize::try_from(number).unwrap_or(0) % due_of.len();
            if due_of[seat].send(due).is_err() {
                return;
            }
            number += 1;
        }
    });
    let mut back = Vec::new();
    let mut all = Tally::default();
    let gather = async {
        while let Some(ended) = asking.join_next().await {
            let (seat, tally) = ended??;
            back.push(seat);
            all.add(tally);
        }
        anyhow::Ok(())
    };
    let patience = time + Duration::from_secs(PATIENCE_SECONDS);
    let Ok(gathered) = timeout(patience, gather).await else {
        bail!(
            "{rate} requests a second are more than are answered: {PATIENCE_SECONDS} s behind the schedule"
        );
    };
    gathered.with_context(|| format!("on {}", job.request.line))?;
    if pacer.join().is_err() {
        bail!("the schedule broke off");
    }
    all.elapsed = begun.elapsed();
    Ok((back, all))
}
