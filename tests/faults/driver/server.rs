//! The binary as a child: started, watched through `/proc`, ended by its own pid.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

/// A server that has not greeted by then is not going to.
const START_PATIENCE: Duration = Duration::from_secs(20);
/// How long a process may take to end or to stop once it has nothing more to do.
const END_PATIENCE: Duration = Duration::from_secs(10);
/// How often a child is asked whether it has ended.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// How a server is started.
#[derive(Clone)]
pub struct Launch {
    binary: PathBuf,
    data: PathBuf,
    log: PathBuf,
    settings: Vec<(String, String)>,
    before: Vec<OsString>,
}

impl Launch {
    /// On a data directory; its log is written beside it unless told otherwise.
    pub fn on(data: &Path) -> Self {
        let binary = std::env::var_os("HUBTEST_BINARY");
        Self {
            binary: binary.map_or_else(|| env!("CARGO_BIN_EXE_hub").into(), PathBuf::from),
            data: data.to_owned(),
            log: data.with_extension("log"),
            // All load comes from one address, as fast as it can.
            settings: [("HUB_LOG", "warn"), ("HUB_THROTTLE_EXEMPT", "127.0.0.0/8")]
                .map(|(variable, value)| (variable.to_owned(), value.to_owned()))
                .into(),
            before: Vec::new(),
        }
    }

    /// With a setting.
    pub fn set(mut self, variable: &str, value: &str) -> Self {
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// For tests that are not about passwords.
    pub fn cheap_hashing(self) -> Self {
        self.set("HUB_HASHING__MEMORY_KIB", "8")
            .set("HUB_HASHING__PASSES", "1")
    }

    /// With its log in this file.
    pub fn log_to(self, log: PathBuf) -> Self {
        Self { log, ..self }
    }

    /// Another binary.
    pub fn binary(self, binary: PathBuf) -> Self {
        Self { binary, ..self }
    }

    /// Where the binary is.
    pub fn binary_path(&self) -> &Path {
        &self.binary
    }

    /// In a mount namespace of its own, prepared by a shell script whose `$1`, `$2` … are `arguments`; the server keeps the shell's pid.
    pub fn in_own_namespace(mut self, script: &str, arguments: &[&Path]) -> Self {
        let shift = arguments.len();
        let script = format!("set -e; {script}; shift {shift}; exec \"$@\"");
        self.before = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
            .map(OsString::from)
            .into();
        self.before.extend([script.into(), "sh".into()]);
        let arguments = arguments.iter().map(|path| path.as_os_str().to_owned());
        self.before.extend(arguments);
        self
    }

    /// With these limits of open files: what it may use, and how far it may raise that itself.
    pub fn open_files(mut self, limits: &str) -> Self {
        self.before = ["prlimit".into(), format!("--nofile={limits}").into()].into();
        self
    }

    /// In a control group, from its first instruction on.
    pub fn in_group(mut self, group: &Path) -> Self {
        let script = "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"";
        self.before = ["sh".into(), "-c".into(), script.into(), group.into()].into();
        self
    }

    /// On this processor core alone.
    pub fn on_core(mut self, core: &str) -> Self {
        self.before = ["taskset", "-c", core].map(OsString::from).into();
        self
    }

    /// The command line, with nothing of the caller's own environment but where programs are.
    pub fn command(&self) -> Command {
        let mut command = self.hub();
        command.args(["serve", "--bind", "127.0.0.1:0"]);
        command
    }

    /// Any other command on the same directory, in the same surroundings.
    pub fn hub(&self) -> Command {
        let mut words = self.before.clone();
        words.push(self.binary.clone().into());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .arg("--data-dir")
            .arg(&self.data)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(self.data.parent().unwrap())
            .stdin(Stdio::null());
        command
    }

    /// Starts it and reads its address from its greeting.
    pub fn start(&self) -> Server {
        self.try_start()
            .unwrap_or_else(|refused| panic!("no greeting with an address: {refused:?}"))
    }

    /// The same, or what it said and ended with instead of greeting.
    pub fn try_start(&self) -> Result<Server, Refused> {
        let log = self.log.clone();
        let begun = Instant::now();
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", self.command()));
        let greeting = BufReader::new(child.stdout.take().unwrap());
        let (found, address) = mpsc::channel();
        // Read to its end, so that the server never writes into a closed pipe.
        std::thread::spawn(move || {
            for line in greeting.lines().map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("  address   http://") {
                    let _gone = found.send(Some(address.parse::<SocketAddr>().unwrap()));
                }
            }
            // It has ended, or never says anything again.
            let _gone = found.send(None);
        });
        let mut server = Server {
            child,
            log,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            greeted_after: Duration::ZERO,
        };
        let Ok(Some(address)) = address.recv_timeout(START_PATIENCE) else {
            let ended = server.wait_shortly();
            return Err(Refused {
                code: ended.and_then(|status| status.code()),
                said: server.log(),
            });
        };
        server.address = address;
        server.greeted_after = begun.elapsed();
        Ok(server)
    }
}

/// A start that came to nothing.
#[derive(Debug)]
pub struct Refused {
    /// Its exit code; `None` if it did not end by itself.
    pub code: Option<i32>,
    /// What it wrote to standard error.
    pub said: String,
}

/// A running server; it ends when this is dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
    pub address: SocketAddr,
    /// From the start of the process to its greeting.
    pub greeted_after: Duration,
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        let is_file = fs::metadata(&self.log).is_ok_and(|log| log.is_file());
        if !is_file {
            return String::new();
        }
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its exit, if it comes at once.
    fn wait_shortly(&mut self) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < END_PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(ASK_EVERY);
        }
        None
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// `kill -STOP`, and waits until no thread of it runs.
    pub fn stop(&self) {
        stop(self.child.id());
    }

    /// `kill -CONT`.
    pub fn go_on(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).unwrap();
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }

    /// `kill -TERM`; whether it was still running to hear it.
    pub fn terminate(&mut self) -> bool {
        let running = self.child.try_wait().is_ok_and(|ended| ended.is_none());
        running && kill_process(Pid::from_child(&self.child), Signal::TERM).is_ok()
    }

    /// Waits for its end.
    pub async fn ended(&mut self, patience: Duration) -> ExitStatus {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            sleep(ASK_EVERY).await;
        }
        panic!(
            "it did not end within {patience:?}; the log:\n{}",
            self.log()
        );
    }

    /// How many files it has open, connections included.
    pub fn open_files(&self) -> u64 {
        let files = fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap();
        files.count() as u64
    }

    /// The most memory that was ever resident, in MiB.
    pub fn peak_mib(&self) -> u64 {
        self.peak_kib() / 1_024
    }

    /// The same, finer.
    pub fn peak_kib(&self) -> u64 {
        self.memory_kib("VmHWM:")
    }

    /// What is resident now.
    pub fn resident_kib(&self) -> u64 {
        self.memory_kib("VmRSS:")
    }

    fn memory_kib(&self, line: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let found = status
            .lines()
            .find_map(|found| found.strip_prefix(line))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|kib| kib.parse::<u64>().ok());
        found.unwrap_or_else(|| panic!("/proc/PID/status names {line}"))
    }
}

/// Stops a process that is surely there, since nobody has waited for it yet, and waits until none of its threads runs.
pub fn stop(pid: u32) {
    let number = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(number, Signal::STOP).unwrap();
    let begun = Instant::now();
    let stands = || {
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
            return true;
        };
        threads.map_while(Result::ok).all(|thread| {
            let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            let state = stat.rsplit(") ").next().unwrap_or_default();
            ["", "T", "Z", "X"].contains(&state.get(..1).unwrap_or_default())
        })
    };
    while !stands() {
        assert!(
            begun.elapsed() < END_PATIENCE,
            "process {pid} does not stop"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
