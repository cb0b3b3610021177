//! Where log lines go: standard error, as text on a terminal and as JSON elsewhere.

mod json;
mod writing;

use std::io::{IsTerminal, Stderr};

use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::cli::{Exit, Failure, memory};
use crate::config::{Config, LogFormat};
use json::JsonLines;
use writing::Pen;

/// The log of a running server; when it goes, all is written.
pub struct Log {
    level: reload::Handle<EnvFilter, Registry>,
    pen: Pen<Stderr>,
}

impl Log {
    /// From now on, lines of this kind.
    ///
    /// # Errors
    /// When the directives make no sense; then nothing changes.
    pub fn set(&self, directives: &str) -> Result<(), Failure> {
        self.level
            .reload(filter(directives)?)
            .map_err(|error| Failure::new(Exit::Failed, error.to_string()))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.pen.end();
    }
}

/// Begins to log.
///
/// # Errors
/// When the directives make no sense, there can be no thread for it, or logging was begun before.
pub fn begin(config: &Config) -> Result<Log, Failure> {
    let (filter, level) = reload::Layer::new(filter(&config.log)?);
    let json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let pen = Pen::begin(std::io::stderr())
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot start threads: {error}")))?;
    let lines = lines(json, pen.clone());
    let subscriber = Registry::default().with(filter).with(lines);
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    report_panics();
    Ok(Log { level, pen })
}

fn filter(directives: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(directives).map_err(|error| {
        Failure::new(
            Exit::Configuration,
            format!("log: {error}; write a level such as info, or target=level pairs"),
        )
    })
}

fn lines<S>(json: bool, pen: Pen<Stderr>) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let lines = fmt::layer().with_writer(pen).with_target(false);
    if json {
        lines.event_format(JsonLines).boxed()
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
