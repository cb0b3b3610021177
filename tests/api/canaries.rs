//! Watches every stage: whatever secret goes in or out of it, none stands in its log or its files when it ends.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, Once};

use rocket::http::RawStr;
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, fmt};

use crate::answer::Answer;
use crate::scanner::{Finding, Secrets, assert_none};

/// What strangers try first as a password, and what is an ordinary word of schemas and logs.
const WORDS: [&str; 2] = ["password", "changeme"];

/// Fields of bodies and forms that hold a secret as it was typed.
const SECRET_FIELDS: [&str; 7] = [
    "password",
    "password_again",
    "current_password",
    "new_password",
    "new_password_again",
    "code",
    "token",
];
/// Files that hold secrets by right: the keys, and the setup link.
const HOMES: [&str; 2] = ["secret.key", "setup-token"];

/// What all stages of this process have logged, with every level.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static BEGIN: Once = Once::new();

fn log() -> MutexGuard<'static, Vec<u8>> {
    // A test that failed while it logged has not harmed the bytes.
    LOG.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        log().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The secrets of one stage.
pub struct Watch {
    directory: PathBuf,
    logged_before: usize,
    secrets: Mutex<Secrets>,
}

impl Watch {
    /// Of a stage whose files are in `directory`.
    pub fn over(directory: PathBuf) -> Self {
        BEGIN.call_once(|| {
            // In both forms that `hub serve` writes.
            let text = fmt::layer().with_writer(|| Log).with_ansi(false);
            let json = fmt::layer().with_writer(|| Log).json().flatten_event(true);
            let subscriber = Registry::default().with(text).with(json);
            tracing::subscriber::set_global_default(subscriber).expect("the first one");
        });
        Self {
            directory,
            logged_before: log().len(),
            secrets: Mutex::default(),
        }
    }

    pub fn add(&self, kind: &'static str, secret: impl AsRef<[u8]>) {
        self.secrets.lock().expect("no panic").add(kind, secret);
    }

    /// Notes what a body holds.
    pub fn sent(&self, body: &[u8]) {
        if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
            for (name, value) in &fields {
                if let Some(text) = value.as_str() {
                    self.field(name, text);
                }
            }
            return;
        }
        for pair in String::from_utf8_lossy(body).split('&') {
            let (name, value) = pair.split_once('=').unwrap_or_default();
            self.field(name, &RawStr::new(value).url_decode_lossy());
        }
    }

    fn field(&self, name: &str, text: &str) {
        // Not tokens: the good ones are noted as they are handed out, and forged ones may be any bytes at all. Nor what no rule lets be a
        // password: the schema itself has the word in it.
        if SECRET_FIELDS.contains(&name) && !WORDS.contains(&text) {
            self.add("what was typed", text);
        }
    }

    /// Notes what an answer hands out.
    pub fn answered(&self, answer: &Answer) {
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        for key in ["access_token", "refresh_token"] {
            if let Some(token) = body[key].as_str() {
                self.secrets.lock().expect("no panic").add_token(token);
            }
        }
        for cookie in answer.all("Set-Cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or_default();
            // These two say what a page looks like and what it tells once.
            if !name.ends_with("_theme") && !name.ends_with("_note") {
                self.add("a cookie's value", value);
            }
        }
        for part in answer.body.split("name=\"form_token\" value=\"").skip(1) {
            self.add("a form token", part.split('"').next().unwrap_or_default());
        }
    }

    /// Notes the keys, as long as they are there.
    fn keys(&self) {
        let file = std::fs::read_to_string(self.directory.join("secret.key"));
        for line in file.unwrap_or_default().lines() {
            self.add("a key", line);
            if let Ok(bytes) = data_encoding::HEXLOWER.decode(line.as_bytes()) {
                self.add("a key", bytes);
            }
        }
    }

    /// Forgets all secrets: for the test that spreads them on purpose.
    pub fn forgive(&self) {
        *self.secrets.lock().expect("no panic") = Secrets::default();
    }

    /// How many lines with all of these words the log has got since the stage began. (Other stages write into it, too.)
    pub fn logged(&self, words: &[&str]) -> usize {
        let log = log();
        let text = String::from_utf8_lossy(&log[self.logged_before..]);
        text.lines()
            .filter(|line| words.iter().all(|word| line.contains(word)))
            .count()
    }

    /// Where its secrets stand.
    pub fn findings(&self) -> Vec<Finding> {
        self.keys();
        let scanner = self.secrets.lock().expect("no panic").scanner();
        let mut found = scanner.search_files(&self.directory, &HOMES);
        found.extend(scanner.search("the log", &log()[self.logged_before..]));
        found
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A test that has failed already says why itself.
        if !std::thread::panicking() {
            assert_none(&self.findings());
        }
    }
}

mod tests {
    use hub::store::{Change, StoreError, Tx};

    use crate::stage::Stage;

    /// A password of these tests alone: tests that run beside them in one process look for theirs in the same log.
    const CANARY: &str = "canary password 9";
    /// For the same reason, tokens of their own.
    const SEED: u64 = 4_711;
    const SPREAD: &str = "canary password 8";

    #[rocket::async_test]
    async fn a_secret_in_the_log_or_in_the_database_is_found_when_the_stage_ends() {
        let directory = tempfile::tempdir().expect("a directory");
        let stage = Stage::on(directory, &[], SEED).await;
        let registered = stage.register_with("alice", "alice@example.com", SPREAD);
        let pair = registered.await.pair();
        assert_eq!(stage.watch.findings(), []);
        tracing::debug!(body = format!("{{\"password\":\"{SPREAD}\"}}"), "a request");
        tracing::trace!("Authorization: Bearer {}", pair.access);
        stage.sql(&format!("UPDATE users SET bio = '{}'", pair.refresh));
        let mut found: Vec<String> = stage
            .watch
            .findings()
            .iter()
            .map(|finding| {
                finding.kind.to_owned()
                    + if finding.place == "the log" {
                        " in the log"
                    } else {
                        ""
                    }
            })
            .collect();
        found.sort();
        found.dedup();
        let expected = [
            "a token's jti",
            "a token's jti in the log",
            "a token's signature",
            "a token's signature in the log",
            "what was typed in the log",
        ];
        assert_eq!(found, expected);
        stage.watch.forgive();
    }

    /// Panics over what it was given.
    struct Panics(String);

    impl Change for Panics {
        type Outcome = ();
        type Error = StoreError;

        fn apply(self, _: &Tx<'_>) -> Result<(), StoreError> {
            panic!("cannot hash {}", self.0)
        }
    }

    #[rocket::async_test]
    async fn a_change_that_panics_over_a_secret_leaves_it_nowhere() {
        let stage = Stage::new().await;
        stage
            .register_with("alice", "alice@example.com", CANARY)
            .await;
        let failed = stage.store.write(Panics(CANARY.to_owned())).await;
        let error = failed.expect_err("it panicked");
        assert!(!format!("{error} {error:?}").contains(CANARY));
        assert_eq!(stage.login_with("alice", CANARY).await.status, 200);
    }
}
