//! The servers under load: started as children, ended by their own pid.

pub mod process;
pub mod turn;

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use crate::load::dialect::Request;
use crate::load::now;
use crate::load::person::Person;
use crate::load::seat::Seat;
use crate::servers::process::Process;

/// Below it no outgoing connection of ours can take a port between our look and the server's bind: Linux hands those
/// out from 32768 on.
const PORTS: std::ops::Range<u16> = 20_000..32_768;

/// A server that has not answered by then is not going to.
const START_SECONDS: u64 = 60;

/// How often a starting server is asked: what the figure of a start may be too much.
const ASK_EVERY_MS: u64 = 1;

/// How long one that was asked to end may take, before it is killed.
const END_SECONDS: u64 = 30;

/// Lines of a server's own log that are shown when it fails.
const SHOWN_LOG_LINES: usize = 10;

/// A running server; it ends when this is dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    /// From its start to its first right answer.
    pub started_in: Duration,
}

/// How a Hub is started.
pub struct HubStart<'settings> {
    /// What it works on; made if it is not there.
    pub data: &'settings Path,
    /// Settings of the command line, which win.
    pub settings: &'settings [(String, String)],
    /// Whether passwords cost what they cost by default. Otherwise signing up is quick.
    pub full_hashing: bool,
    /// Whether tries are counted as by default. Otherwise each may refresh as fast as it can.
    pub limits: bool,
}

impl Server {
    /// Starts the Hub.
    pub async fn hub(start: HubStart<'_>) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hub"));
        command.arg("serve");
        Self::start_hub(command, start).await
    }

    /// Starts the Hub within this same program, where a signal begins its housekeeping: see [`crate::growth::tended`].
    pub async fn tended_hub(start: HubStart<'_>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--serve").arg("tended");
        Self::start_hub(command, start).await
    }

    async fn start_hub(mut command: Command, start: HubStart<'_>) -> anyhow::Result<Self> {
        let address = free_address()?;
        fs::create_dir_all(start.data)?;
        command
            .current_dir(start.data)
            .env("HUB_DATA_DIR", start.data)
            .env("HUB_BIND", address.to_string())
            // Nothing is copied by itself meanwhile.
            .env("HUB_BACKUP__EVERY", "0s");
        if !start.full_hashing {
            command
                .env("HUB_HASHING__MEMORY_KIB", "8")
                .env("HUB_HASHING__PASSES", "1");
        }
        if !start.limits {
            command.env("HUB_THROTTLE_EXEMPT", "127.0.0.0/8");
        }
        let settings = start.settings.iter();
        command.envs(settings.map(|(name, value)| (name, value)));
        let log = start.data.with_extension("log");
        Self::start(command, address, log, &Request::get("/healthz")).await
    }

    /// Starts this same program as one of the bare servers.
    pub async fn bare(scratch: &Path, kind: &str) -> anyhow::Result<Self> {
        let address = free_address()?;
        let data = scratch.join(kind);
        fs::create_dir_all(&data)?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["--serve", kind, "--port"])
            .arg(address.port().to_string())
            .current_dir(&data);
        let log = data.with_extension("log");
        Self::start(command, address, log, &Request::hello()).await
    }

    async fn start(
        mut command: Command,
        address: SocketAddr,
        log: PathBuf,
        first: &Request,
    ) -> anyhow::Result<Self> {
        // What the caller's shell sets for its own Hub must not change what is measured.
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            let ours = command.get_envs().any(|(set, _)| set == name);
            if !ours && (shown.starts_with("HUB_") || shown.starts_with("ROCKET_")) {
                command.env_remove(&name);
            }
        }
        let begun = now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let mut server = Self {
            child,
            address,
            log,
            started_in: Duration::ZERO,
        };
        server.wait_until_ready(first).await?;
        server.started_in = begun.elapsed();
        Ok(server)
    }

    async fn wait_until_ready(&mut self, request: &Request) -> anyhow::Result<()> {
        let answered = async {
            loop {
                if let Some(status) = self.child.try_wait()? {
                    bail!("a server ended at its start with {status}{}", self.log());
                }
                let to = self.address;
                let asked = async {
                    let mut seat = Seat::take(Person::default(), to).await?;
                    seat.ask(request, to).await
                };
                // Refused connections are what a start looks like: only the right status counts.
                if matches!(asked.await, Ok((status, _)) if status == request.status) {
                    return Ok(());
                }
                sleep(Duration::from_millis(ASK_EVERY_MS)).await;
            }
        };
        let patience = Duration::from_secs(START_SECONDS);
        if let Ok(ended) = timeout(patience, answered).await {
            return ended;
        }
        let (line, log) = (&request.line, self.log());
        bail!("no right answer to {line} within {START_SECONDS} s of a server's start{log}");
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        for _ in 0..END_SECONDS * 100 {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
        bail!(
            "a server had not ended {END_SECONDS} s after TERM{}",
            self.log()
        );
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.child.id())?).context("a process id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// The end of what it wrote to standard error, on lines of its own; empty when there is nothing.
    pub fn log(&self) -> String {
        let written = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&written);
        let lines: Vec<&str> = text.lines().collect();
        let skipped = lines.len().saturating_sub(SHOWN_LOG_LINES);
        lines[skipped..]
            .iter()
            .flat_map(|line| ["\n  | ", line])
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed, not asked: its data is thrown away, and every way out must be short.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback address that nobody listens on. Begins at a port that differs between runs.
fn free_address() -> anyhow::Result<SocketAddr> {
    let width = u32::from(PORTS.end - PORTS.start);
    let first = PORTS.start + u16::try_from(std::process::id() % width)?;
    (first..PORTS.end)
        .chain(PORTS.start..first)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .context("no free port on 127.0.0.1")
}
