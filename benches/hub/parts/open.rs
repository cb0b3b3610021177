//! The open loop: a fixed number of requests a second, latencies from when each was due, up to p99.9.

use std::path::Path;

use crate::arguments::{Arguments, Part};
use crate::load::dialect::{Act, Dialect, Request};
use crate::load::seat::Job;
use crate::parts::{order, walked_hub};
use crate::progress;
use crate::servers::Server;
use crate::servers::turn::{Pace, turn};
use crate::told::Told;
use crate::told::row::Row;

/// On so many connections.
const CONNECTIONS: usize = 64;

/// A turn is so many times as long as others, so that one in a thousand is more than a few.
const TIMES: u32 = 5;

/// Runs the part.
pub async fn run(arguments: &Arguments, scratch: &Path) -> anyhow::Result<Told> {
    let hello = Server::bare(scratch, "hello").await?;
    let (hub, mut people) = walked_hub(arguments, scratch, CONNECTIONS).await?;
    let dialect = Dialect::hub()?;
    let rate = arguments.rate();
    let pace = Pace {
        rate: Some(rate),
        ..arguments.longer(TIMES)
    };
    let asked = [
        ("hello", &hello, Request::hello()),
        ("refresh", &hub, dialect.request(Act::Refresh)?),
        ("validate", &hub, dialect.request(Act::Validate)?),
        ("me", &hub, dialect.request(Act::Me)?),
    ];
    let mut rows: Vec<Row> = asked.iter().map(|(name, ..)| Row::new(name)).collect();
    for repetition in 1..=arguments.repetitions() {
        progress(&format!("open: repetition {repetition}"));
        for at in order(asked.len(), repetition) {
            let (_, server, request) = &asked[at];
            let job = Job::new(server.address(), request.clone());
            let process = Some(server.process());
            let (back, figures) = turn(pace, &job, process, people).await?;
            people = back;
            rows[at].figures.push(figures);
        }
    }
    let mut text = format!(
        "{rate} requests a second on {CONNECTIONS} connections for {:.1} s, each latency from when its request was due. Medians of the repetitions, \
         the longest of all.\n\n{HEAD}",
        pace.time.as_secs_f64()
    );
    for row in &rows {
        text.push_str(&line(row));
    }
    Ok(Told {
        part: Part::Open,
        text,
        targets: Vec::new(),
        errors: rows.iter().map(Row::errors).sum(),
    })
}

const HEAD: &str = "| row | answered/s | p50 ms | p90 ms | p99 ms | p99.9 ms | most ms | CPU µs a request | wrong answers |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";

fn line(row: &Row) -> String {
    format!(
        "| {} | {} | {} | {} | {} |\n",
        row.name,
        row.rate(),
        row.percentiles(),
        row.cpu(),
        row.errors()
    )
}
