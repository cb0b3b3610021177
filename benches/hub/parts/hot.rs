//! Refresh, validate and me at several numbers of connections, beside a bare Rocket route in the same run; memory and the binary.

use std::path::Path;
use std::sync::Arc;

use crate::arguments::{Arguments, Part};
use crate::load::dialect::{Act, Dialect, Request};
use crate::load::person::{Person, sign_up};
use crate::load::seat::Job;
use crate::parts::{order, quick_hub, walked_hub};
use crate::progress;
use crate::servers::Server;
use crate::servers::process::Process;
use crate::servers::turn::turn;
use crate::told::row::{Row, p99, per_second};
use crate::told::spread::{number, with_range};
use crate::told::target::{Bound, Target};
use crate::told::{Told, put};

/// The bare route behind Rocket's own server: the yardstick.
const HELLO: &str = "hello";
/// Rotations, each client with the successor that it was given last.
const REFRESH: &str = "refresh";
/// The same, each client walking through many sessions.
const WALKED: &str = "refresh, 35,000 sessions";

/// What is asked, and of whom.
struct Asked {
    name: &'static str,
    job: Job,
    process: Process,
    /// Which of the crowds.
    by: usize,
}

/// Clients, each with one session.
const ONE_EACH: usize = 0;
/// Clients who walk through many.
const WALKERS: usize = 1;

/// Runs the part.
pub async fn run(arguments: &Arguments, scratch: &Path) -> anyhow::Result<Told> {
    let hello = Server::bare(scratch, HELLO).await?;
    let door = Server::bare(scratch, "door").await?;
    let most = arguments.connections.iter().max().copied().unwrap_or(0);
    let dialect = Dialect::hub()?;
    let unlimited = quick_hub(arguments, scratch).await?;
    let one_each = sign_up(most, "hot", unlimited.address(), &dialect).await?;
    let (hub, walkers) = walked_hub(arguments, scratch, most).await?;
    let mut crowds = [one_each, walkers];
    let idle = hub.process().memory()?;
    let of = |name, server: &Server, request, by| Asked {
        name,
        job: Job::new(server.address(), request),
        process: server.process(),
        by,
    };
    let refresh = dialect.request(Act::Refresh)?;
    let asked = [
        of(HELLO, &hello, Request::hello(), WALKERS),
        of("door", &door, Request::hello(), WALKERS),
        of(REFRESH, &unlimited, Arc::clone(&refresh), ONE_EACH),
        of(WALKED, &hub, refresh, WALKERS),
        of("validate", &hub, dialect.request(Act::Validate)?, WALKERS),
        of("me", &hub, dialect.request(Act::Me)?, WALKERS),
    ];

    let mut told = Told {
        part: Part::Hot,
        text: format!(
            "`hello` is a bare JSON POST route behind Rocket's own server, `door` the same route behind the Hub's front door. Medians; ratios are taken \
             within a repetition. The Hub runs with all that is on by default: a line in its log for every request, and, but for the row `{REFRESH}`, limits: there \
             each client has one session, which may not be refreshed that often. In the row `{WALKED}` every refresh is of another session than the last, and meets \
             pages of the database of its own; one in eleven comes from another address than before.\n\n{HEAD}"
        ),
        targets: Vec::new(),
        errors: 0,
    };
    for connections in &arguments.connections {
        let rows = measure(arguments, *connections, &asked, &mut crowds).await?;
        for row in &rows {
            told.text.push_str(&line(*connections, row, &rows[0]));
            told.targets.extend(targets(*connections, row, &rows[0]));
            told.errors = told.errors.saturating_add(row.errors());
        }
    }
    let loaded = hub.process().memory()?;
    let errors = told.errors;
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_hub"))?.len();
    let size = f64::from(u32::try_from(size)?) / 1e6;
    for (what, value, most, errors) in [
        ("memory, idle after the start", idle.resident_mb, 20.0, 0),
        (
            "memory, the most under this load",
            loaded.peak_mb,
            60.0,
            errors,
        ),
        ("release binary, stripped", size, 20.0, 0),
    ] {
        let target = Target::of_figure(what, &[value], (1, " MB"), Bound::AtMost(most), errors);
        told.targets.push(target);
    }
    put(
        &mut told.text,
        format_args!(
            "\nThe Hub's memory: {:.1} MB idle, {:.1} MB at most under this load, {:.1} MB at its end. The binary: {size:.1} MB.\n",
            idle.resident_mb, loaded.peak_mb, loaded.resident_mb,
        ),
    );
    if errors > 0 {
        progress(&hub.log());
    }
    Ok(told)
}

/// All repetitions at one number of connections.
async fn measure(
    arguments: &Arguments,
    connections: usize,
    asked: &[Asked],
    crowds: &mut [Vec<Person>; 2],
) -> anyhow::Result<Vec<Row>> {
    let mut rows: Vec<Row> = asked.iter().map(|asked| Row::new(asked.name)).collect();
    for repetition in 1..=arguments.repetitions() {
        progress(&format!(
            "hot: {connections} connections, repetition {repetition} of {}",
            arguments.repetitions()
        ));
        for at in order(asked.len(), repetition) {
            let asked = &asked[at];
            let people = &mut crowds[asked.by];
            let idle = people.split_off(connections);
            let taken = std::mem::take(people);
            let pace = arguments.closed();
            let (back, figures) = turn(pace, &asked.job, Some(asked.process), taken).await?;
            rows[at].figures.push(figures);
            *people = back;
            people.extend(idle);
        }
    }
    Ok(rows)
}

const HEAD: &str = "| connections | row | requests/s, median (range) | p50 / p99 ms | CPU µs a request | requests/s ÷ hello (range) | p99 ÷ hello (range) | wrong answers |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |
";

fn line(connections: usize, row: &Row, hello: &Row) -> String {
    let ratio = |figure| {
        let ratio = row.ratio(hello, figure).filter(|_| row.name != HELLO);
        ratio.map_or_else(|| number(None, 2), |ratio| with_range(Some(ratio), 2))
    };
    format!(
        "| {connections} | {} | {} | {} | {} | {} | {} | {} |\n",
        row.name,
        row.rate(),
        row.p50_p99(),
        row.cpu(),
        ratio(per_second),
        ratio(p99),
        row.errors()
    )
}

fn targets(connections: usize, row: &Row, hello: &Row) -> Vec<Target> {
    let errors = row.errors().saturating_add(hello.errors());
    let least = match (row.name.as_str(), connections) {
        (REFRESH, 16) => Some(0.40),
        (REFRESH, 64 | 256) => Some(0.60),
        ("validate" | "me", 16 | 64 | 256) => Some(0.75),
        _ => None,
    };
    let mut targets = Vec::new();
    if let Some(least) = least {
        targets.push(Target::of_ratio(
            &format!("{} ÷ hello, {connections} connections", row.name),
            format!("{}/s", row.rate()),
            row.ratio(hello, per_second),
            Bound::AtLeast(least),
            errors,
        ));
    }
    if (row.name.as_str(), connections) == (REFRESH, 64) {
        targets.push(Target::of_ratio(
            "refresh p99 ÷ hello p99, 64 connections",
            format!("p50 / p99 {} ms", row.p50_p99()),
            row.ratio(hello, p99),
            Bound::AtMost(2.0),
            errors,
        ));
    }
    targets
}
