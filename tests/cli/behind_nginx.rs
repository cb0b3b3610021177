//! The Hub behind nginx, with the settings in `contrib/nginx`: what a browser and an app meet through TLS, and what strangers cannot pretend.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::certificates::{self, Certificate};
use crate::stage::{PASSWORD, Server, Stage};

const SETTINGS: &str = include_str!("../../contrib/nginx/hub.conf");
/// Where clients come from; nginx itself comes from 127.0.0.1.
const CLIENT: &str = "127.0.0.9";
/// Runs the Hub with the socket at standard input as a service manager's: nobody else can get its port meanwhile.
const HAND_OVER: &str = "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"";
/// Whom a stranger pretends to be.
const FORGED: &str = "203.0.113.7";

/// nginx before a Hub; ended when the test forgets it.
struct Proxy {
    child: Child,
    port: u16,
    cert: PathBuf,
    place: PathBuf,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // TERM: it ends its workers.
        let _ended = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _reaped = self.child.wait();
    }
}

/// A port below those that the system gives to clients, another one each time: whether it is free, nginx finds out.
fn some_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    20_000 + listener.local_addr().unwrap().port() % 12_000
}

/// Replaces what the file must have.
fn put(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "contrib/nginx/hub.conf lacks {from:?}");
    text.replace(from, to)
}

/// The file as an administrator fills it in, within the least that nginx wants around it.
fn settings(place: &Path, hub: SocketAddr, port: u16, certificate: &Certificate) -> String {
    let site = put(
        SETTINGS,
        "server 127.0.0.1:8000;",
        &format!("server {hub};"),
    );
    let site = put(&site, "hub.example.com", "localhost");
    let site = put(
        &site,
        "listen 443 ssl;",
        &format!("listen 127.0.0.1:{port} ssl;"),
    );
    let plain = place.join("plain.sock");
    let site = put(
        &site,
        "listen 80;",
        &format!("listen unix:{};", plain.display()),
    );
    let cert = certificate.cert.display().to_string();
    let site = put(&site, "/etc/ssl/hub/fullchain.pem", &cert);
    let key = certificate.key.display().to_string();
    let site = put(&site, "/etc/ssl/hub/privkey.pem", &key);
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = kinds.map(|kind| format!("{kind}_temp_path {}/{kind};\n", place.display()));
    let temporary = temporary.concat();
    format!(
        "pid {0}/nginx.pid;\nerror_log {0}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n",
        place.display()
    )
}

/// A Hub that trusts what comes from 127.0.0.1, and nginx before it.
fn proxied() -> (Stage, Server, Proxy) {
    let mut stage = Stage::new();
    let place = stage.place().to_owned();
    // nginx's workers are another user where root runs the tests.
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    let hub = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = hub.local_addr().unwrap();
    let proxy = (0..20)
        .find_map(|_| nginx(&place, address))
        .expect("nginx on one of twenty ports: see its log");
    let url = format!("https://localhost:{}", proxy.port);
    stage.environment.push(("HUB_PUBLIC_URL", url));
    let proxies = "127.0.0.1".to_owned();
    stage.environment.push(("HUB_TRUSTED_PROXIES", proxies));
    let as_asked = stage.command(&["serve", "--bind", "systemd"]);
    let mut command = Command::new("sh");
    let log = place.join("server.log");
    command
        .args(["-c", HAND_OVER, "sh"])
        .arg(as_asked.get_program())
        .args(as_asked.get_args())
        .env_clear()
        .envs(
            served
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::from(OwnedFd::from(hub)))
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log).unwrap());
    let mut server = Stage::start_as_it_is(command, log);
    // The greeting names the public address.
    server.address = address;
    (stage, server, proxy)
}

/// Starts nginx; `None` if somebody has its port.
fn nginx(place: &Path, hub: SocketAddr) -> Option<Proxy> {
    let certificate = certificates::make(place, "nginx");
    let port = some_port();
    let file = place.join("nginx.conf");
    fs::write(&file, settings(place, hub, port, &certificate)).unwrap();
    let child = Command::new("nginx")
        .args(["-g", "daemon off;", "-p"])
        .arg(place)
        .arg("-c")
        .arg(&file)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .stderr(fs::File::create(place.join("nginx.log")).unwrap())
        .spawn()
        .expect("nginx: install the package nginx-light");
    let mut proxy = Proxy {
        child,
        port,
        cert: certificate.cert,
        place: place.to_owned(),
    };
    for _ in 0..6_000 {
        if proxy.child.try_wait().unwrap().is_some() {
            let told = fs::read_to_string(place.join("nginx.log")).unwrap();
            assert!(told.contains("Address already in use"), "{told}");
            return None;
        }
        // Written once it has its ports.
        if place.join("nginx.pid").exists() {
            return Some(proxy);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("nginx did not start within a minute");
}

impl Proxy {
    /// What curl gets for this route from a client at `CLIENT`: the status, the head, the body.
    fn curl(&self, more: &[&str], route: &str) -> (u16, String, String) {
        let done = Command::new("curl")
            .args(["--silent", "--show-error", "--include", "--http1.1"])
            .args(["--max-time", "30", "--interface", CLIENT, "--cacert"])
            .arg(&self.cert)
            .args(["--resolve", &format!("localhost:{}:127.0.0.1", self.port)])
            .args(["--header", "Expect:"])
            .args(more)
            .arg(format!("https://localhost:{}{route}", self.port))
            .output()
            .unwrap();
        let answer = String::from_utf8(done.stdout).unwrap();
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{answer}{}", String::from_utf8_lossy(&done.stderr)));
        let status = head[9..12].parse().unwrap();
        (status, head.to_lowercase(), body.to_owned())
    }

    fn json(&self, more: &[&str], route: &str) -> Value {
        let (status, head, body) = self.curl(more, route);
        assert_eq!(status, 200, "{head}\n{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Signs alice in, with a forged address beside it.
    fn sign_in(&self) -> Value {
        let body = json!({"username": "alice", "password": PASSWORD}).to_string();
        let forged = format!("X-Forwarded-For: {FORGED}");
        self.json(&["--header", &forged, "--json", &body], "/api/auth/login")
    }
}

fn bearer(tokens: &Value) -> String {
    let access = tokens["access_token"].as_str().unwrap();
    format!("Authorization: Bearer {access}")
}

#[test]
fn behind_nginx_sessions_have_their_clients_addresses_and_no_forged_ones() {
    let (_stage, _server, proxy) = proxied();
    let tokens = proxy.sign_in();
    let list = proxy.json(&["--header", &bearer(&tokens)], "/api/auth/sessions");
    assert_eq!(list["sessions"][0]["ip"], CLIENT, "{list}");
    // Also one that pretends to have come through the proxy already.
    let through = format!("X-Forwarded-For: {FORGED}, 127.0.0.1");
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    let more = ["--header", &through, "--header", "X-Real-IP: 203.0.113.8"];
    let tokens = proxy.json(&[&more[..], &["--json", &body]].concat(), "/api/auth/login");
    let list = proxy.json(&["--header", &bearer(&tokens)], "/api/auth/sessions");
    let addresses: Vec<&Value> = (0..2).map(|at| &list["sessions"][at]["ip"]).collect();
    assert_eq!(addresses, [CLIENT, CLIENT], "{list}");
}

#[test]
fn behind_nginx_tokens_are_renewed_and_a_session_ends_as_without_it() {
    let (_stage, _server, proxy) = proxied();
    let tokens = proxy.sign_in();
    let body = json!({"refresh_token": tokens["refresh_token"]}).to_string();
    let renewed = proxy.json(&["--json", &body], "/api/auth/refresh");
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
    let with = bearer(&renewed);
    let user = proxy.json(&["--header", &with], "/api/auth/me");
    assert_eq!(user["user"]["username"], "alice");
    let (status, ..) = proxy.curl(
        &["--request", "POST", "--header", &with],
        "/api/auth/logout",
    );
    assert_eq!(status, 200);
    let (status, _, body) = proxy.curl(&["--header", &with], "/api/auth/me");
    assert!(status == 401 && body.contains("session_revoked"), "{body}");
}

#[test]
fn behind_nginx_cookies_are_for_https_only_and_pages_lead_to_their_own_host() {
    let (_stage, _server, proxy) = proxied();
    let jar = proxy.place.join("jar");
    let jar = jar.to_str().unwrap();
    let (status, head, page) = proxy.curl(&["--cookie-jar", jar], "/login");
    assert_eq!(status, 200, "{head}");
    assert!(head.contains("strict-transport-security: "), "{head}");
    let secure_cookies = |head: &str| {
        let cookies = head.lines().filter(|line| line.starts_with("set-cookie: "));
        let all: Vec<&str> = cookies.collect();
        !all.is_empty() && all.iter().all(|cookie| cookie.contains("; secure"))
    };
    assert!(secure_cookies(&head), "{head}");
    let mark = "name=\"form_token\" value=\"";
    let (_, rest) = page.split_once(mark).expect("a form");
    let (token, _) = rest.split_once('"').unwrap();
    let origin = format!("Origin: https://localhost:{}", proxy.port);
    let site = "Sec-Fetch-Site: same-origin";
    let form_token = format!("form_token={token}");
    let password = format!("password={PASSWORD}");
    let form = [
        "--data-urlencode",
        &form_token,
        "--data-urlencode",
        "username=admin",
    ];
    let form = [&form[..], &["--data-urlencode", &password]].concat();
    let more = [
        "--cookie",
        jar,
        "--cookie-jar",
        jar,
        "--header",
        &origin,
        "--header",
        site,
    ];
    let (status, head, body) = proxy.curl(&[&more[..], &form].concat(), "/login");
    assert_eq!(status, 303, "{head}\n{body}");
    assert!(secure_cookies(&head), "{head}");
    assert!(head.contains("location: /"), "{head}");
}

#[test]
fn before_the_hub_nginx_refuses_long_bodies_and_sends_plain_http_to_https() {
    let (_stage, server, proxy) = proxied();
    let body = proxy.place.join("long");
    fs::write(&body, vec![b'x'; 40_000]).unwrap();
    let body = format!("@{}", body.display());
    let (status, head, _) = proxy.curl(&["--data-binary", &body], "/api/auth/login");
    assert!(status == 413 && head.contains("server: nginx"), "{head}");
    let (code, _, log) = server.stop();
    assert_eq!(code, 0);
    assert!(!log.contains("/api/auth/login"), "it came through: {log}");
    let done = Command::new("curl")
        .args(["--silent", "--max-time", "30", "--include", "--unix-socket"])
        .arg(proxy.place.join("plain.sock"))
        .arg("http://localhost/login?next=/account")
        .output()
        .unwrap();
    let answer = String::from_utf8(done.stdout).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 308 ")
            && answer.contains("Location: https://localhost/login?next=/account\r\n"),
        "{answer}"
    );
}
