//! What Prometheus's own checker says, and whether the files in `contrib` speak of what is really told.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use super::{curl, project, scraped, serve};
use crate::exposition::Exposition;
use crate::stage::{PASSWORD, Stage};

fn promtool(arguments: &[&str], input: &str) {
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(project("contrib/prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool, of the package prometheus");
    // One that reads files does not read it.
    let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(done.status.success(), "{arguments:?}: {said}");
}

/// What a Hub tells after a little of everything.
fn told() -> String {
    let mut stage = Stage::new();
    let (server, address) = serve(&mut stage);
    let tokens = server.sign_in("alice");
    assert_eq!(server.refresh(&tokens.refresh).0, 200);
    assert_eq!(server.login("alice", &format!("{PASSWORD}x")).0, 401);
    curl(&[], &format!("http://{}/nothing", server.address));
    stage.run(&["backup"]).good();
    scraped(&address)
}

#[test]
fn it_finds_nothing_wrong_with_the_metrics_and_the_files_in_contrib() {
    promtool(&["check", "rules", "hub.rules.yml"], "");
    promtool(&["check", "config", "prometheus.yml"], "");
    promtool(&["test", "rules", "hub.rules.test.yml"], "");
    promtool(&["check", "metrics"], &told());
}

#[test]
fn the_dashboard_and_the_alerts_name_only_what_is_told() {
    let told = Exposition::parse(&told());
    let backup = told.value("hub_backup_last_success_timestamp_seconds", &[]);
    assert!(backup > 1_000_000_000, "{backup}");
    let names: BTreeSet<&str> = told.samples.iter().map(|sample| &*sample.name).collect();
    let values: BTreeSet<(&str, &str)> = told
        .samples
        .iter()
        .flat_map(|sample| &sample.labels)
        .map(|(label, value)| (&**label, &**value))
        .collect();
    for file in ["grafana/hub-dashboard.json", "prometheus/hub.rules.yml"] {
        let path = project("contrib").join(file);
        let text = std::fs::read_to_string(path).unwrap().replace("\\\"", "\"");
        let spoken_of = metrics(&text);
        assert!(spoken_of.len() > 15, "{file}: {spoken_of:?}");
        for name in spoken_of {
            assert!(names.contains(name), "{file}: {name} is not told");
        }
        let matched = matched(&text);
        assert!(!matched.is_empty(), "{file}");
        for value in matched {
            assert!(values.contains(&value), "{file}: {value:?} is not told");
        }
    }
}

#[test]
fn every_alert_is_tried_and_every_family_is_on_the_dashboard() {
    let read = |path: &str| std::fs::read_to_string(project("contrib").join(path)).unwrap();
    let tests = read("prometheus/hub.rules.test.yml");
    let rules = read("prometheus/hub.rules.yml");
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let mut count = 0;
    for alert in alerts {
        let fires = format!("alertname=\"{alert}\", alertstate=\"firing\", severity=");
        assert!(tests.contains(&fires), "{alert}");
        count += 1;
    }
    assert!(count > 10, "{count}");
    let dashboard = read("grafana/hub-dashboard.json");
    serde_json::from_str::<serde_json::Value>(&dashboard).expect("JSON");
    for family in Exposition::parse(&told()).families.keys() {
        assert!(dashboard.contains(family), "{family} is on no panel");
    }
}

/// The metrics that a text names.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.starts_with("hub_") || word.starts_with("process_"))
        .collect()
}

/// The values of labels from fixed lists that a text asks for: `outcome=~"wrong|throttled"` are two.
fn matched(text: &str) -> BTreeSet<(&str, &str)> {
    let mut found = BTreeSet::new();
    for label in ["outcome", "state"] {
        for operator in ["=\"", "=~\""] {
            let begin = format!("{label}{operator}");
            for (at, _) in text.match_indices(&begin) {
                let rest = &text[at + begin.len()..];
                let values = rest.split('"').next().unwrap().split('|');
                found.extend(values.map(|value| (label, value)));
            }
        }
    }
    found
}
