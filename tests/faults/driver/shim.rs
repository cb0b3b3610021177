//! The library that stands between the binary and the system (`shim.c`), and how a test tells it what to do.
//!
//! A library and no tracer: it costs nothing, so that every call can be made to fail in turn, and it knows files by their names, so that a fault
//! hits the log and nothing else. It only reaches what goes through the C library. That SQLite's calls and the wall clock do is no faith: a test
//! that arms a fault and never meets it fails.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::driver::server::Launch;

/// The places of `shim.c`, in its order.
#[derive(Clone, Copy)]
enum Place {
    Call,
    OfFile,
    From,
    To,
    Failure,
    Seen,
    Failed,
    ClockSeconds,
    Syncs,
}

const PLACES: u64 = 9;

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Sync = 1,
    Write,
    Truncate,
    Open,
    Map,
    Read,
}

/// Of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Any,
    Database,
    Log,
    Index,
}

/// How. Numbers of the system, but for the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Io = 5,
    TooManyFiles = 24,
    NoSpace = 28,
    ReadOnly = 30,
    /// Half of it is written, and the call says so.
    Half = -1,
}

/// Which syncs are true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syncs {
    /// None: whoever waits for one is answered before the disk has anything.
    Never = 1,
    /// The log's only before a checkpoint, as SQLite does with `synchronous=NORMAL`.
    LogAtCheckpoints,
}

/// One of these libraries, in front of the servers that are started with it.
pub struct Shim {
    told: File,
    path: PathBuf,
}

impl Shim {
    /// One that does nothing yet.
    pub fn new(directory: &Path) -> Self {
        let path = directory.join("shim");
        let told = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap();
        told.set_len(PLACES * 8).unwrap();
        Self { told, path }
    }

    /// Puts it in front of a server and of the commands beside it.
    pub fn before(&self, launch: Launch) -> Launch {
        let library = compiled("shim", &["-shared", "-fPIC", "-ldl"]);
        launch
            .set("LD_PRELOAD", library.to_str().unwrap())
            .set("HUBTEST_SHIM", self.path.to_str().unwrap())
    }

    /// From the `from`th such call to the `to`th, counted from now, each fails.
    pub fn fail(&self, call: Call, of: Of, how: Failure, from: i64, to: i64) {
        self.disarm();
        self.tell(Place::Seen, 0);
        self.tell(Place::Failed, 0);
        self.tell(Place::OfFile, of as i64);
        self.tell(Place::From, from);
        self.tell(Place::To, to);
        self.tell(Place::Failure, how as i64);
        self.tell(Place::Call, call as i64);
    }

    /// No call fails any more.
    pub fn disarm(&self) {
        self.tell(Place::Call, 0);
    }

    /// How many of them failed.
    pub fn failed(&self) -> i64 {
        self.told_at(Place::Failed)
    }

    /// Moves the wall clock so far from the machine's.
    pub fn shift_clock(&self, seconds: i64) {
        self.tell(Place::ClockSeconds, seconds);
    }

    /// Makes syncs lie.
    pub fn lie(&self, syncs: Syncs) {
        self.tell(Place::Syncs, syncs as i64);
    }

    fn tell(&self, place: Place, number: i64) {
        let at = place as u64 * 8;
        self.told.write_all_at(&number.to_ne_bytes(), at).unwrap();
    }

    fn told_at(&self, place: Place) -> i64 {
        let mut bytes = [0; 8];
        self.told
            .read_exact_at(&mut bytes, place as u64 * 8)
            .unwrap();
        i64::from_ne_bytes(bytes)
    }
}

/// Compiles a C file that stands beside this one, under a name of its own first: another process may be at it too.
pub fn compiled(name: &str, flags: &[&str]) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/faults/driver")
        .join(format!("{name}.c"));
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mine = built.with_extension(format!("{}-{number}", std::process::id()));
    let output = Command::new("cc")
        .args(["-O2", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&mine)
        .arg(&source)
        .args(flags)
        .output()
        .expect("this test needs a C compiler, cc");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", source.display());
    // Whoever has the old one in memory keeps it.
    std::fs::rename(&mine, &built).unwrap();
    built
}
