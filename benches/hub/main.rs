//! `cargo bench --bench hub`: the Hub's hot routes beside a bare Rocket route, in one run, under a closed loop; and that route behind the
//! Hub's front door, beside Rocket's own server.
//!
//! Absolute figures move with the machine and its neighbours; the ratios to hello and the CPU time a request are
//! what can be compared between runs. The targets stand beside them in the table.

mod arguments;
mod clients;
mod driver;
mod hello;
mod http;
mod report;
mod servers;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{Arguments, WARM_UP};
use crate::clients::Client;
use crate::driver::Row;
use crate::report::Turn;
use crate::servers::{Memory, Server};

/// The targets were set with the driver on the same two cores as the servers.
const DRIVER_THREADS: usize = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match (arguments.serve_hello, arguments.serve_door) {
        (Some(port), _) => hello::serve(port).map(|()| true),
        (None, Some(port)) => hello::serve_behind_door(port).map(|()| true),
        (None, None) => bench(&arguments),
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

/// Runs the plan; whether every answer was a 200.
fn bench(arguments: &Arguments) -> anyhow::Result<bool> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(DRIVER_THREADS)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Whichever comes first drops the other, and with the plan the servers and their directory.
        tokio::select! {
            ended = run(arguments) => ended,
            stopped = stop_signal() => {
                stopped?;
                bail!("stopped by a signal");
            }
        }
    })
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

/// What a run works with. The servers come first: they must have ended when the directory goes.
struct Bench {
    hub: Server,
    hello: Server,
    door: Server,
    scratch: TempDir,
}

async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    std::fs::create_dir_all(&arguments.scratch)?;
    let scratch = TempDir::with_prefix_in("hub-bench-", &arguments.scratch)?;
    let hello = Server::hello(scratch.path(), "hello").await?;
    let door = Server::hello(scratch.path(), "door").await?;
    let hub = Server::hub(scratch.path(), &arguments.hub_env).await?;
    let bench = Bench {
        hub,
        hello,
        door,
        scratch,
    };
    let idle = bench.hub.memory()?;
    let most = arguments.connections.iter().max().copied().unwrap_or(0);
    let mut clients = clients::sign_up(most, bench.hub.address()).await?;

    let rows = arguments.rows();
    let mut turns = Vec::new();
    for connections in &arguments.connections {
        for repetition in 1..=arguments.repetitions {
            progress(&format!(
                "{connections} connections, repetition {repetition} of {}",
                arguments.repetitions
            ));
            // There and back again, so that a drift of the machine favours no row.
            let mut order = rows.clone();
            if repetition % 2 == 0 {
                order.reverse();
            }
            for row in order {
                let idle_clients = clients.split_off(*connections);
                let seconds = arguments.seconds;
                let (back, turn) = bench.turn(row, repetition, seconds, clients).await?;
                turns.push(turn);
                clients = back;
                clients.extend(idle_clients);
            }
        }
    }
    let table = report::table(&turns, &rows, &arguments.connections);
    bench.print(arguments, &table, idle)?;
    let errors = turns.iter().any(|turn| turn.errors > 0);
    if errors {
        progress(&format!(
            "hub bench: not every answer was a 200{}",
            bench.hub.log()
        ));
    }
    Ok(!errors)
}

impl Bench {
    /// One row for one repetition: fresh connections, a warm-up, then what counts.
    async fn turn(
        &self,
        row: Row,
        repetition: u32,
        seconds: Duration,
        clients: Vec<Client>,
    ) -> anyhow::Result<(Vec<Client>, Turn)> {
        let server = match row {
            Row::Hello => &self.hello,
            Row::Door => &self.door,
            Row::Refresh | Row::Validate | Row::Me => &self.hub,
        };
        let to: SocketAddr = server.address();
        let connections = clients.len();
        let failed = || format!("{}{}", report::name(row), server.log());
        let seats = driver::connect(clients, to).await.with_context(failed)?;
        let (seats, mut warmed) = driver::ask_for(WARM_UP, row, to, seats)
            .await
            .with_context(failed)?;
        let before_us = server.cpu_us()?;
        let (seats, mut tally) = driver::ask_for(seconds, row, to, seats)
            .await
            .with_context(failed)?;
        let cpu_us = server.cpu_us()?.saturating_sub(before_us);
        // A refusal while warming up is as wrong as one that is timed.
        tally.errors = tally.errors.saturating_add(warmed.errors);
        if let Some(error) = warmed.first_error.take().or(tally.first_error.take()) {
            progress(&format!("  {}: {error}", report::name(row)));
        }
        let turn = Turn::new(row, connections, repetition, tally, cpu_us);
        Ok((driver::disconnect(seats), turn))
    }

    fn print(&self, arguments: &Arguments, table: &str, idle: Memory) -> anyhow::Result<()> {
        let cores = std::thread::available_parallelism()?;
        let build = if cfg!(debug_assertions) {
            "**debug build: the figures mean nothing**"
        } else {
            "release build"
        };
        let disk = if servers::is_in_memory(self.scratch.path())? {
            "**database in memory, where a sync costs nothing: refresh looks faster than it is**"
        } else {
            "database on a disk"
        };
        let loaded = self.hub.memory()?;
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "{cores} cores, {DRIVER_THREADS} driver threads beside the servers · {build} · {disk} · \
             {} paired repetitions of {} s after {} s of warm-up\n\n{table}",
            arguments.repetitions,
            arguments.seconds.as_secs_f64(),
            WARM_UP.as_secs_f64(),
        )?;
        writeln!(
            out,
            "Memory of the Hub, MB: idle {:.1} (target ≤ 20), most under load {:.1} (target ≤ 60), at the end {:.1}",
            idle.resident_mb, loaded.peak_mb, loaded.resident_mb,
        )?;
        Ok(())
    }
}

/// One line on standard error; standard output carries the table alone.
fn progress(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
