//! What a running server does on a signal: TERM and INT end it, HUP lets it read anew what may change.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::warn_of;
use crate::cli::logs::Log;
use crate::cli::{Exit, Failure, service_manager};
use crate::config::{Config, Loaded};
use crate::front::Tls;
use crate::hub::Trust;
use crate::types::time::Clock;

/// The signals that the server answers to.
pub(in crate::cli) struct Signals {
    term: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// From here on none of them ends the process by itself; those that come early wait.
    pub(in crate::cli) fn await_all() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(Exit::Failed, format!("cannot await signals: {error}"))
            })
        };
        Ok(Self {
            term: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Resolves when the server is to stop; until then HUP reads anew what can change in a running server.
    pub(super) async fn stop(
        mut self,
        renewed: &Renewed<'_, impl Fn() -> Result<Loaded, Failure>>,
    ) {
        loop {
            tokio::select! {
                _ = self.term.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.hangup.recv() => renewed.read(),
            }
        }
        tracing::info!("stopping: running requests are finished");
    }
}

/// What HUP reads anew: the log level, the trusted proxies, the certificate.
pub(in crate::cli) struct Renewed<'serve, R> {
    pub(in crate::cli) log: &'serve Log,
    pub(in crate::cli) trust: Trust,
    pub(in crate::cli) clock: Arc<dyn Clock>,
    pub(in crate::cli) tls: Option<Tls>,
    pub(in crate::cli) reload: R,
}

impl<R: Fn() -> Result<Loaded, Failure>> Renewed<'_, R> {
    fn read(&self) {
        service_manager::reading_anew();
        let reloaded = (self.reload)().and_then(|loaded| {
            self.log.set(&loaded.config.log)?;
            self.trust.take_over(&loaded.config);
            Ok(loaded.config)
        });
        match reloaded {
            Ok(config) => {
                tracing::info!("log level, trusted proxies and exempt networks were read anew");
                self.read_certificate(&config);
            }
            Err(failure) => tracing::error!(
                problem = failure.text,
                "the configuration was not read anew; the old one stays"
            ),
        }
        // Also where the old one stays: it serves as before.
        service_manager::serving();
    }

    fn read_certificate(&self, config: &Config) {
        let (Some(tls), Some((cert, key))) = (&self.tls, config.tls.files()) else {
            return;
        };
        match tls.reload(cert, key) {
            Ok(()) => {
                tracing::info!("the certificate was read anew");
                warn_of(tls, self.clock.now().wall);
            }
            Err(error) => tracing::error!(
                problem = %error,
                "the certificate was not read anew; the old one stays"
            ),
        }
    }
}
