//! The metrics as their reader meets them: a port of their own, the files in `contrib`, and a real Prometheus.

mod port;
mod prometheus;
mod promtool;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::stage::{Server, Stage};

/// Long enough, and nowhere else.
const TOKEN: &str = "b1c4e7f0a3d6-metrics";

/// Below the ports that the system gives to clients, so that nobody gets it in between.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Thirty for each process, where each test is one.
    let begin = u16::try_from(std::process::id() % 400).unwrap() * 30;
    for _ in 0..1_000 {
        let port = 20_000 + begin + NEXT.fetch_add(1, Ordering::Relaxed) % 700;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

/// A server whose metrics are at that address.
fn serve(stage: &mut Stage) -> (Server, String) {
    let address = format!("127.0.0.1:{}", free_port());
    stage
        .environment
        .push(("HUB_METRICS_BIND", address.clone()));
    (stage.serve(), address)
}

/// The status and the body of what curl gets.
fn curl(more: &[&str], url: &str) -> (u16, String) {
    let done = Command::new("curl")
        .args([
            "--silent",
            "--max-time",
            "20",
            "--write-out",
            "\n%{http_code}",
        ])
        .args(more)
        .arg(url)
        .output()
        .unwrap();
    assert!(done.status.success(), "{url}: {done:?}");
    let text = String::from_utf8(done.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

fn scraped(address: &str) -> String {
    let (status, body) = curl(&[], &format!("http://{address}/metrics"));
    assert_eq!(status, 200, "{body}");
    body
}

/// A file or folder of the project.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
