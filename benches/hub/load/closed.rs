//! The closed loop: every connection asks, waits for its answer, and asks again until it is told to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::load::now;
use crate::load::seat::{Job, PATIENCE_SECONDS, Seat};
use crate::load::tally::Tally;

/// Connections that ask without a pause.
pub struct Running {
    asking: JoinSet<anyhow::Result<(Seat, Tally)>>,
    over: Arc<AtomicBool>,
    begun: Instant,
    line: String,
}

impl Running {
    /// Begins on all seats.
    pub fn begin(job: &Job, seats: Vec<Seat>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let begun = now();
        let mut asking = JoinSet::new();
        for seat in seats {
            asking.spawn(keep_asking(seat, job.clone(), Arc::clone(&over)));
        }
        Self {
            asking,
            over,
            begun,
            line: job.request.line.clone(),
        }
    }

    /// Ends, and waits for what was asked last: a rotation whose answer went unread would break its client's chain.
    pub async fn end(mut self) -> anyhow::Result<(Vec<Seat>, Tally)> {
        self.over.store(true, Ordering::Relaxed);
        let mut back = Vec::with_capacity(self.asking.len());
        let mut all = Tally::default();
        let gather = async {
            while let Some(ended) = self.asking.join_next().await {
                let (seat, tally) = ended??;
                back.push(seat);
                all.add(tally);
            }
            anyhow::Ok(())
        };
        let Ok(gathered) = timeout(Duration::from_secs(PATIENCE_SECONDS), gather).await else {
            bail!("a connection had no answer for {PATIENCE_SECONDS} seconds");
        };
        gathered.with_context(|| format!("on {}", self.line))?;
        all.elapsed = self.begun.elapsed();
        Ok((back, all))
    }
}

/// Asks on all seats for `time`.
pub async fn ask_for(
    time: Duration,
    job: &Job,
    seats: Vec<Seat>,
) -> anyhow::Result<(Vec<Seat>, Tally)> {
    let running = Running::begin(job, seats);
    sleep(time).await;
    running.end().await
}

async fn keep_asking(
    mut seat: Seat,
    job: Job,
    over: Arc<AtomicBool>,
) -> anyhow::Result<(Seat, Tally)> {
    let mut tally = Tally::default();
    while !over.load(Ordering::Relaxed) {
        let wait = seat.count(&job, now(), &mut tally).await?;
        // In steps, so that whoever waits does not keep all others from their end.
        let wait = wait.filter(|_| !job.is_rude).unwrap_or_default();
        let begun = now();
        while begun.elapsed() < wait && !over.load(Ordering::Relaxed) {
            sleep(WAIT_STEP).await;
        }
    }
    Ok((seat, tally))
}

/// How long a refused client sleeps before it looks whether all is over.
const WAIT_STEP: Duration = Duration::from_millis(10);
