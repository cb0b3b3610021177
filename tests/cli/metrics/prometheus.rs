//! A real Prometheus reads a Hub by the file in `contrib`.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::{curl, free_port, project, serve};
use crate::stage::Stage;

/// Two minutes of looks: a start takes a second, and the machine may be busy.
const LOOKS: u32 = 480;
const PAUSE: Duration = Duration::from_millis(250);

/// Ends what it holds when the test is over, however that comes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The configuration in `contrib`, for a Hub elsewhere and once a second, with the rules beside it.
fn configure(stage: &Stage, address: &str) -> std::path::PathBuf {
    let written = fs::read_to_string(project("contrib/prometheus/prometheus.yml")).unwrap();
    let written = written
        .replace("127.0.0.1:9464", address)
        .replace("_interval: 15s", "_interval: 1s");
    assert!(written.contains(address), "{written}");
    let rules = project("contrib/prometheus/hub.rules.yml");
    fs::copy(rules, stage.place().join("hub.rules.yml")).unwrap();
    let path = stage.place().join("prometheus.yml");
    fs::write(&path, written).unwrap();
    path
}

/// The first value of a query, once there is one.
fn asked(address: &str, query: &str) -> Value {
    let url = format!("http://{address}/api/v1/query?query={query}");
    for _ in 0..LOOKS {
        let done = Command::new("curl")
            .args(["--silent", "--max-time", "5", &url])
            .output()
            .unwrap();
        let answer: Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
        let first = &answer["data"]["result"][0];
        // A target counts as down until it was read.
        if first["value"][1].is_string() && first["value"][1] != "0" {
            return first.clone();
        }
        sleep(PAUSE);
    }
    panic!("{query} was never answered");
}

#[test]
fn a_prometheus_reads_the_hub_and_its_rules() {
    let mut stage = Stage::new();
    let (server, address) = serve(&mut stage);
    server.sign_in("alice");
    let own = format!("127.0.0.1:{}", free_port());
    let log = fs::File::create(stage.place().join("prometheus.log")).unwrap();
    let prometheus = Command::new("prometheus")
        .arg(format!(
            "--config.file={}",
            configure(&stage, &address).display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}",
            stage.place().join("tsdb").display()
        ))
        .arg(format!("--web.listen-address={own}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("prometheus, of the package prometheus");
    let prometheus = Running(prometheus);
    let up = asked(&own, "up");
    assert_eq!(up["metric"]["job"], "hub", "{up}");
    assert_eq!(up["value"][1], "1", "{up}");
    // The administrator and alice.
    let users = asked(&own, "hub_users");
    assert_eq!(users["value"][1], "2", "{users}");
    assert_eq!(users["metric"]["instance"], *address);
    let (status, rules) = curl(&[], &format!("http://{own}/api/v1/rules"));
    assert_eq!(status, 200);
    assert!(rules.contains("HubTokensReused"), "{rules}");
    drop(prometheus);
    assert_eq!(server.stop().0, 0);
}
