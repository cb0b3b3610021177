//! A whole Hub in a directory of its own, and chance that repeats itself.

use std::path::Path;
use std::sync::Arc;

use hub::config::{Config, Sources};
use hub::hub::{Hub, Place};
use hub::store::Mode;
use hub::types::entropy::{Entropy, SeededEntropy};
use hub::types::time::{Clock, HandClock, Timestamp};
use tempfile::TempDir;

/// A password that every user here may have.
pub const PASSWORD: &str = "correct horse 7";

/// Where a hand clock starts.
pub fn hand_clock() -> Arc<HandClock> {
    Arc::new(HandClock::at(Timestamp::from_seconds(1_800_000_000)))
}

/// An empty directory, in memory where the system offers that: what a power cut does to a commit is for other tests.
pub fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a temporary directory")
}

/// Opens a Hub in `directory`, new or as it was left.
pub async fn open(directory: &Path, clock: Arc<dyn Clock>, seed: u64) -> Hub {
    let value = |key: &str, text: &str| (key.to_owned(), text.to_owned());
    let sources = Sources {
        flags: vec![
            value("data_dir", directory.to_str().expect("UTF-8")),
            value("hashing.memory_kib", "8"),
            value("hashing.passes", "1"),
            // Thousands of tries within a moment of a clock that stands still.
            value("throttle_exempt", "0.0.0.0/0,::/0"),
        ],
        ..Sources::default()
    };
    let config = Config::load(&sources).expect("a configuration").config;
    std::fs::create_dir_all(Place::new(directory).no_templates()).expect("a directory");
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
    // Opening waits for the writer, which an asynchronous thread may not.
    tokio::task::spawn_blocking(move || Hub::open(config, Mode::Server, clock, entropy))
        .await
        .expect("no panic")
        .expect("a hub")
}

/// Chance that repeats itself.
pub struct Dice(SeededEntropy);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A number below `sides`.
    pub fn below(&self, sides: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        let sides = u64::try_from(sides).expect("small");
        usize::try_from(u64::from_le_bytes(bytes) % sides).expect("small")
    }

    /// One of these.
    pub fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// How often: `full` with `HUBTEST_LONG`, else a part of that, so that nobody waits for all of it at each change.
pub fn often(full: usize) -> usize {
    /// One in so many: the rarest of what the tests look for is still met dozens of times.
    const PART: usize = 6;
    if std::env::var_os("HUBTEST_LONG").is_some() {
        full
    } else {
        full / PART
    }
}
