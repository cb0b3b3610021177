//! The command line of the benchmark, and the plan that follows from it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::driver::Row;

/// Time for caches, connections and the branch predictor to settle before each turn.
pub const WARM_UP: Duration = Duration::from_millis(500);

/// A shell's usual limit is 1,024 descriptors a process; each connection takes one on either side.
const MAX_CONNECTIONS: u16 = 900;

/// Ten minutes a turn are past every use, and keep a slip of the keyboard from taking the night.
const MAX_SECONDS: f64 = 600.0;

/// More repetitions than this no longer narrow a median that two cores and their neighbours give.
const MAX_REPETITIONS: i64 = 1_000;

/// Drives the Hub's hot routes and a bare Rocket route, behind Rocket's own server and behind the front door, in turn, and prints a Markdown table with the targets beside
/// the ratios. Exits 1 when any answer was not a 200.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench hub --")]
pub struct Arguments {
    /// Paired repetitions of every row
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=MAX_REPETITIONS))]
    pub repetitions: u32,

    /// Seconds that each turn is timed for
    #[arg(long, default_value = "2", value_parser = parse_seconds)]
    pub seconds: Duration,

    /// Numbers of connections, separated by commas
    #[arg(long, default_value = "16,64,256", value_delimiter = ',', value_parser = parse_connections)]
    pub connections: Vec<usize>,

    /// What to ask, separated by commas; hello always runs, as the ratios are to it
    #[arg(
        long,
        value_enum,
        default_value = "door,refresh,validate,me",
        value_delimiter = ','
    )]
    pub rows: Vec<Row>,

    /// A further setting for the Hub's environment; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub hub_env: Vec<(String, String)>,

    /// Where the run makes its own directory: on the disk that the Hub's database is to be measured on
    #[arg(long, value_name = "DIR", default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub scratch: PathBuf,

    /// Cargo says it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,

    /// Be the bare route on this port of 127.0.0.1 instead
    #[arg(long, hide = true, value_name = "PORT")]
    pub serve_hello: Option<u16>,

    /// The same behind the front door
    #[arg(long, hide = true, value_name = "PORT")]
    pub serve_door: Option<u16>,
}

impl Arguments {
    /// The rows of a repetition, hello first, each once.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![Row::Hello];
        for row in &self.rows {
            if !rows.contains(row) {
                rows.push(*row);
            }
        }
        rows
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= MAX_SECONDS => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(format!("a number above 0 and up to {MAX_SECONDS}")),
    }
}

fn parse_connections(text: &str) -> Result<usize, String> {
    match text.parse::<u16>() {
        Ok(connections) if (1..=MAX_CONNECTIONS).contains(&connections) => Ok(connections.into()),
        _ => Err(format!("a whole number from 1 to {MAX_CONNECTIONS}")),
    }
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if name.starts_with("HUB_") => Ok((name.to_owned(), value.to_owned())),
        _ => Err("HUB_NAME=VALUE".to_owned()),
    }
}
