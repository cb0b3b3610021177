//! Stored password hashes: a text that somebody wrote into the database asks for no more memory than the bound, or for none.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hub::crypto::hasher::{Comer, Comparison, Hasher, HasherError, HasherSettings, StoredHash};
use hub::types::entropy::SeededEntropy;
use hub::types::password::Password;
use hub::types::time::SystemClock;
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
    "argon2",
    "$2b$10$",
    "$2y$14$",
    "EieItNRuzyOj8e3LlKH2YuY4CtCF9Y.EDkRhnQIRtxxVcnXy3hH12",
    "scrypt:",
    "32768:8:1",
    "18446744073709551615:",
    "pbkdf2:sha256:",
    "pbkdf2_sha256$",
    "2000000$salt$",
    "firebase_scrypt$14$8$Bw==$42xEC+ixf3L2lw==$",
    "*",
];

/// The bound that is promised: 64 MiB for those of ours,
const MAX_MEMORY_KIB: u32 = 64 * 1024;
/// and 128 MiB for those that were imported.
const MAX_FOREIGN_MEMORY_KIB: u32 = 128 * 1024;
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
            hasher: Hasher::start(settings, entropy, Arc::new(SystemClock::new()))
                .expect("a hasher"),
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
            let is_ours = text.starts_with("$argon2id$");
            let bound = if is_ours {
                MAX_MEMORY_KIB
            } else {
                MAX_FOREIGN_MEMORY_KIB
            };
            assert!(memory <= bound, "{memory} KiB");
            // What is cheap in memory among the others may take a second of time.
            if is_ours && memory <= CHEAP_MEMORY_KIB || stored.is_none() {
                // Nobody makes 32 bytes fit by chance.
                assert_eq!(compare(stored), Ok(Comparison::Different));
            }
        }
    }
}

fn compare(stored: StoredHash) -> Result<Comparison, HasherError> {
    let bench = bench();
    let password = Password::new("correct horse 7");
    bench.runtime.block_on(
        bench
            .hasher
            .compare(password, Some(stored), Comer::Nameless),
    )
}
