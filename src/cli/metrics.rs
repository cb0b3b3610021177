//! The port of the metrics: opened with the server's own sockets, and served beside them by the same front door, with limits of its own.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use crate::cli::listening::{self, Bound};
use crate::cli::{Exit, Failure, Outcome};
use crate::config::Config;
use crate::features::metrics::watched::Watched;
use crate::front::{self, Limits, Listener, Listening};
use crate::hub::{Hub, Place};

/// Connections at once: a Prometheus or two, each with one, and whoever looks by hand.
pub(super) const MAX_CONNECTIONS: usize = 16;
/// How long a scrape that runs is waited for at the stop: it takes milliseconds.
const DRAIN: Duration = Duration::from_secs(1);

/// The port, if one is configured.
///
/// # Errors
/// Why it cannot be listened on, with the exit code of its kind.
pub(super) fn open(config: &Config) -> Result<Option<Bound>, Failure> {
    let address = config.metrics_bind;
    let bound = address.map(|address| listening::tcp(address, "HUB_METRICS_BIND"));
    bound.transpose()
}

/// Where the metrics are, for the greeting.
pub(super) fn line(address: SocketAddr) -> String {
    format!("  metrics   http://{address}/metrics")
}

/// What is served there.
pub(super) struct Apart {
    listeners: Vec<Listener>,
    watched: Watched,
    place: Place,
}

impl Apart {
    /// The metrics of this Hub.
    pub(super) fn of(hub: &Hub, listeners: Vec<Listener>) -> Self {
        Self {
            listeners,
            watched: Watched::of(hub),
            place: Place::new(&hub.config.data_dir),
        }
    }

    /// Serves until told to stop.
    ///
    /// # Errors
    /// When the site does not start.
    pub(super) async fn serve(self, stop: impl Future<Output = ()>) -> Outcome {
        if self.listeners.is_empty() {
            return Ok(());
        }
        let limits = Limits {
            max_connections: MAX_CONNECTIONS,
            // All come from one network, so none is refused for that: whoever has waited longest makes room.
            max_connections_per_network: MAX_CONNECTIONS + 1,
            drain: DRAIN,
            ..Limits::default()
        };
        let site = crate::build_metrics(self.watched, &self.place);
        let served = front::serve(Listening::on(self.listeners), site, limits, stop).await;
        served.map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
        Ok(())
    }
}
