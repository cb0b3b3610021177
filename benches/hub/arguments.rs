//! The command line of the benchmark, and the plan that follows from it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::servers::turn::Pace;

/// Time for caches, connections and the branch predictor to settle before each turn.
const WARM_UP: Duration = Duration::from_millis(500);

/// The same in a short run.
const QUICK_WARM_UP: Duration = Duration::from_millis(100);

/// A shell's usual limit is 1,024 descriptors a process; each connection takes one on either side.
const MAX_CONNECTIONS: u16 = 900;

/// Ten minutes a turn are past every use, and keep a slip of the keyboard from taking the night.
const MAX_SECONDS: f64 = 600.0;

/// More repetitions than this no longer narrow a median that two cores and their neighbours give.
const MAX_REPETITIONS: i64 = 1_000;

/// Where the figures are kept.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Refresh, validate and me beside a bare Rocket route, in a closed loop; memory; the binary
    Hot,
    /// The same on a fixed schedule, up to p99.9
    Open,
    /// Refresh against a pool of connections with a transaction each
    Pool,
    /// Sign-ins and registrations beside bare Argon2, and refreshes beside sign-ins
    Signing,
    /// Everybody returning at once, a storm of sign-ins, one client that never stops
    Storms,
    /// Databases of ten thousand, a million and ten million sessions
    Growth,
    /// Other servers under the same load (see --peer)
    Peers,
}

impl Part {
    /// In the order of the page.
    pub const ALL: [Self; 7] = [
        Self::Hot,
        Self::Open,
        Self::Pool,
        Self::Signing,
        Self::Storms,
        Self::Growth,
        Self::Peers,
    ];

    /// Its name on the command line and in the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Open => "open",
            Self::Pool => "pool",
            Self::Signing => "signing",
            Self::Storms => "storms",
            Self::Growth => "growth",
            Self::Peers => "peers",
        }
    }
}

/// What this program is when it is started as a server under load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Serve {
    /// The bare route behind Rocket's own server.
    Hello,
    /// The same behind the front door.
    Door,
    /// The pool design with so many connections.
    Pool1,
    /// The same.
    Pool2,
    /// The same.
    Pool4,
    /// The same.
    Pool10,
    /// The Hub, with a signal that begins its housekeeping.
    Tended,
}

/// Puts the Hub under load and holds it against the targets: builds, seeds, runs paired repetitions, prints, and keeps the figures in docs/performance.md.
/// Exits 1 when any answer was wrong.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench hub --")]
pub struct Arguments {
    /// Only these parts, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Part>,

    /// A short try of everything: small numbers, figures that mean little, nothing kept unless --page says where
    #[arg(long)]
    pub quick: bool,

    /// Keep the figures in this page [default: docs/performance.md; none with --quick and in debug builds]
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,

    /// Keep nothing
    #[arg(long, conflicts_with = "page")]
    no_page: bool,

    /// Paired repetitions of every row [default: 5; with --quick 2]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=MAX_REPETITIONS))]
    repetitions: Option<u32>,

    /// Seconds that each turn is timed for [default: 2; with --quick 0.3]
    #[arg(long, value_parser = parse_seconds)]
    seconds: Option<Duration>,

    /// Numbers of connections of the parts hot and peers, separated by commas [default: 16,64,256]
    #[arg(long, value_delimiter = ',', default_value = "16,64,256", hide_default_value = true, value_parser = parse_connections)]
    pub connections: Vec<usize>,

    /// Requests a second of the open loops [default: 2000, beside other servers 200; with --quick 200]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,

    /// Sessions of the databases of the part growth, the smallest first [default: 10000,1000000,10000000; with --quick 2000,60000]
    #[arg(long, value_delimiter = ',')]
    sessions: Vec<u32>,

    /// A file that describes another server, for the part peers; may be given more than once
    #[arg(long, value_name = "FILE.toml")]
    pub peer: Vec<PathBuf>,

    /// The process of the other server, whose processor time is then counted; in the order of the files
    #[arg(long, value_name = "PID")]
    pub peer_pid: Vec<u32>,

    /// A further setting for the Hub's environment; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub hub_env: Vec<(String, String)>,

    /// Where the run makes its own directory, of up to 15 GB: on the disk that the Hub's database is to be measured on
    #[arg(long, value_name = "DIR", default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub scratch: PathBuf,

    /// Cargo says it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,

    /// Be a server under load instead
    #[arg(long, hide = true, value_enum)]
    pub serve: Option<Serve>,

    /// On this port of 127.0.0.1
    #[arg(long, hide = true, default_value_t = 0)]
    pub port: u16,
}

impl Arguments {
    /// The parts of the run. Peers only where there are some.
    pub fn parts(&self) -> Vec<Part> {
        let is_wanted = |part: &Part| match (self.only.is_empty(), part) {
            (true, Part::Peers) => !self.peer.is_empty(),
            (true, _) => true,
            (false, part) => self.only.contains(part),
        };
        Part::ALL.into_iter().filter(is_wanted).collect()
    }

    /// Where the figures are kept, if they are.
    pub fn page(&self) -> Option<PathBuf> {
        let is_real = !self.quick && !cfg!(debug_assertions) && !self.no_page;
        let default = is_real.then(|| PathBuf::from(PAGE));
        self.page.clone().or(default)
    }

    /// Paired repetitions.
    pub fn repetitions(&self) -> u32 {
        self.repetitions.unwrap_or(if self.quick { 2 } else { 5 })
    }

    /// How long a turn is timed.
    pub fn seconds(&self) -> Duration {
        let default = Duration::from_millis(if self.quick { 300 } else { 2_000 });
        self.seconds.unwrap_or(default)
    }

    /// Of the open loops.
    pub fn rate(&self) -> u32 {
        self.rate.unwrap_or(if self.quick { 200 } else { 2_000 })
    }

    /// Of the open loops beside other servers: the slowest of them answer fewer than a hundred refreshes a second.
    pub fn peer_rate(&self) -> u32 {
        self.rate.unwrap_or(200)
    }

    /// Of the databases, the smallest first.
    pub fn sessions(&self) -> Vec<u32> {
        let mut sessions = match (self.sessions.is_empty(), self.quick) {
            (false, _) => self.sessions.clone(),
            (true, true) => vec![2_000, 60_000],
            (true, false) => vec![10_000, 1_000_000, 10_000_000],
        };
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// A closed loop for the time of a turn.
    pub fn closed(&self) -> Pace {
        Pace {
            time: self.seconds(),
            warm_up: if self.quick { QUICK_WARM_UP } else { WARM_UP },
            rate: None,
        }
    }

    /// The closed loop for so many times as long.
    pub fn longer(&self, times: u32) -> Pace {
        Pace {
            time: self.seconds() * times,
            ..self.closed()
        }
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
