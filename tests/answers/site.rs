//! A server with its people, and how they come in.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::asking::{self, Answer, Call};
use crate::server::Launch;

/// A password that is on no list of common ones.
pub const PASSWORD: &str = "correct horse 7";

/// A page of this origin may call the API of the sites that are told so.
pub const APP: &str = "https://app.example.com";

/// A running server on a directory of its own; it ends when this is dropped.
pub struct Site {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    /// Held open, so that the server never writes into a closed pipe.
    _greeting: BufReader<ChildStdout>,
    launch: Launch,
    pub directory: TempDir,
    /// Whether its public address is `https`.
    pub https: bool,
    /// Whether pages of [`APP`] may call its API.
    pub cors: bool,
}

impl Site {
    /// On this directory, with these settings in place of cheap hashing and no log.
    pub fn on(directory: TempDir, settings: &[(&str, &str)]) -> Self {
        let data = directory.path().join("data");
        let launch = settings.iter().fold(
            Launch::on(&data).cheap_hashing(),
            |launch, (name, value)| launch.set(name, value),
        );
        let is_set = |name: &str, begin: &str| {
            let mut settings = settings.iter();
            settings.any(|(set, value)| *set == name && value.starts_with(begin))
        };
        let log = directory.path().join("log");
        let mut child = launch
            .command()
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut greeting = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        // Its last line but one; the greeting names the public address, which is not where it listens.
        while !line.starts_with("  stop ") {
            line.clear();
            let read = greeting.read_line(&mut line).unwrap();
            assert!(
                read > 0,
                "no greeting: {}",
                fs::read_to_string(&log).unwrap()
            );
        }
        Self {
            address: listens(child.id()).expect("a listening socket"),
            child,
            log,
            _greeting: greeting,
            https: is_set("HUB_PUBLIC_URL", "https://"),
            cors: is_set("HUB_CORS_ORIGINS", APP),
            launch,
            directory,
        }
    }

    pub fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(tempfile::tempdir().unwrap(), settings)
    }

    /// Behind an HTTPS address, with an app of another origin.
    pub fn public() -> Self {
        Self::with(&[
            ("HUB_PUBLIC_URL", "https://hub.example.com"),
            ("HUB_CORS_ORIGINS", APP),
        ])
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long its threads have been on a processor.
    pub fn worked_micros(&self) -> f64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanos = threads.filter_map(|thread| {
            let worked = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            worked.split(' ').next()?.parse::<f64>().ok()
        });
        nanos.sum::<f64>() / 1e3
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub fn ask(&self, call: &Call) -> Answer {
        asking::ask(self.address(), call)
    }

    /// Runs a command beside the server, with this on its standard input.
    pub fn run(&self, arguments: &[&str], input: &str) {
        let mut child = Command::new(self.launch.binary_path())
            .args(arguments)
            .env_clear()
            .env("HUB_DATA_DIR", self.directory.path().join("data"))
            .env("HUB_HASHING__MEMORY_KIB", "8")
            .env("HUB_HASHING__PASSES", "1")
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success(), "{arguments:?}");
    }

    /// Makes an account at the command line.
    pub fn add(&self, name: &str, role: &str) {
        let email = format!("{name}@example.com");
        let arguments = ["user", "add", name, "--email", &email, "--role", role];
        self.run(&[&arguments[..], &["--password-stdin"]].concat(), PASSWORD);
    }

    /// Signs in for tokens.
    pub fn login(&self, name: &str, password: &str) -> Answer {
        let body = json!({"username": name, "password": password});
        self.ask(&Call::new("POST", "/api/auth/login").json(&body))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Where a process listens, as `/proc` tells: its listening socket is the one in the table of sockets that it has open.
fn listens(pid: u32) -> Option<SocketAddr> {
    let open: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.to_string_lossy().into_owned())
        .collect();
    let sockets = fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    sockets.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_listening = words.get(3) == Some(&"0A");
        let inode = format!("socket:[{}]", words.get(9)?);
        let port = words.get(1)?.rsplit(':').next()?;
        let port = u16::from_str_radix(port, 16).ok()?;
        (is_listening && open.contains(&inode)).then(|| (Ipv4Addr::LOCALHOST, port).into())
    })
}

/// Somebody with an access token and a browser.
pub struct Person<'site> {
    site: &'site Site,
    name: Option<&'static str>,
    pub access: String,
    cookies: Vec<(String, String)>,
    pub form_token: String,
}

impl<'site> Person<'site> {
    /// Nobody: a browser without anything.
    pub fn nobody(site: &'site Site) -> Self {
        Self {
            site,
            name: None,
            access: String::new(),
            cookies: Vec::new(),
            form_token: String::new(),
        }
    }

    /// Somebody who is signed in both ways.
    pub fn of(site: &'site Site, name: &'static str) -> Self {
        let mut person = Self {
            name: Some(name),
            ..Self::nobody(site)
        };
        person.sign_in();
        person
    }

    fn sign_in(&mut self) {
        let Some(name) = self.name else { return };
        let answer = self.site.login(name, PASSWORD);
        let body = answer.json();
        body["access_token"]
            .as_str()
            .expect("a token")
            .clone_into(&mut self.access);
        self.cookies.clear();
        self.open("/login");
        let form = format!(
            "username={name}&password={}&form_token={}",
            PASSWORD.replace(' ', "+"),
            self.form_token
        );
        let call = self.page("POST", "/login").form(&form);
        let answer = self.site.ask(&call);
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.keep(&answer);
    }

    /// Comes in again if what was done meanwhile has ended the session, and opens the page that forms of this path stand on.
    pub fn come_in(&mut self, path: &str) {
        let area = match path.split('/').nth(1) {
            Some("admin") => "/admin/sudo",
            Some("account") => "/account",
            _ => "/login",
        };
        if self.name.is_some() {
            let alive = Call::new("GET", "/api/auth/validate").bearer(&self.access);
            if self.site.ask(&alive).status != 200 || self.open("/account").status != 200 {
                self.sign_in();
            }
        }
        self.open(area);
    }

    /// The session that the access token names.
    pub fn session(&self) -> String {
        let claims = self.access.split('.').nth(1).expect("claims");
        let claims = BASE64URL_NOPAD
            .decode(claims.as_bytes())
            .expect("base64url");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        claims["sid"].as_str().expect("a session").to_owned()
    }

    /// A request as this browser sends it from a page of the Hub.
    pub fn page(&self, method: &str, path: &str) -> Call {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Call::new(method, path)
            .header("Accept", "text/html")
            .header("Sec-Fetch-Site", "same-origin")
            .header("Cookie", &cookies.join("; "))
    }

    /// A request of a program in this person's name.
    pub fn api(&self, method: &str, path: &str) -> Call {
        let call = Call::new(method, path);
        if self.name.is_none() {
            return call;
        }
        call.bearer(&self.access)
    }

    fn open(&mut self, path: &str) -> Answer {
        let answer = self.site.ask(&self.page("GET", path));
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for header in answer.all("Set-Cookie") {
            let (name, rest) = header.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            self.cookies.retain(|(known, _)| known != name);
            if !rest.contains("Max-Age=0;") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let marker = "name=\"form_token\" value=\"";
        if let Some((_, rest)) = answer.text().split_once(marker) {
            let value = rest.split('"').next().unwrap_or_default();
            value.clone_into(&mut self.form_token);
        }
    }
}
