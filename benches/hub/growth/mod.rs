//! The same server on databases of ten thousand, a million and ten million sessions: refreshes spread over a hundred thousand of them, starts, bytes a
//! session; and on the large ones the administrators' pages, a backup and the housekeeping beside refreshes, and an ending of a hundred thousand.

mod beside;
mod ending;
mod fill;
mod homes;
mod pages;
mod site;
pub mod tended;
pub mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use hub::types::ids::SessionId;

pub use fill::fill;
pub use homes::settle;

use crate::arguments::{Arguments, Part};
use crate::growth::fill::Filled;
use crate::growth::pages::Page;
use crate::growth::site::Site;
use crate::load::dialect::{Act, Dialect};
use crate::load::now;
use crate::load::person::Person;
use crate::load::seat::Job;
use crate::parts::order;
use crate::progress;
use crate::servers::turn::turn;
use crate::servers::{HubStart, Server};
use crate::told::row::{Row, per_second};
use crate::told::spread::{Spread, number, with_range};
use crate::told::target::{Bound, Target};
use crate::told::{Told, put};

/// Refreshes come on so many connections.
const CONNECTIONS: usize = 64;
/// They walk through some hundred thousand sessions: so many rows are hot in a large database.
const WALKED: u32 = 100_000;
/// Clients that refresh in process beside an ending of many.
const BESIDE_ENDING: u32 = 16;
/// From here on a database counts as large, and is measured in all ways.
const LARGE: u32 = 1_000_000;

/// One database.
struct Database {
    name: String,
    data: PathBuf,
    filled: Filled,
    fill_seconds: u64,
    people: Vec<Person>,
    /// From the start of a server to its first answer, in milliseconds.
    starts: Vec<f64>,
    refresh: Row,
}

/// Runs the part.
pub async fn run(arguments: &Arguments, scratch: &Path) -> anyhow::Result<Told> {
    let mut databases = Vec::new();
    for sessions in arguments.sessions() {
        databases.push(prepare(scratch, sessions).await?);
    }
    refresh(arguments, &mut databases).await?;
    let mut told = Told {
        part: Part::Growth,
        text: sizes(&databases),
        targets: targets(&databases),
        errors: databases
            .iter()
            .map(|database| database.refresh.errors())
            .sum(),
    };
    let last = databases.len() - 1;
    let mut smallest: Option<Vec<Page>> = None;
    for (at, database) in databases.into_iter().enumerate() {
        // A short run has no large database, and looks at its last in all ways.
        let is_large = database.filled.sessions >= LARGE || at == last;
        look(arguments, database, is_large, &mut smallest, &mut told).await?;
    }
    Ok(told)
}

/// Fills a database, and hands each client its share of the live sessions.
async fn prepare(scratch: &Path, sessions: u32) -> anyhow::Result<Database> {
    let name = number(Some(f64::from(sessions)), 0);
    progress(&format!("growth: filling a database with {name} sessions"));
    let data = scratch.join(format!("sessions-{sessions}"));
    let (place, begun) = (data.clone(), now());
    let (filled, tokens, fill_seconds) = tokio::task::spawn_blocking(move || {
        let filled = fill(&place, sessions, WALKED)?;
        settle(&place, &filled.walked, |place| place % CONNECTIONS)?;
        let seconds = begun.elapsed().as_secs();
        let tokens = tokens::present(&place, &filled.walked)?;
        anyhow::Ok((filled, tokens, seconds))
    })
    .await??;
    Ok(Database {
        people: tokens::deal_out(&tokens, CONNECTIONS, 0),
        refresh: Row::new(&name),
        name,
        data,
        filled,
        fill_seconds,
        starts: Vec::new(),
    })
}

/// Starts servers, then lets clients refresh on each in turn.
async fn refresh(arguments: &Arguments, databases: &mut [Database]) -> anyhow::Result<()> {
    let request = Dialect::hub()?.request(Act::Refresh)?;
    let mut servers = Vec::new();
    for database in &mut *databases {
        for _ in 0..arguments.repetitions() {
            let server = start(arguments, &database.data).await?;
            database.starts.push(server.started_in.as_secs_f64() * 1e3);
            server.stop().await?;
        }
        servers.push(start(arguments, &database.data).await?);
    }
    for repetition in 1..=arguments.repetitions() {
        progress(&format!("growth: refreshes, repetition {repetition}"));
        for at in order(servers.len(), repetition) {
            let (server, database) = (&servers[at], &mut databases[at]);
            let job = Job::new(server.address(), Arc::clone(&request));
            let people = std::mem::take(&mut database.people);
            let process = Some(server.process());
            let (people, figures) = turn(arguments.closed(), &job, process, people).await?;
            database.people = people;
            database.refresh.figures.push(figures);
        }
    }
    for server in servers {
        server.stop().await?;
    }
    Ok(())
}

async fn start(arguments: &Arguments, data: &Path) -> anyhow::Result<Server> {
    Server::hub(HubStart {
        data,
        settings: &arguments.hub_env,
        full_hashing: false,
        limits: false,
    })
    .await
}

fn sizes(databases: &[Database]) -> String {
    let mut text = format!(
        "Refreshes on {CONNECTIONS} connections, each client walking through its own share of some 100,000 live sessions, or all, that are spread over the whole \
         table; users are a fifth of the sessions. A database of up to 50,000 sessions has grown as by sign-ins, in no order; in a larger one the \
         indexes were made afterwards and lie denser.\n\n\
         | sessions | walked | refreshes/s, median (range) | p50 / p99 ms | CPU µs a request | ÷ the smallest (range) | start to first answer, ms (range) \
         | bytes a session | filled in s | wrong answers |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for database in databases {
        let (row, filled) = (&database.refresh, &database.filled);
        let walked = u32::try_from(filled.walked.len()).unwrap_or(u32::MAX);
        put(
            &mut text,
            format_args!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                database.name,
                number(Some(f64::from(walked)), 0),
                row.rate(),
                row.p50_p99(),
                row.cpu(),
                with_range(row.ratio(&databases[0].refresh, per_second), 2),
                with_range(Spread::of(database.starts.iter().copied()), 0),
                number(Some(filled.bytes_a_session), 0),
                database.fill_seconds,
                row.errors()
            ),
        );
    }
    text
}

fn targets(databases: &[Database]) -> Vec<Target> {
    let mut targets = Vec::new();
    let Some((smallest, larger)) = databases.split_first() else {
        return targets;
    };
    for database in larger {
        let (name, row) = (&database.name, &database.refresh);
        let is_huge = database.filled.sessions > LARGE;
        targets.push(Target::of_ratio(
            &format!("refresh with {name} sessions ÷ with {}", smallest.name),
            format!("{}/s against {}/s", row.rate(), smallest.refresh.rate()),
            row.ratio(&smallest.refresh, per_second),
            Bound::AtLeast(if is_huge { 0.7 } else { 0.85 }),
            row.errors() + smallest.refresh.errors(),
        ));
        if !is_huge {
            targets.push(Target::of_figure(
                &format!("start to first answer on {name} sessions"),
                &database.starts,
                (0, " ms"),
                Bound::AtMost(100.0),
                0,
            ));
        }
    }
    for database in databases {
        targets.push(Target::of_figure(
            &format!(
                "database bytes a session of {}, lineage apart",
                database.name
            ),
            &[database.filled.bytes_a_session],
            (0, ""),
            Bound::AtMost(220.0),
            0,
        ));
    }
    targets
}

/// What a database is asked for beside refreshes. The order matters: what removes and ends comes last.
async fn look(
    arguments: &Arguments,
    mut database: Database,
    is_large: bool,
    smallest: &mut Option<Vec<Page>>,
    told: &mut Told,
) -> anyhow::Result<()> {
    let people = std::mem::take(&mut database.people);
    let key = database.filled.walked.first().copied();
    let session = key
        .and_then(SessionId::from_row)
        .context("a live session")?;
    let site = Site::open(&database.data).await?;
    let pages = pages::measure(arguments, &site, session).await?;
    drop(site);
    let name = &database.name;
    put(
        &mut told.text,
        format_args!(
            "\n### {name} sessions\n\nThe admin site, at the server, without the network; rows with · have no index that bounds their work: each tells the exact \
         number of matches.\n\n{}",
            pages::table(&pages, smallest.as_deref())
        ),
    );
    if is_large {
        if database.filled.sessions <= LARGE {
            told.targets.extend(pages::target(&pages, name));
        }
        let over = database.filled.over;
        let beside = beside::measure(arguments, &database.data, people, over).await?;
        put(&mut told.text, format_args!("\n{}", beside.table()));
        told.targets.push(beside.target(name));
        told.errors += beside.errors();
        progress("growth: an ending of many");
        let site = Arc::new(Site::open(&database.data).await?);
        let ended = ending::beside_an_ending(&site, BESIDE_ENDING).await?;
        put(
            &mut told.text,
            format_args!("\nAn ending in bulk, in process: {ended}.\n"),
        );
    }
    smallest.get_or_insert(pages);
    // Room for the next: the largest is of several gigabytes.
    std::fs::remove_dir_all(&database.data)?;
    Ok(())
}
