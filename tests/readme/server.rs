//! A real server on a throw-away data directory, and a shell that knows where it is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The address that the README prints.
pub const PRINTED: &str = "http://127.0.0.1:8000";

/// The data directory of a server that was started without any setting.
const DATA: &str = "hub-data";

/// Lines of a greeting at most, so that a server that says something else is not waited for without end.
const MAX_GREETING_LINES: usize = 12;

/// Longer than any answer of an idle server takes.
const ANSWER_DEADLINE: Duration = Duration::from_secs(20);

/// The binary under test: the release binary where `HUBTEST_BINARY` names it.
fn binary() -> PathBuf {
    std::env::var_os("HUBTEST_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_hub")), PathBuf::from)
}

/// A running server, ended with its value.
pub struct Server {
    child: Child,
    directory: Option<TempDir>,
    /// `http://127.0.0.1:…`
    pub url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

impl Server {
    /// Runs `hub serve` in a directory of its own, with hashing that costs nothing.
    pub fn start() -> Self {
        Self::start_in(TempDir::with_prefix("hub-readme-").expect("a directory"))
    }

    fn start_in(directory: TempDir) -> Self {
        let mut child = command(&binary(), directory.path())
            .arg("serve")
            .env("HUB_BIND", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let greeting = BufReader::new(child.stdout.take().expect("a pipe"));
        let url = greeting
            .lines()
            .take(MAX_GREETING_LINES)
            .map_while(Result::ok)
            .find_map(|line| Some(line.trim().strip_prefix("address")?.trim().to_owned()))
            .expect("the greeting names the address");
        Self {
            child,
            directory: Some(directory),
            url,
        }
    }

    /// Ends the server, does something in its directory, and runs it there again.
    pub fn restart(mut self, meanwhile: impl FnOnce(&Self)) -> Self {
        self.end();
        meanwhile(&self);
        Self::start_in(self.directory.take().expect("until now"))
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _code = self.child.wait();
    }

    /// Where the server was started.
    pub fn directory(&self) -> &Path {
        self.directory.as_ref().expect("until the restart").path()
    }

    /// The data directory, as the README names it.
    pub fn data(&self) -> PathBuf {
        self.directory().join(DATA)
    }

    /// Runs a script of the README in bash: the printed address is this server's, `hub` is the binary under test, and curl fails on every
    /// status from 400 up.
    pub fn run(&self, script: &str) -> Output {
        let script = format!(
            "set -euo pipefail\n\
             curl() {{ command curl --show-error --fail-with-body --max-time 20 \"$@\"; }}\n\
             {}",
            script.replace(PRINTED, &self.url)
        );
        let binary = binary();
        let home = binary.parent().expect("the binary has a folder");
        let path = std::env::var("PATH").expect("PATH");
        command(Path::new("bash"), self.directory())
            .args(["-c", &script])
            .env("PATH", format!("{}:{path}", home.display()))
            .stdin(Stdio::null())
            .output()
            .expect("bash is there")
    }

    /// Posts JSON and gives the answer's JSON back.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream
            .set_read_timeout(Some(ANSWER_DEADLINE))
            .expect("a deadline");
        let body = body.to_string();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("the server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

fn command(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(directory)
        .env("HUB_DATA_DIR", directory.join(DATA))
        .env("HUB_LOG", "warn")
        .env("HUB_HASHING__MEMORY_KIB", "8")
        .env("HUB_HASHING__PASSES", "1");
    command
}
