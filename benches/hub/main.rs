//! `cargo bench --bench hub`: the Hub under load, held against its targets; the figures go to `docs/performance.md`.
//!
//! Absolute figures move with the machine and its neighbours; ratios taken within one run and the CPU time a request are what can be compared
//! between runs. A part each: the hot routes beside a bare one ([`parts::hot`]), on a fixed schedule ([`parts::open`]), against a pool of connections
//! ([`parts::pool`]), signing in ([`parts::signing`]), storms ([`parts::storms`]), large databases ([`growth`]), other servers ([`parts::peers`]).
//! An answer other than the expected one voids what it stands in.

mod arguments;
mod bare;
mod growth;
mod load;
mod parts;
mod servers;
mod told;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{Arguments, Part, Serve};
use crate::told::{Told, machine, page};

/// The targets were set with the driver on the same two cores as the servers.
pub const DRIVER_THREADS: usize = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.serve {
        Some(kind) => serve(kind, arguments.port).map(|()| true),
        None => bench(&arguments),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            progress(&format!("hub bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn serve(kind: Serve, port: u16) -> anyhow::Result<()> {
    match kind {
        Serve::Hello => bare::hello::serve(port),
        Serve::Door => bare::hello::serve_behind_door(port),
        Serve::Pool1 => bare::pool::serve(port, 1),
        Serve::Pool2 => bare::pool::serve(port, 2),
        Serve::Pool4 => bare::pool::serve(port, 4),
        Serve::Pool10 => bare::pool::serve(port, 10),
        Serve::Tended => growth::tended::serve(),
    }
}

/// Runs the plan; whether every answer was right.
fn bench(arguments: &Arguments) -> anyhow::Result<bool> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(DRIVER_THREADS)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        // Whichever comes first drops the other, and with the plan the servers and their directory.
        tokio::select! {
            ended = run(arguments) => ended,
            stopped = stop_signal() => {
                stopped?;
                bail!("stopped by a signal");
            }
        }
    });
    // Without waiting for what blocks: whoever stops a run that fills a large database wants it to end.
    runtime.shutdown_background();
    ended
}

async fn stop_signal() -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    std::fs::create_dir_all(&arguments.scratch)?;
    let mut errors = 0_u32;
    for part in arguments.parts() {
        let begun = load::now();
        // The part's servers have ended when its directory goes.
        let scratch = TempDir::with_prefix_in("hub-bench-", &arguments.scratch)?;
        let told = run_part(part, arguments, scratch.path())
            .await
            .with_context(|| format!("the part {}", part.name()))?;
        errors = errors.saturating_add(told.errors);
        let measured = machine::told(arguments, scratch.path())?;
        writeln!(io::stdout().lock(), "{}", page::shown(&told, &measured))?;
        if let Some(file) = arguments.page() {
            page::keep(&file, &told, &measured)?;
            progress(&format!("kept in {}", file.display()));
        }
        let seconds = begun.elapsed().as_secs();
        progress(&format!("the part {} took {seconds} s", part.name()));
    }
    if errors > 0 {
        progress(&format!("hub bench: {errors} answers were wrong"));
    }
    Ok(errors == 0)
}

async fn run_part(part: Part, arguments: &Arguments, scratch: &Path) -> anyhow::Result<Told> {
    match part {
        Part::Hot => parts::hot::run(arguments, scratch).await,
        Part::Open => parts::open::run(arguments, scratch).await,
        Part::Pool => parts::pool::run(arguments, scratch).await,
        Part::Signing => parts::signing::run(arguments, scratch).await,
        Part::Storms => parts::storms::run(arguments, scratch).await,
        Part::Growth => growth::run(arguments, scratch).await,
        Part::Peers => parts::peers::run(arguments, scratch).await,
    }
}

/// One line on standard error; standard output carries the tables alone.
pub fn progress(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
