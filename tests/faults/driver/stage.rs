//! What every test of this binary stands on: its turn, its runtime, its descriptors, its people.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tempfile::TempDir;

use crate::driver::talk::{Answer, Connection};

/// These tests load the whole machine and measure times: two at once would measure each other.
static TURN: Mutex<()> = Mutex::new(());

/// Descriptors that a storm needs in the test and, since limits are inherited, in the server.
const DESCRIPTORS: u64 = 8_192;

/// A password that is on no list of common ones.
pub const PASSWORD: &str = "correct horse 7";

/// Runs a test when no other one runs.
pub fn in_turn<T>(test: impl Future<Output = T>) -> T {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test)
}

/// A throw-away directory in memory, where there is one: for what must be fast and need not outlive the machine, and for the books of clients,
/// which must lie on another file system than the database.
pub fn in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        TempDir::new_in(memory).unwrap()
    } else {
        TempDir::new().unwrap()
    }
}

/// The address of one of many strangers: a hundred from each of 127.1.0.1, 127.1.0.2 …, so that none is too many for its network.
pub fn stranger(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 1, 0, u8::try_from(1 + number / 100).unwrap())
}

/// Raises the limit of open descriptors for this process and the servers that it starts.
pub fn allow_many_connections() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < DESCRIPTORS) {
        let current = Some(DESCRIPTORS);
        setrlimit(Resource::Nofile, Rlimit { current, maximum })
            .expect("this test needs 8,192 open files: raise the hard limit (ulimit -Hn)");
    }
}

/// Makes an account; its answer carries the first session's tokens.
pub async fn register(address: SocketAddr, name: &str) -> Answer {
    let body = json!({
        "username": name, "email": format!("{name}@example.org"), "password": PASSWORD,
    });
    ask(address, "POST /api/auth/register", None, &body.to_string()).await
}

/// The body of a sign-in.
pub fn sign_in_body(name: &str, password: &str) -> String {
    json!({"username": name, "password": password}).to_string()
}

/// The body of a refresh.
pub fn refresh_body(token: &str) -> String {
    json!({"refresh_token": token}).to_string()
}

/// One request on a connection of its own; no body where `json` is empty.
pub async fn ask(address: SocketAddr, line: &str, bearer: Option<&str>, json: &str) -> Answer {
    let json = Some(json).filter(|json| !json.is_empty());
    let mut connection = Connection::dial(address).await.unwrap();
    connection
        .ask(line, bearer, json)
        .await
        .unwrap_or_else(|error| panic!("{line}: {error}"))
}
