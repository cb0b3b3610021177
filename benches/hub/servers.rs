//! The servers under load: started as children, watched through /proc, ended by their own pid.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::time::{sleep, timeout};

use crate::http::{Ask, Connection};

/// Below it no outgoing connection of ours can take a port between our look and the server's bind: Linux hands those
/// out from 32768 on.
const PORTS: std::ops::Range<u16> = 20_000..32_768;

/// A server that has not answered by then is not going to.
const START_SECONDS: u64 = 20;

/// How often a starting server is asked.
const ASK_EVERY_MS: u64 = 20;

/// Linux counts CPU time for programs in hundredths of a second on every architecture.
const TICK_US: u64 = 10_000;

/// Lines of a server's own log that are shown when it fails.
const SHOWN_LOG_LINES: usize = 10;

/// A running server; it ends when this is dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

/// Memory of a process, in megabytes of 1,000,000 bytes.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Resident now.
    pub resident_mb: f64,
    /// The most that was ever resident.
    pub peak_mb: f64,
}

impl Server {
    /// Starts the Hub on an empty data directory inside `scratch`, with cheap hashing so that signing up is quick.
    pub async fn hub(scratch: &Path, settings: &[(String, String)]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_hub"));
        command
            .arg("serve")
            .current_dir(scratch)
            .env("HUB_DATA_DIR", scratch.join("data"))
            .env("HUB_BIND", address.to_string())
            .env("HUB_LOG", "warn")
            .env("HUB_HASHING__MEMORY_KIB", "8")
            .env("HUB_HASHING__PASSES", "1")
            // Every client has the same address, and each refreshes as fast as it can.
            .env("HUB_THROTTLE_EXEMPT", "127.0.0.0/8")
            .envs(settings.iter().map(|(name, value)| (name, value)));
        let log = scratch.join("hub.log");
        Self::start(command, address, log, "GET /healthz", None).await
    }

    /// Starts this same program as the bare route behind Rocket's own server (`hello`) or behind the front door (`door`).
    pub async fn hello(scratch: &Path, behind: &str) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg(format!("--serve-{behind}"))
            .arg(address.port().to_string())
            .current_dir(scratch);
        let log = scratch.join(behind).with_extension("log");
        Self::start(command, address, log, "POST /", Some(r#"{"name":"ready"}"#)).await
    }

    async fn start(
        mut command: Command,
        address: SocketAddr,
        log: PathBuf,
        line: &str,
        json: Option<&str>,
    ) -> anyhow::Result<Self> {
        // What the caller's shell sets for its own Hub must not change what is measured.
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            let ours = command.get_envs().any(|(set, _)| set == name);
            if !ours && (shown.starts_with("HUB_") || shown.starts_with("ROCKET_")) {
                command.env_remove(&name);
            }
        }
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
        };
        let bearer = None;
        server.wait_until_ready(Ask { line, bearer, json }).await?;
        Ok(server)
    }

    async fn wait_until_ready(&mut self, ask: Ask<'_>) -> anyhow::Result<()> {
        let mut request = String::new();
        ask.write(self.address, &mut request);
        let answered = async {
            loop {
                if let Some(status) = self.child.try_wait()? {
                    bail!("a server ended at its start with {status}{}", self.log());
                }
                let asked = async {
                    let mut way = Connection::dial(Ipv4Addr::LOCALHOST, self.address).await?;
                    let answer = way.exchange(request.as_bytes()).await?;
                    std::io::Result::Ok(answer.status)
                };
                // Refused connections are what a start looks like: only a 200 counts.
                if matches!(asked.await, Ok(200)) {
                    return Ok(());
                }
                sleep(Duration::from_millis(ASK_EVERY_MS)).await;
            }
        };
        let patience = Duration::from_secs(START_SECONDS);
        if let Ok(ended) = timeout(patience, answered).await {
            return ended;
        }
        let (line, log) = (ask.line, self.log());
        bail!("no 200 to {line} within {START_SECONDS} seconds of a server's start{log}");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time of all its threads since its start, in microseconds.
    pub fn cpu_us(&self) -> anyhow::Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in parentheses may hold blanks; after it `utime` and `stime` are the 12th and 13th fields.
        let mut fields = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11);
        let mut ticks = || fields.next().and_then(|field| field.parse::<u64>().ok());
        let (Some(user), Some(system)) = (ticks(), ticks()) else {
            bail!("/proc/PID/stat without CPU times");
        };
        Ok((user + system) * TICK_US)
    }

    /// Its memory as the kernel counts it.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let megabytes = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next())
                .and_then(|kib| kib.parse::<u32>().ok())
                .map(|kib| f64::from(kib) * 1_024.0 / 1_000_000.0)
        };
        let (Some(resident_mb), Some(peak_mb)) = (megabytes("VmRSS:"), megabytes("VmHWM:")) else {
            bail!("/proc/PID/status without VmRSS and VmHWM");
        };
        Ok(Memory {
            resident_mb,
            peak_mb,
        })
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

/// Whether the directory lies in memory, where a sync costs nothing and a refresh looks faster than it is.
pub fn is_in_memory(directory: &Path) -> anyhow::Result<bool> {
    const TMPFS_MAGIC: u64 = 0x0102_1994;
    const RAMFS_MAGIC: u64 = 0x8584_58f6;
    let kind = u64::try_from(rustix::fs::statfs(directory)?.f_type)?;
    Ok([TMPFS_MAGIC, RAMFS_MAGIC].contains(&kind))
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
