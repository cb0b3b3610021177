//! Refresh against the design that one writes first (`bare/pool.rs`), with the size of its pool that is best for it.

use std::path::Path;

use anyhow::Context;

use crate::arguments::{Arguments, Part};
use crate::load::dialect::{Act, Dialect};
use crate::load::person::{Person, sign_up};
use crate::load::seat::Job;
use crate::parts::{order, quick_hub};
use crate::progress;
use crate::servers::Server;
use crate::servers::turn::turn;
use crate::told::Told;
use crate::told::row::{Row, per_second};
use crate::told::spread::{Spread, with_range};
use crate::told::target::{Bound, Target};

/// On so many connections.
const CONNECTIONS: usize = 64;

/// The sizes that are tried.
const SIZES: [&str; 4] = ["pool1", "pool2", "pool4", "pool10"];

/// Runs the part.
pub async fn run(arguments: &Arguments, scratch: &Path) -> anyhow::Result<Told> {
    let dialect = Dialect::hub()?;
    let mut servers = vec![quick_hub(arguments, scratch).await?];
    for size in SIZES {
        servers.push(Server::bare(scratch, size).await?);
    }
    let mut people: Vec<Vec<Person>> = Vec::new();
    for server in &servers {
        people.push(sign_up(CONNECTIONS, "pool", server.address(), &dialect).await?);
    }
    let mut rows: Vec<Row> = ["the Hub"].into_iter().chain(SIZES).map(Row::new).collect();
    for repetition in 1..=arguments.repetitions() {
        progress(&format!("pool: repetition {repetition}"));
        for at in order(servers.len(), repetition) {
            let job = Job::new(servers[at].address(), dialect.request(Act::Refresh)?);
            let taken = std::mem::take(&mut people[at]);
            let process = Some(servers[at].process());
            let (back, figures) = turn(arguments.closed(), &job, process, taken).await?;
            people[at] = back;
            rows[at].figures.push(figures);
        }
    }
    let median = |row: &Row| Spread::of(row.values(per_second)).map_or(0.0, |rate| rate.median);
    let (hub, pools) = rows.split_first().context("rows")?;
    let best = pools
        .iter()
        .max_by(|one, other| median(one).total_cmp(&median(other)))
        .context("sizes of the pool")?;
    let errors = rows.iter().map(Row::errors).sum();
    let mut text = format!(
        "{CONNECTIONS} connections. The pool design: Rocket's own server, r2d2 with that many connections, one immediate and synced transaction a \
         refresh; verifying, one row and one lineage row written, two tokens signed.\n\n\
         | row | refreshes/s, median (range) | p50 / p99 ms | CPU µs a request | the Hub ÷ it (range) | wrong answers |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for row in &rows {
        let ratio = hub.ratio(row, per_second).filter(|_| row.name != hub.name);
        text.push_str(&format_line(row, ratio));
    }
    Ok(Told {
        part: Part::Pool,
        text,
        targets: vec![Target::of_ratio(
            &format!(
                "refresh ÷ the pool design's, the best of its sizes ({})",
                best.name
            ),
            format!("{}/s against {}/s", hub.rate(), best.rate()),
            hub.ratio(best, per_second),
            Bound::AtLeast(5.0),
            errors,
        )],
        errors,
    })
}

fn format_line(row: &Row, ratio: Option<Spread>) -> String {
    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        row.name,
        row.rate(),
        row.p50_p99(),
        row.cpu(),
        with_range(ratio, 2),
        row.errors()
    )
}
