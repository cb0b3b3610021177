//! A healthy client beside whatever else happens: what it notices of it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::driver::talk::Connection;

/// Between two requests of it.
const PAUSE: Duration = Duration::from_millis(2);
/// More than any test lasts.
const MAX_REQUESTS: usize = 100_000;

/// A client that asks `GET /api/auth/validate` without end.
pub struct Probe {
    stop: Arc<AtomicBool>,
    client: JoinHandle<Noticed>,
}

/// What it noticed.
pub struct Noticed {
    /// How long each 200 took, shortest first.
    times: Vec<Duration>,
    /// Whatever was not a 200.
    pub odd: Vec<String>,
}

impl Probe {
    pub fn begin(address: SocketAddr, access: String) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = tokio::spawn(ask(address, access, Arc::clone(&stop)));
        Self { stop, client }
    }

    pub async fn end(self) -> Noticed {
        self.stop.store(true, Ordering::SeqCst);
        self.client.await.unwrap()
    }
}

async fn ask(address: SocketAddr, access: String, stop: Arc<AtomicBool>) -> Noticed {
    let (mut times, mut odd) = (Vec::new(), Vec::new());
    let mut connection = Connection::dial(address).await.unwrap();
    for _ in 0..MAX_REQUESTS {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let begun = Instant::now();
        match connection
            .ask("GET /api/auth/validate", Some(&access), None)
            .await
        {
            Ok(answer) if answer.status == 200 => times.push(begun.elapsed()),
            Ok(answer) => odd.push(answer.head),
            Err(error) => {
                odd.push(error.to_string());
                break;
            }
        }
        sleep(PAUSE).await;
    }
    times.sort_unstable();
    Noticed { times, odd }
}

impl Noticed {
    /// How many of its requests were answered with 200.
    pub fn answered(&self) -> u64 {
        self.times.len() as u64
    }

    /// What 99 of 100 requests were faster than.
    pub fn p99(&self) -> Duration {
        self.at_percent(99)
    }

    fn at_percent(&self, percent: usize) -> Duration {
        let last = self.times.len().checked_sub(1);
        self.times[last.expect("at least one request was answered") * percent / 100]
    }
}

impl fmt::Display for Noticed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |percent| self.at_percent(percent).as_secs_f64() * 1e3;
        write!(
            formatter,
            "a healthy client's {} requests: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms, not 200: {}",
            self.times.len(),
            milliseconds(50),
            milliseconds(99),
            milliseconds(100),
            self.odd.len()
        )
    }
}
