//! Stored password hashes: a text that somebody wrote into the database asks for no more memory than the bound, or for none.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hub::crypto::hasher::{Comparison, Hasher, HasherError, HasherSettings, StoredHash};
use hub::types::entropy::SeededEntropy;
use hub::types::password::Password;
use rocket::tokio::runtime::{Builder, Runtime};

pub const WORDS: &[&str] = &[
    "$argon2id",
    "$argon2i",
    "$argon2d",
    "$v=19",
    "$v=16",
    "$m=8,t=1,p=1",
    "$m=4294967295,t=1,p=1",
    "m=",
    "t=",
    "p=",
    ",",
    "65536",
    "65537",
    "$AAAAAAAAAAAAAAAAAAAAAA",
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$",
    "=",
    ",keyid=AAAA",
    ",data=AAAA",
    "0",
];

/// The bound that is promised: 64 MiB.
const MAX_MEMORY_KIB: u32 = 64 * 1024;
/// What is really compared here: more would only take longer.
const CHEAP_MEMORY_KIB: u32 = 64;

struct Bench {
    hasher: Hasher,
    runtime: Runtime,
}

fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let settings = HasherSettings {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
            threads: 1,
            queue: 32,
            queue_wait: Duration::from_mins(1),
        };
        let entropy = Arc::new(SeededEntropy::new(4));
        Bench {
            hasher: Hasher::start(settings, entropy).expect("a hasher"),
            runtime: Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("a runtime"),
        }
    })
}

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let stored = StoredHash::from_row(text.clone().into_owned());
    assert_eq!(stored.as_str(), text);
    match stored.memory_kib() {
        Err(error) => {
            assert_eq!(error, HasherError::Unreadable);
            assert_eq!(compare(stored), Err(HasherError::Unreadable));
        }
        Ok(memory) => {
            assert!(memory <= MAX_MEMORY_KIB, "{memory} KiB");
            if memory <= CHEAP_MEMORY_KIB {
                // Nobody makes 32 bytes fit by chance.
                assert_eq!(compare(stored), Ok(Comparison::Different));
            }
        }
    }
}

fn compare(stored: StoredHash) -> Result<Comparison, HasherError> {
    let bench = bench();
    let password = Password::new("correct horse 7");
    bench
        .runtime
        .block_on(bench.hasher.compare(password, Some(stored)))
}
