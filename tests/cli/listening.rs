//! Where the server listens: Unix sockets and those of a service manager, as programs meet them.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::stage::{PASSWORD, Server, Stage};

/// Runs the server with the sockets at standard input and standard error as those of a service manager.
const HAND_OVER: &str = r#"exec 3<&0 4<&2 0</dev/null 2>"$1"; shift
    LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=one:two exec "$@""#;

fn socket(stage: &Stage) -> (PathBuf, String) {
    let path = stage.place().join("hub.sock");
    let bind = format!("unix:{}", path.display());
    (path, bind)
}

fn serve(stage: &Stage, bind: &str) -> Server {
    stage.start(stage.command(&["serve", "--bind", bind]))
}

/// What curl gets through a Unix socket.
fn curl(path: &std::path::Path, more: &[&str], route: &str) -> String {
    let done = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            "--unix-socket",
        ])
        .arg(path)
        .args(more)
        .arg(format!("http://localhost{route}"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn a_unix_socket_is_for_its_group_and_gone_after_the_end() {
    let stage = Stage::empty();
    let (path, bind) = socket(&stage);
    let server = serve(&stage, &bind);
    let found = fs::symlink_metadata(&path).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o7777, 0o660);
    assert!(curl(&path, &[], "/healthz").contains("ok"));
    let told = stage.run(&["healthcheck", "--bind", &bind]).good();
    assert_eq!(told, format!("alive at {bind}\n"));
    let (code, greeting, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    assert!(
        greeting.contains("  address   http://localhost\n"),
        "{greeting}"
    );
    assert!(
        greeting.contains(&format!("  listens   {bind}\n")),
        "{greeting}"
    );
    assert!(!path.exists());
    let line = stage.run(&["healthcheck", "--bind", &bind]).failed(1);
    assert!(
        line.starts_with(&format!("no healthy server at {bind}: ")),
        "{line}"
    );
}

#[test]
fn the_socket_of_a_dead_server_is_replaced_and_nothing_else_is() {
    let stage = Stage::empty();
    let (path, bind) = socket(&stage);
    let server = serve(&stage, &bind);
    server.signal(Signal::KILL);
    drop(server);
    assert!(path.exists());
    let server = serve(&stage, &bind);
    assert!(curl(&path, &[], "/healthz").contains("ok"));
    // A living one is left alone, with another data directory too.
    let other = Stage::empty();
    let line = other.run(&["serve", "--bind", &bind]).failed(75);
    assert_eq!(
        line,
        format!(
            "another server listens on {bind}; stop that one, or choose another path with --bind"
        )
    );
    assert_eq!(server.stop().0, 0);
    fs::write(&path, "precious").unwrap();
    let line = other.run(&["serve", "--bind", &bind]).failed(73);
    assert!(line.contains("is no socket; move it away"), "{line}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    let nowhere = other.place().join("missing").join("hub.sock");
    let bind = format!("unix:{}", nowhere.display());
    let line = other.run(&["serve", "--bind", &bind]).failed(73);
    assert!(line.contains("its directory must exist"), "{line}");
    for wrong in [
        "unix:hub.sock",
        "unix:",
        &format!("unix:/{}", "x".repeat(107)),
    ] {
        let line = other.run(&["serve", "--bind", wrong]).failed(78);
        assert!(
            line.contains("write it like unix:/run/hub/hub.sock"),
            "{line}"
        );
    }
}

#[test]
fn behind_a_unix_socket_a_client_has_the_address_that_a_trusted_proxy_names_or_none() {
    for (trusted, address) in [("unix", Value::from("198.51.100.7")), ("", Value::Null)] {
        let mut stage = Stage::new();
        stage
            .environment
            .push(("HUB_TRUSTED_PROXIES", trusted.to_owned()));
        let (path, bind) = socket(&stage);
        let server = serve(&stage, &bind);
        let body = serde_json::json!({"username": "alice", "password": PASSWORD}).to_string();
        let headers = ["--header", "X-Forwarded-For: 198.51.100.7", "--json", &body];
        let answer: Value =
            serde_json::from_str(&curl(&path, &headers, "/api/auth/login")).unwrap();
        let bearer = format!(
            "Authorization: Bearer {}",
            answer["access_token"].as_str().unwrap()
        );
        let list = curl(&path, &["--header", &bearer], "/api/auth/sessions");
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list["sessions"][0]["ip"], address, "{list}");
        assert_eq!(server.stop().0, 0);
    }
}

#[test]
fn sockets_of_a_service_manager_are_served_and_outlive_the_server() {
    let stage = Stage::empty();
    let path = stage.place().join("handed.sock");
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let unix = UnixListener::bind(&path).unwrap();
    let address = tcp.local_addr().unwrap();
    for _ in 0..2 {
        let handed = |socket: OwnedFd| Stdio::from(socket);
        let mut command = Command::new("sh");
        let log = stage.place().join("real.log");
        command.args(["-c", HAND_OVER, "sh"]).arg(&log);
        let hub = stage.command(&["serve", "--bind", "systemd"]);
        command.arg(hub.get_program()).args(hub.get_args());
        for (name, value) in hub.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
            .stdin(handed(tcp.try_clone().unwrap().into()))
            .stderr(handed(unix.try_clone().unwrap().into()))
            .stdout(Stdio::piped());
        let server = Stage::start_as_it_is(command, log);
        assert_eq!(server.address, address);
        let health = stage.run(&["healthcheck", "--bind", &address.to_string()]);
        assert_eq!(health.good(), format!("alive at {address}\n"));
        assert!(curl(&path, &[], "/healthz").contains("ok"));
        let (code, greeting, log) = server.stop();
        assert_eq!(code, 0, "{log}");
        assert!(greeting.contains("  listens   systemd\n"), "{greeting}");
        assert!(path.exists(), "the manager's socket is not the server's");
    }
    let line = stage.run(&["healthcheck", "--bind", "systemd"]).failed(1);
    assert!(line.contains("name one with --bind"), "{line}");
}

#[test]
fn without_sockets_of_its_own_systemd_is_69() {
    let mut stage = Stage::empty();
    let wanted = "systemd has handed over 0 sockets (1 to 64 are taken); have the service started by its .socket unit, or name an address with --bind";
    assert_eq!(
        stage.run(&["serve", "--bind", "systemd"]).failed(69),
        wanted
    );
    // Somebody else's.
    stage.environment.push(("LISTEN_PID", "1".to_owned()));
    stage.environment.push(("LISTEN_FDS", "1".to_owned()));
    assert_eq!(
        stage.run(&["serve", "--bind", "systemd"]).failed(69),
        wanted
    );
    assert!(!stage.data().exists());
}

#[test]
fn with_the_proxy_protocol_a_trusted_proxy_speaks_for_others_and_nobody_else_is_heard() {
    let with = |proxies: &str| {
        let mut stage = Stage::empty();
        let on = "on".to_owned();
        stage.environment.push(("HUB_FRONT__PROXY_PROTOCOL", on));
        let proxies = proxies.to_owned();
        stage.environment.push(("HUB_TRUSTED_PROXIES", proxies));
        stage
    };
    let ask = |server: &Server, more: &[&str]| {
        let done = Command::new("curl")
            .args(["--silent", "--max-time", "20"])
            .args(more)
            .arg(format!("http://{}/healthz", server.address))
            .output()
            .unwrap();
        (done.status.success(), done.stdout)
    };
    let stage = with("127.0.0.1");
    let server = stage.serve();
    assert!(ask(&server, &["--haproxy-protocol"]).0);
    assert_eq!(ask(&server, &[]), (false, Vec::new()));
    let bind = server.address.to_string();
    stage.run(&["healthcheck", "--bind", &bind]).good();
    assert_eq!(server.stop().0, 0);
    let stage = with("10.0.0.1");
    let server = stage.serve();
    assert_eq!(ask(&server, &["--haproxy-protocol"]), (false, Vec::new()));
    let bind = server.address.to_string();
    stage.run(&["healthcheck", "--bind", &bind]).failed(1);
}
