//! The binary under a tool that counts.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Under `valgrind` a start takes seconds.
const PATIENCE: Duration = Duration::from_mins(2);

/// Whether a server's instructions can be counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    Counted,
    No,
}

pub struct Server {
    child: Child,
    address: SocketAddr,
    scratch: TempDir,
}

/// A server that has ended.
pub struct Ended {
    log: String,
}

/// System calls being counted.
pub struct Traced {
    tracer: Child,
    table: PathBuf,
}

/// How often each system call was made.
pub struct Calls(Vec<(String, u64)>);

impl Server {
    /// On an empty directory, with everything switched on that is by default but the limit of one session's refreshes.
    pub fn start(watched: Watched) -> Self {
        let scratch = TempDir::new().expect("a directory");
        let binary = std::env::var_os("HUBTEST_BINARY").map(PathBuf::from).expect(
            "HUBTEST_BINARY: the counts are those of the release binary, as in HUBTEST_BINARY=target/release/hub",
        );
        let mut command = match watched {
            Watched::No => Command::new(&binary),
            Watched::Counted => {
                let mut valgrind = Command::new("valgrind");
                valgrind
                    .args(["--tool=callgrind", "--instr-atstart=no"])
                    .arg("--callgrind-out-file=/dev/null")
                    .arg(&binary);
                valgrind
            }
        };
        let log = File::create(scratch.path().join("log")).expect("a log");
        let mut child = command
            .args(["serve", "--bind", "127.0.0.1:0"])
            .env("HUB_DATA_DIR", scratch.path().join("data"))
            .env("HUB_THROTTLE_EXEMPT", "127.0.0.0/8")
            .env("HUB_HASHING__MEMORY_KIB", "8")
            .env("HUB_HASHING__PASSES", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", binary.display()));
        let address = greeting(&mut child);
        Self {
            child,
            address,
            scratch,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to count instructions, or ends it.
    pub fn count(&self, on: bool) {
        let told = Command::new("callgrind_control")
            .args(["-i", if on { "on" } else { "off" }])
            .arg(self.child.id().to_string())
            .output()
            .expect("callgrind_control, which comes with valgrind");
        assert!(told.status.success(), "{told:?}");
    }

    /// Begins to count system calls.
    pub fn trace(&self) -> Traced {
        let table = self.scratch.path().join("calls");
        let mut tracer = Command::new("strace")
            .args(["-f", "-c", "-o"])
            .arg(&table)
            .arg("-p")
            .arg(self.child.id().to_string())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace");
        let said = tracer.stderr.take().expect("piped");
        let attached = lines(said).recv_timeout(PATIENCE).expect("it attaches");
        assert!(attached.contains("attached"), "{attached}");
        Traced { tracer, table }
    }

    /// Ends it.
    pub fn stop(mut self) -> Ended {
        interrupt(&self.child, Signal::TERM);
        let _status = self.child.wait().expect("it ends");
        let log = std::fs::read_to_string(self.scratch.path().join("log"));
        Ended {
            log: log.expect("a log"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

impl Ended {
    /// What was counted in all.
    pub fn instructions(&self) -> u64 {
        let line = self.log.lines().find(|line| line.contains("Collected : "));
        let line = line.unwrap_or_else(|| panic!("no count in {}", self.log));
        let count = line.rsplit(' ').next().and_then(|count| count.parse().ok());
        count.unwrap_or_else(|| panic!("no count in {line}"))
    }
}

impl Traced {
    /// Ends the counting.
    pub fn stop(mut self) -> Calls {
        interrupt(&self.tracer, Signal::INT);
        let _status = self.tracer.wait().expect("it ends");
        let table = std::fs::read_to_string(&self.table).expect("a table");
        // % time, seconds, usecs/call, calls, maybe errors, syscall.
        let calls = table.lines().skip(2).filter_map(|line| {
            let columns: Vec<_> = line.split_whitespace().collect();
            let calls = columns.get(3)?.parse().ok()?;
            Some(((*columns.last()?).to_owned(), calls))
        });
        Calls(calls.collect())
    }
}

impl Calls {
    /// Calls of one kind.
    pub fn of(&self, name: &str) -> u64 {
        let named = self.0.iter().filter(|(call, _)| call == name);
        named.map(|(_, calls)| calls).sum()
    }

    /// Calls of every kind.
    pub fn all(&self) -> u64 {
        let calls = self.0.iter().filter(|(call, _)| call != "total");
        calls.map(|(_, calls)| calls).sum()
    }
}

fn interrupt(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("it runs");
}

/// Where it says that it listens.
fn greeting(child: &mut Child) -> SocketAddr {
    let said = lines(child.stdout.take().expect("piped"));
    loop {
        let line = said.recv_timeout(PATIENCE).expect("a greeting in time");
        if let Some(address) = line.strip_prefix("  address   http://") {
            return address.parse().expect("an address");
        }
    }
}

/// Lines as they come, to the end, so that nobody writes into a closed pipe.
fn lines(said: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            let _gone = sender.send(line);
        }
    });
    receiver
}
