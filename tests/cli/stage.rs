//! A data directory, the binary run on it, and a server beside it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Longer than any command takes on a busy machine, the wait for a locked database included: only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A password that breaks no rule.
pub const PASSWORD: &str = "correct horse 7";

/// A data directory of one test.
pub struct Stage {
    directory: tempfile::TempDir,
    /// Further variables for every process started here.
    pub environment: Vec<(&'static str, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    /// Standard output of a command that must have succeeded.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!((self.code, &*self.err), (0, ""), "{}", self.out);
        self.out
    }

    /// Standard output of a command that must have succeeded, as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.good()).expect("JSON")
    }

    /// The one line of a command that must have failed with this code.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, &*self.out), (code, ""), "{}", self.err);
        let line = self.err.strip_prefix("hub: ").expect("a line of the Hub");
        let line = line.strip_suffix('\n').expect("a whole line");
        assert!(!line.contains('\n'), "{line}");
        line.to_owned()
    }
}

impl Stage {
    /// An empty data directory.
    pub fn empty() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
            environment: Vec::new(),
        }
    }

    /// A data directory in which a server has run, with a first user `admin` (SUPERADMIN) and a second one `alice`.
    pub fn new() -> Self {
        let stage = Self::empty();
        stage.serve().stop();
        stage.add("admin", "SUPERADMIN");
        stage.add("alice", "USER");
        stage
    }

    pub fn add(&self, name: &str, role: &str) {
        let email = format!("{name}@example.com");
        let arguments = ["user", "add", name, "--email", &email, "--role", role];
        self.run_with(&[&arguments[..], &["--password-stdin"]].concat(), PASSWORD)
            .good();
    }

    /// Where a test may put its own files.
    pub fn place(&self) -> &Path {
        self.directory.path()
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The database as the Hub names it.
    pub fn database(&self) -> PathBuf {
        let path = self.data().join("hub.db");
        path.canonicalize().unwrap_or(path)
    }

    /// The database, past the Hub.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test stands in for another process, or for damage"
    )]
    pub fn connection(&self) -> Connection {
        Connection::open(self.data().join("hub.db")).expect("a database")
    }

    /// The binary, with nothing of this process's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hub"));
        command
            .args(arguments)
            .env_clear()
            .env("HUB_DATA_DIR", self.data())
            .env("HUB_HASHING__MEMORY_KIB", "8")
            .env("HUB_HASHING__PASSES", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, "")
    }

    /// Runs a command with this on its standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process");
        // A command that fails early does not read it.
        let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
        finish(child)
    }

    /// Starts a server on a free port.
    pub fn serve(&self) -> Server {
        self.start(self.command(&["serve", "--bind", "127.0.0.1:0"]))
    }

    /// Starts a server by this command. One that is reached by no address has port 0.
    pub fn start(&self, mut command: Command) -> Server {
        let log = self.directory.path().join("server.log");
        command
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a log file"));
        Self::start_as_it_is(command, log)
    }

    /// Starts a server by a command that says where its greeting and its log go.
    pub fn start_as_it_is(mut command: Command, log: PathBuf) -> Server {
        let mut child = command.spawn().expect("a server");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        let address = loop {
            let begin = greeting.len();
            let read = out.read_line(&mut greeting).expect("a greeting");
            assert!(read > 0, "{}", std::fs::read_to_string(&log).unwrap());
            if let Some(address) = greeting[begin..].strip_prefix("  address   ") {
                let (_, address) = address.split_once("://").expect("a URL");
                let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
                break address.trim().parse().unwrap_or(nowhere);
            }
        };
        Server {
            child: Some(child),
            address,
            out,
            greeting,
            log,
        }
    }
}

/// Waits for a command, but not for ever.
fn finish(child: Child) -> Done {
    let pid = Pid::from_child(&child);
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    let Ok(output) = told.recv_timeout(PATIENCE) else {
        kill_process(pid, Signal::KILL).expect("to end what hangs");
        panic!("a command did not end");
    };
    let output = output.expect("its output");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Done {
        code: output.status.code().expect("an exit code"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A running server; killed when the test forgets it.
pub struct Server {
    child: Option<Child>,
    pub address: SocketAddr,
    out: BufReader<ChildStdout>,
    greeting: String,
    log: PathBuf,
}

impl Server {
    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("running");
        kill_process(Pid::from_child(child), signal).expect("to be signalled");
    }

    /// The memory that it holds for itself: neither its program nor files.
    pub fn own_memory_kib(&self) -> u64 {
        let id = self.child.as_ref().expect("running").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("running");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.expect("a number of kB")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// Waits until the log has that many of these.
    pub fn until_logged(&self, wanted: &str, times: usize) {
        for _ in 0..10_000 {
            if self.log().matches(wanted).count() >= times {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("{wanted} was not logged: {}", self.log());
    }

    /// Ends it as a service manager does; returns its exit code, its greeting and its log.
    pub fn stop(mut self) -> (i32, String, String) {
        self.signal(Signal::TERM);
        let done = finish(self.child.take().unwrap());
        self.out.read_to_string(&mut self.greeting).unwrap();
        (done.code, std::mem::take(&mut self.greeting), self.log())
    }

    /// A request with a JSON body; the answer's status and body.
    pub fn ask(&self, request: &str, bearer: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let body = body.to_string();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {bearer}\r\n\
             User-Agent: test\u{9b}agent\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let body = serde_json::from_str(body).expect("JSON");
        (status.expect("a status"), body)
    }

    /// Signs in; the status and the answer.
    pub fn login(&self, name: &str, password: &str) -> (u16, Value) {
        let body = json!({"username": name, "password": password});
        self.ask("POST /api/auth/login", "", &body)
    }

    /// Signs in with the right password.
    pub fn sign_in(&self, name: &str) -> Tokens {
        let (status, body) = self.login(name, PASSWORD);
        assert_eq!(status, 200, "{body}");
        Tokens::of(&body)
    }

    pub fn refresh(&self, token: &str) -> (u16, Value) {
        let body = json!({"refresh_token": token});
        self.ask("POST /api/auth/refresh", "", &body)
    }

    /// The code of a refused refresh.
    pub fn refusal(&self, token: &str) -> String {
        let (status, body) = self.refresh(token);
        assert_eq!(status, 401, "{body}");
        body["code"].as_str().expect("a code").to_owned()
    }

    pub fn validate(&self, access: &str) -> (u16, Value) {
        self.ask("GET /api/auth/validate", access, &Value::Null)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }
}

/// A pair of tokens.
#[derive(Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Tokens {
    pub fn of(body: &Value) -> Self {
        let text = |key: &str| body[key].as_str().expect(key).to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    /// A claim of the access token.
    pub fn claim(&self, token: &str, name: &str) -> String {
        assert!(token == self.access || token == self.refresh);
        let claims = token.split('.').nth(1).expect("claims");
        let claims = data_encoding::BASE64URL_NOPAD
            .decode(claims.as_bytes())
            .expect("base64url");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        claims[name].as_str().expect(name).to_owned()
    }

    /// The session's id.
    pub fn session(&self) -> String {
        self.claim(&self.access, "sid")
    }
}

/// The bytes of a file, or none.
pub fn bytes(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path).ok()
}
