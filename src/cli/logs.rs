//! Where log lines go: standard error, as text on a terminal and as JSON elsewhere.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::cli::{Exit, Failure, memory};
use crate::config::{Config, LogFormat};

/// Changes which lines a running server writes.
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl LogLevel {
    /// From now on, these.
    ///
    /// # Errors
    /// When the directives make no sense; then nothing changes.
    pub fn set(&self, directives: &str) -> Result<(), Failure> {
        self.0
            .reload(filter(directives)?)
            .map_err(|error| Failure::new(Exit::Failed, error.to_string()))
    }
}

/// Begins to log.
///
/// # Errors
/// When the directives make no sense, or logging was begun before.
pub fn begin(config: &Config) -> Result<LogLevel, Failure> {
    let (filter, level) = reload::Layer::new(filter(&config.log)?);
    let json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let subscriber = Registry::default().with(filter).with(lines(json));
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    report_panics();
    Ok(LogLevel(level))
}

fn filter(directives: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(directives).map_err(|error| {
        Failure::new(
            Exit::Configuration,
            format!("log: {error}; write a level such as info, or target=level pairs"),
        )
    })
}

fn lines<S>(json: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
    if json {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).boxed()
    }
}

/// From here on a panic is a line of the log.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            text = memory::text(panic.payload()),
            place = memory::place(panic),
            "a task panicked; the server goes on"
        );
    }));
}
