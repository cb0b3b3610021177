//! A core dump would hold the keys, so there is none; and no other process looks into the memory of one that has secrets in it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use crate::stage::binary;

/// A user without rights, where root runs the tests: root may look into everybody's memory.
const NOBODY: u32 = 65_534;
/// How often something is looked at until it is so.
const ASK_EVERY: Duration = Duration::from_millis(5);
/// How many times at most: 20 seconds, longer than a process takes to start on a busy machine.
const MAX_ASKS: usize = 4_000;

/// A folder of a user without rights, with the binary in it, for wherever it was built that user may not look.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = TempDir::with_prefix("hub-dumps-").unwrap();
        let hub = home.path().join("hub");
        fs::copy(binary(), &hub).unwrap();
        fs::set_permissions(&hub, fs::Permissions::from_mode(0o755)).unwrap();
        if getuid().is_root() {
            chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        Self(home)
    }

    /// A shell script as that user, with core dumps of any size.
    fn shell(&self, script: &str) -> Command {
        let mut words = Vec::new();
        if getuid().is_root() {
            let user = format!("--reuid={NOBODY} --regid={NOBODY} --clear-groups");
            words.push("setpriv".to_owned());
            words.extend(user.split(' ').map(str::to_owned));
        }
        words.extend(["sh", "-c"].map(str::to_owned));
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            // Where the system forbids dumps altogether there are none to forbid.
            .arg(format!("ulimit -S -c $(ulimit -H -c); {script}"))
            .current_dir(self.0.path())
            .env("HUB_DATA_DIR", self.0.path().join("data"))
            .env("HUB_HASHING__MEMORY_KIB", "8");
        command
    }

    /// A process that is in the state in which it has secrets.
    fn start(&self, words: &str) -> Running {
        let child = self
            .shell(&format!("exec {words}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Running(child)
    }

    /// What became of an attempt to read a file as that user.
    fn may_read(&self, file: &str) -> bool {
        let done = self.shell(&format!("cat {file}")).output().unwrap();
        done.status.success() && !done.stdout.is_empty()
    }

    fn cores(&self) -> Vec<String> {
        let entries = [self.0.path(), &self.0.path().join("data")].map(fs::read_dir);
        let names = entries.into_iter().flatten().flatten();
        let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains("core")).collect()
    }
}

struct Running(Child);

impl Running {
    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.0.id())
    }

    /// The soft and the hard limit of core files.
    fn core_limits(&self) -> (String, String) {
        let limits = fs::read_to_string(self.proc("limits")).unwrap();
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let mut words = line
            .expect("a limit")
            .split_whitespace()
            .skip(4)
            .map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    }

    /// Waits until it is the binary, which has forbidden its dumps.
    fn wait_until_kept(&self) {
        self.wait_until("it forbids its dumps", || {
            self.core_limits() == ("0".to_owned(), "0".to_owned())
        });
    }

    /// Waits until the shell has become the program.
    fn wait_until_named(&self, name: &str) {
        self.wait_until(name, || {
            fs::read_to_string(self.proc("comm")).unwrap().trim() == name
        });
    }

    fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        assert!(eventually(holds), "{what}: {:?}", self.core_limits());
    }
}

impl Running {
    /// Crashes it. Rust's own handler takes the first SEGV for a stack that is full, and lets the next one through.
    fn end_by(&mut self, signal: Signal) -> ExitStatus {
        for _ in 0..MAX_ASKS {
            kill_process(Pid::from_child(&self.0), signal).unwrap();
            std::thread::sleep(ASK_EVERY);
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
        }
        panic!("it does not end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// Whether something becomes true, and does so in time.
fn eventually(holds: impl Fn() -> bool) -> bool {
    (0..MAX_ASKS).any(|_| {
        let holds = holds();
        if !holds {
            std::thread::sleep(ASK_EVERY);
        }
        holds
    })
}

fn wait_for(file: &Path) {
    assert!(eventually(|| file.exists()), "no {}", file.display());
}

#[test]
fn a_server_that_crashes_leaves_no_core() {
    let home = Home::new();
    for signal in [Signal::SEGV, Signal::ABORT] {
        let mut server = home.start("./hub serve --bind 127.0.0.1:0");
        server.wait_until_kept();
        wait_for(&home.0.path().join("data/secret.key"));
        let status = server.end_by(signal);
        assert_eq!(status.signal(), Some(signal.as_raw()));
        assert!(!status.core_dumped(), "{signal:?}");
        assert_eq!(home.cores(), Vec::<String>::new());
    }
    // The same crash of a program that forbids nothing shows what would have been seen, where the system makes cores at all.
    let mut other = home.start("sleep 60");
    other.wait_until_named("sleep");
    let (_, hard) = other.core_limits();
    let status = other.end_by(Signal::SEGV);
    println!(
        "limit {hard}: a core of another program: {}",
        status.core_dumped()
    );
}

#[test]
fn no_process_of_the_same_user_looks_into_one_that_has_secrets() {
    let home = Home::new();
    // Another program's environment can be read, so what is refused below is refused by the binary.
    let other = home.start("sleep 60");
    other.wait_until_named("sleep");
    assert!(home.may_read(&other.proc("environ")));
    let server = home.start("./hub serve --bind 127.0.0.1:0");
    server.wait_until_kept();
    wait_for(&home.0.path().join("data/hub.db"));
    for words in [
        "./hub user passwd ann --password-stdin",
        "./hub token inspect",
        "./hub user add ann --email ann@example.com --password-stdin",
    ] {
        // It waits for its standard input, which stays open.
        let mut command = home.start(words);
        command
            .0
            .stdin
            .as_mut()
            .unwrap()
            .write_all(b"canary-Dump")
            .unwrap();
        command.wait_until_kept();
        assert_closed(&home, &command, words);
    }
    assert_closed(&home, &server, "hub serve");
}

fn assert_closed(home: &Home, running: &Running, what: &str) {
    // The limit is set a moment before the rest.
    let closed = eventually(|| !home.may_read(&running.proc("environ")));
    assert!(closed, "{what}: its environment is read");
    for file in ["environ", "auxv", "mem", "maps"] {
        assert!(!home.may_read(&running.proc(file)), "{what}: {file}");
    }
}
