//! Open files: the limit is raised as far as the system lets us, and shared out so that no connection takes what the database needs.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cli::{Exit, Failure, metrics};
use crate::config::Config;
use crate::features::webhooks::places;
use crate::store;

/// Beside the store and the connections: three standard streams, the lock, the runtime's own four, two for signals, the listener, a
/// connection that waits for its place, one that is looked into before it is closed, and a file that is being read.
const OTHERS: u32 = 16;

/// What connections leave to the database and everything else.
const RESERVE: u64 = (store::MAX_OPEN_FILES + OTHERS) as u64;

/// A port for the metrics: its listener, its connections, one that waits for its place, and for each scrape two that it reads.
const METRICS: u64 = 2 + 3 * metrics::MAX_CONNECTIONS as u64;

/// A browser opens six at once, and who watches the server needs one or two. With fewer it would only seem to work.
const MIN_CONNECTIONS: u64 = 8;

/// How many open files are left to all but the connections.
pub(super) fn reserve(config: &Config) -> u64 {
    match config.metrics_bind {
        None => RESERVE,
        Some(_) => RESERVE + METRICS,
    }
}

/// How many connections can be open at once: as many as configured, or what the limit of open files leaves.
///
/// # Errors
/// When that is too little to serve anybody.
pub(super) fn share_out(configured: usize, reserve: u64) -> Result<usize, Failure> {
    let Some(limit) = raise() else {
        return Ok(configured);
    };
    let left = limit.saturating_sub(reserve);
    let left = left.saturating_sub(places::files(limit));
    if left < MIN_CONNECTIONS {
        let needed = needed_for_any(reserve);
        return Err(Failure::new(
            Exit::Configuration,
            format!(
                "this process may open {limit} files and the server needs at least {needed}; raise the limit (ulimit -n {needed}, or LimitNOFILE= of the service)"
            ),
        ));
    }
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    if left < configured {
        tracing::warn!(
            configured,
            connections = left,
            open_files = limit,
            "fewer connections than configured: the limit of open files leaves no more; raise it (ulimit -n, or LimitNOFILE= of the service) or lower front.max_connections"
        );
    }
    Ok(left.min(configured))
}

/// The fewest open files with which a server starts.
pub(super) const fn needed_for_any(reserve: u64) -> u64 {
    reserve + MIN_CONNECTIONS
}

/// The open files that so many connections need.
pub(super) fn needed_for(connections: usize, reserve: u64) -> u64 {
    let connections = u64::try_from(connections).unwrap_or(u64::MAX);
    let others = reserve.saturating_add(connections);
    others.saturating_add(places::files(others))
}

/// The most open files that this process may ask for; `None` if there is no limit.
pub(super) fn most() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// Raises the limit to the most that this process may ask for, and returns it; `None` if there is none.
fn raise() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files could not be raised");
            current
        }
    }
}
