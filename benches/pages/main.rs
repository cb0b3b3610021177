//! `cargo bench --bench pages`: the administrators' pages on a thousand and on a million sessions, and what refreshes feel of an ending of many.
//!
//! The site runs in this process and is asked in process, so the times are the server's own. What can be compared between runs are the bytes and
//! the ratios to the small database.

mod asking;
mod filling;
mod refreshing;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::asking::{Asked, Site};

/// What is asked, and what it is called in the table.
const PAGES: [(&str, &str); 16] = [
    ("first page, as it opens", "/admin/sessions"),
    ("100 rows", "/admin/sessions?rows=100"),
    ("by user", "/admin/sessions?sort=user&order=ascending"),
    ("by device", "/admin/sessions?sort=device&order=descending"),
    ("by address", "/admin/sessions?sort=address&order=ascending"),
    (
        "by sign-in",
        "/admin/sessions?sort=started&order=descending",
    ),
    ("active", "/admin/sessions?status=active"),
    (
        "expired, by user",
        "/admin/sessions?status=expired&sort=user&order=ascending",
    ),
    ("reuse detected", "/admin/sessions?status=reused"),
    ("before 30 days", "/admin/sessions?used=before-30d"),
    ("user:", "/admin/sessions?q=user:user7*"),
    ("ip: a network", "/admin/sessions?q=ip:10.7.0.0/16"),
    (
        "ip: half of all, active",
        "/admin/sessions?q=ip:10.&status=active",
    ),
    (
        "device: a fifth of all, by user",
        "/admin/sessions?q=device:firefox&sort=user&order=ascending",
    ),
    ("a word", "/admin/sessions?q=firefox"),
    (
        "two words and a status",
        "/admin/sessions?q=user77+chrome&status=active",
    ),
];

/// Measures the pages at each number of sessions, then how long refreshes take while a tenth of the most are being ended.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench pages --")]
struct Arguments {
    /// Numbers of sessions, separated by commas; the first is what the others are compared with
    #[arg(long, default_value = "1000,1000000", value_delimiter = ',')]
    sessions: Vec<u32>,

    /// How often each page is asked for
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(20..=1_000))]
    times: u32,

    /// Clients that refresh as fast as they are answered
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    clients: u32,

    /// Where the run makes its own directory: on the disk that the database is to be measured on
    #[arg(long, value_name = "DIR", default_value = env!("CARGO_TARGET_TMPDIR"))]
    scratch: PathBuf,

    /// Cargo says it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match bench(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress(&format!("pages bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let mut out = io::stdout().lock();
    let mut baseline: Vec<Asked> = Vec::new();
    let build = if cfg!(debug_assertions) {
        "**debug build: the figures mean nothing**"
    } else {
        "release build"
    };
    let cores = std::thread::available_parallelism()?;
    writeln!(
        out,
        "{cores} cores · {build} · each page {} times\n",
        arguments.times
    )?;
    let last = arguments.sessions.len().saturating_sub(1);
    for (at, sessions) in arguments.sessions.iter().enumerate() {
        std::fs::create_dir_all(&arguments.scratch)?;
        let scratch = TempDir::with_prefix_in("hub-pages-", &arguments.scratch)?;
        progress(&format!("filling a database with {sessions} sessions"));
        filling::fill(scratch.path(), *sessions)?;
        let bytes = std::fs::metadata(scratch.path().join("hub.db"))?.len();
        let site = Arc::new(runtime.block_on(Site::open(scratch.path()))?);
        writeln!(
            out,
            "{sessions} sessions, database of {:.0} MB\n\n| page | median ms | p95 ms | bytes | ratio |\n| --- | --- | --- | --- | --- |",
            f64::from(u32::try_from(bytes / 1_000).unwrap_or(u32::MAX)) / 1e3
        )?;
        for (row, (name, path)) in PAGES.into_iter().enumerate() {
            let asked = runtime.block_on(site.time(path, arguments.times))?;
            let ratio = baseline
                .get(row)
                .map_or(1.0, |small| asked.median_ms / small.median_ms);
            writeln!(
                out,
                "| {name} | {:.1} | {:.1} | {} | {ratio:.1} |",
                asked.median_ms, asked.p95_ms, asked.bytes
            )?;
            if at == 0 {
                baseline.push(asked);
            }
        }
        writeln!(out)?;
        if at == last {
            let told = runtime.block_on(refreshing::beside_an_ending(&site, arguments.clients))?;
            writeln!(out, "{told}")?;
        }
        drop(site);
    }
    Ok(())
}

/// One line on standard error; standard output carries the tables alone.
fn progress(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
