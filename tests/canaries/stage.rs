//! A Hub of its own whose secrets are all known: they are noted as they are handed out, and looked for when it ends.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use hub::crypto::keyring::{Purpose, Secret};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::scanner::{Finding, Secrets, assert_none};
use crate::talk::{Answer, Call};

/// Files that hold secrets by right: the keys, and the setup link.
const HOMES: [&str; 2] = ["secret.key", "setup-token"];
/// Lines of a greeting at most.
const MAX_GREETING_LINES: usize = 12;

/// The binary under test: the release binary where `HUBTEST_BINARY` names it.
pub fn binary() -> PathBuf {
    std::env::var_os("HUBTEST_BINARY")
        .map_or_else(|| env!("CARGO_BIN_EXE_hub").into(), PathBuf::from)
}

/// A data directory, a server on it that logs all there is, and what is known of both.
pub struct Stage {
    directory: TempDir,
    pub settings: Vec<(&'static str, String)>,
    server: Option<Server>,
    /// Nobody is shown these again: neither in a page, nor in an export, nor by a command.
    hidden: RefCell<Secrets>,
    /// These stand in a page once, for whoever they are for.
    shown_once: RefCell<Secrets>,
    /// What pages, exports and commands showed.
    shown: RefCell<Vec<(String, String)>>,
}

struct Server {
    child: Child,
    address: SocketAddr,
    greeting: String,
    out: BufReader<ChildStdout>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Stage {
    pub fn new() -> Self {
        let mut stage = Self {
            directory: TempDir::with_prefix("hub-canaries-").expect("a directory"),
            settings: Vec::new(),
            server: None,
            hidden: RefCell::default(),
            shown_once: RefCell::default(),
            shown: RefCell::default(),
        };
        stage.start();
        stage
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("server.log")
    }

    fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.log());
        let mut child = self
            .command(&["serve", "--bind", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("a log"))
            .spawn()
            .expect("the binary starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut greeting = String::new();
        for _ in 0..MAX_GREETING_LINES {
            out.read_line(&mut greeting).expect("a greeting");
            if greeting.contains("  help ") {
                break;
            }
        }
        let address = greeting.split("http://").nth(1).expect("an address");
        let address = address.split_whitespace().next().expect("an address");
        if let Some(token) = setup_token(&greeting) {
            self.once("the setup link's token", token);
        }
        self.server = Some(Server {
            address: address.parse().expect("an address"),
            child,
            greeting,
            out,
        });
    }

    pub fn address(&self) -> SocketAddr {
        self.server.as_ref().expect("running").address
    }

    /// The path of the setup link that the server greeted with.
    pub fn setup_path(&self) -> String {
        let greeting = &self.server.as_ref().expect("running").greeting;
        format!("/setup?token={}", setup_token(greeting).expect("a link"))
    }

    /// Ends the server as a service manager does, and starts it again.
    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// Ends the server; what it printed was its greeting.
    fn stop(&mut self) {
        let mut server = self.server.take().expect("running");
        kill_process(Pid::from_child(&server.child), Signal::TERM).expect("signalled");
        let status = server.child.wait().expect("its end");
        assert!(status.success(), "{status}");
        let mut rest = String::new();
        server.out.read_to_string(&mut rest).expect("text");
        assert_eq!(rest, "", "after its greeting the server prints nothing");
        self.show("the greeting", &server.greeting);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(words)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HUB_DATA_DIR", self.data())
            .env("HUB_LOG", "trace")
            .env("HUB_LOG_FORMAT", "json")
            .env("HUB_HASHING__MEMORY_KIB", "8")
            .env("HUB_HASHING__PASSES", "1")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory.path());
        command
    }

    /// Runs a command with this on its standard input; what it says is looked through at the end.
    pub fn run(&self, words: &[&str], input: &str) -> Output {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        // A command that fails early does not read it.
        let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().expect("its output");
        let place = format!("hub {}", words.join(" "));
        self.show(&place, &String::from_utf8_lossy(&output.stdout));
        self.show(&place, &String::from_utf8_lossy(&output.stderr));
        output
    }

    pub fn ask(&self, line: &str) -> Call<'_> {
        Call::new(self, line)
    }

    /// Makes a service account at the command line, which shows its token once.
    pub fn add_service(&self, name: &str) -> String {
        let output = self.run(&["service", "add", name], "");
        assert!(output.status.success(), "{output:?}");
        let token = String::from_utf8(output.stdout).expect("text");
        self.note_service_token(token.trim());
        token.trim().to_owned()
    }

    /// What proves a service is the last part of its token.
    pub fn note_service_token(&self, token: &str) {
        let digits = token.rsplit('_').next().unwrap_or_default();
        let bytes = data_encoding::HEXLOWER.decode(digits.as_bytes());
        let bytes = bytes.expect("hex");
        assert_eq!(bytes.len(), 32, "a service's token");
        // As bytes it is looked for in hex, too.
        self.once("a service's token", bytes);
    }

    /// What a webhook shares with its receiver stands behind its beginning, in base64; that again.
    pub fn note_webhook_secret(&self, secret: &str) -> String {
        let digits = secret.trim().strip_prefix("whsec_").expect("a secret");
        let bytes = data_encoding::BASE64.decode(digits.as_bytes());
        let bytes = bytes.expect("base64");
        assert_eq!(bytes.len(), 32, "a webhook's secret");
        self.once("a webhook's secret", bytes);
        // Pages escape a slash in it.
        self.once("a webhook's secret", digits);
        digits.to_owned()
    }

    /// In how much of what people got to see a secret stands, in whatever form.
    pub fn times_shown(&self, secret: &str) -> usize {
        let mut secrets = Secrets::default();
        secrets.add("a secret", secret);
        let scanner = secrets.scanner();
        let shown = self.shown.borrow();
        let has = |(place, text): &&(String, String)| {
            let found = scanner.search(place, text.as_bytes());
            !found.is_empty()
        };
        shown.iter().filter(has).count()
    }

    /// A secret that nobody is ever shown; itself again.
    pub fn secret<'secret>(&self, kind: &'static str, secret: &'secret str) -> &'secret str {
        self.hidden.borrow_mut().add(kind, secret);
        secret
    }

    /// The same for what is no text.
    pub fn secret_bytes(&self, kind: &'static str, secret: &[u8]) {
        self.hidden.borrow_mut().add(kind, secret);
    }

    /// A secret that is shown once to whoever it is for.
    pub fn once(&self, kind: &'static str, secret: impl AsRef<[u8]>) {
        self.shown_once.borrow_mut().add(kind, secret);
    }

    /// Something that a person gets to see.
    pub fn show(&self, place: &str, text: &str) {
        let mut shown = self.shown.borrow_mut();
        shown.push((place.to_owned(), text.to_owned()));
    }

    /// Notes the tokens, cookies and form tokens of an answer.
    pub fn note_answer(&self, answer: &Answer) {
        let body = answer.json();
        for key in ["access_token", "refresh_token"] {
            if let Some(token) = body[key].as_str() {
                self.hidden.borrow_mut().add_token(token);
            }
        }
        for cookie in answer.all("Set-Cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            // These two say what a page looks like and what it tells once.
            if !name.ends_with("_theme") && !name.ends_with("_note") {
                self.secret("a cookie's value", value);
            }
        }
        for part in answer.body.split("name=\"form_token\" value=\"").skip(1) {
            self.once("a form token", part.split('"').next().unwrap_or_default());
        }
    }

    /// Ends the Hub and looks for every secret in all that it leaves behind; gives back what its log says.
    pub fn finish(mut self) -> String {
        let backup = self.data().join("backups/hub-backup.db");
        fs::create_dir_all(backup.parent().unwrap()).unwrap();
        // While the server runs, as the README says.
        sqlite3(&self.data(), &format!(".backup {}", backup.display()));
        let dump = sqlite3(&self.data(), ".dump");
        self.stop();
        self.note_keys();
        let mut found = Vec::new();
        for secrets in [&self.hidden, &self.shown_once] {
            let scanner = secrets.borrow().scanner();
            found.extend(scanner.search_files(self.directory.path(), &HOMES));
            found.extend(scanner.search("a dump of the database", dump.as_bytes()));
        }
        found.extend(self.in_what_was_shown());
        assert_none(&found);
        assert!(backup.exists() && dump.contains("INSERT INTO"), "{dump}");
        fs::read_to_string(self.log()).expect("a log")
    }

    /// Pages, exports and commands also keep to themselves what the database knows of a secret.
    fn in_what_was_shown(&self) -> Vec<Finding> {
        let mut secrets = self.hidden.borrow().clone();
        for (kind, bytes) in stored(&self.data().join("hub.db")) {
            secrets.add(kind, bytes);
        }
        let scanner = secrets.scanner();
        let shown = self.shown.borrow();
        assert!(!shown.is_empty());
        let search = |(place, text): &(String, String)| scanner.search(place, text.as_bytes());
        shown.iter().flat_map(search).collect()
    }

    /// The keys, and all that is made of them.
    fn note_keys(&self) {
        let file = fs::read_to_string(self.data().join("secret.key")).expect("keys");
        let mut hidden = self.hidden.borrow_mut();
        for line in file.lines() {
            hidden.add("a key", line);
            let bytes = data_encoding::HEXLOWER.decode(line.as_bytes());
            hidden.add("a key", bytes.expect("hex"));
            let secret = Secret::parse(line, "secret.key").expect("a key");
            for purpose in [
                Purpose::Refresh,
                Purpose::Access,
                Purpose::Jti,
                Purpose::Form,
                Purpose::Fingerprint,
                Purpose::SecondFactor,
                Purpose::Service,
                Purpose::Webhook,
            ] {
                hidden.add("a derived key", secret.derive(purpose).reveal());
            }
        }
    }
}

/// What stands in the database in a secret's place: no use to a thief, and nobody's to see.
#[expect(
    clippy::disallowed_methods,
    reason = "looks at the file from outside, as a thief does"
)]
fn stored(database: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let connection = Connection::open(database).expect("a database");
    let mut all = Vec::new();
    for (kind, sql) in [
        (
            "a password's hash",
            "SELECT CAST(password_hash AS BLOB) FROM users",
        ),
        ("a session's salt", "SELECT salt FROM sessions"),
        ("a service's salt", "SELECT salt FROM service_accounts"),
        (
            "a webhook's salt",
            "SELECT salt FROM webhooks UNION ALL SELECT old_salt FROM webhooks WHERE old_salt IS NOT NULL",
        ),
        ("a cookie's hash", "SELECT value_hash FROM browser_cookies"),
        (
            "a second factor's number",
            "SELECT nonce FROM second_factors",
        ),
        ("a recovery code's hash", "SELECT hash FROM recovery_codes"),
    ] {
        let mut statement = connection.prepare(sql).expect("a table");
        let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0));
        all.extend(rows.expect("rows").map(|row| (kind, row.expect("bytes"))));
    }
    all
}

fn sqlite3(data: &Path, command: &str) -> String {
    let output = Command::new("sqlite3")
        .arg(data.join("hub.db"))
        .arg(command)
        .output()
        .expect("sqlite3 is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The token in a text with the setup link.
pub fn setup_token(text: &str) -> Option<&str> {
    text.split("/setup?token=")
        .nth(1)?
        .split_whitespace()
        .next()
}
