//! The port of the metrics.

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};

use super::{TOKEN, curl, free_port, scraped, serve};
use crate::stage::{PATIENCE, Stage};

#[test]
fn a_port_of_their_own_tells_the_metrics_to_whoever_reaches_it_and_nothing_else() {
    let mut stage = Stage::new();
    let (server, address) = serve(&mut stage);
    server.sign_in("alice");
    let text = scraped(&address);
    let signed_in = "hub_sign_ins_total{way=\"api\",outcome=\"success\"} 1\n";
    assert!(text.contains(signed_in), "{text}");
    for path in ["/", "/healthz", "/api/status", "/login", "/metrics/x"] {
        let accept = ["--header", "Accept: text/html"];
        let (status, body) = curl(&accept, &format!("http://{address}{path}"));
        let expected = r#"{"error":"Not found","code":"not_found"}"#;
        assert_eq!((status, &*body), (404, expected), "{path}");
    }
    let (status, _) = curl(&["--data", "x"], &format!("http://{address}/metrics"));
    assert_eq!(status, 404);
    // Prometheus names it by whatever name its configuration has.
    let host = ["--header", "Host: hub.monitoring.internal"];
    assert_eq!(curl(&host, &format!("http://{address}/metrics")).0, 200);
    // And the main port knows nothing of it.
    let main = format!("http://{}/metrics", server.address);
    assert_eq!(curl(&[], &main).0, 404);
    let (code, greeting, _) = server.stop();
    assert_eq!(code, 0);
    let line = format!("  metrics   http://{address}/metrics\n");
    assert!(greeting.contains(&line), "{greeting}");
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn it_holds_few_connections_and_the_newest_is_heard() {
    let mut stage = Stage::empty();
    let (server, address) = serve(&mut stage);
    let silent: Vec<TcpStream> = (0..40)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    assert!(scraped(&address).contains("hub_build_info"));
    let mut closed = 0;
    for mut connection in silent.iter().take(20) {
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        closed += usize::from(connection.read(&mut [0]).unwrap() == 0);
    }
    assert_eq!(closed, 20);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_port_that_cannot_be_listened_on_ends_the_start_with_a_line_and_its_code() {
    let mut stage = Stage::empty();
    let taken = TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let serve = ["serve", "--bind", "127.0.0.1:0"];
    stage
        .environment
        .push(("HUB_METRICS_BIND", address.clone()));
    let line = stage.run(&serve).failed(75);
    assert!(
        line.starts_with(&format!("cannot listen on {address}: ")),
        "{line}"
    );
    assert!(
        line.ends_with("choose another with HUB_METRICS_BIND"),
        "{line}"
    );
    stage.environment[0].1 = "192.0.2.1:9464".to_owned();
    let line = stage.run(&serve).failed(69);
    assert!(
        line.ends_with("of this machine with HUB_METRICS_BIND"),
        "{line}"
    );
    stage.environment[0].1 = "metrics".to_owned();
    let line = stage.run(&serve).failed(78);
    assert!(
        line.contains("HUB_METRICS_BIND: \"metrics\" is not an IP address"),
        "{line}"
    );
    stage.environment[0].1 = "127.0.0.1:8000".to_owned();
    let line = stage.run(&["config", "check"]).failed(78);
    assert!(line.contains("both cannot listen there"), "{line}");
}

#[test]
fn with_a_token_it_is_asked_for_there_too_and_shown_nowhere() {
    let mut stage = Stage::empty();
    let file = stage.place().join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let path = file.display().to_string();
    stage.environment.push(("HUB_METRICS_TOKEN_FILE", path));
    stage.environment.push(("HUB_LOG", "debug".to_owned()));
    let (server, address) = serve(&mut stage);
    let url = format!("http://{address}/metrics");
    let main = format!("http://{}/metrics", server.address);
    let bearer = format!("Authorization: Bearer {TOKEN}");
    for url in [&url, &main] {
        assert_eq!(curl(&[], url).0, 401);
        assert_eq!(
            curl(&["--header", "Authorization: Bearer another"], url).0,
            401
        );
        assert_eq!(curl(&["--header", &bearer], url).0, 200);
    }
    let shown = [
        stage.run(&["config", "print"]).good(),
        stage.run(&["config", "print", "--origin"]).good(),
        stage.run(&["config", "example"]).good(),
        format!("{:?}", stage.run(&["doctor"])),
    ];
    let (code, greeting, log) = server.stop();
    assert_eq!(code, 0);
    assert!(log.contains("/metrics"), "{log}");
    for text in shown.iter().chain([&greeting, &log]) {
        assert!(!text.contains(TOKEN), "{text}");
    }
    assert!(shown[0].contains("(hidden)"), "{}", shown[0]);
    for short in ["", "0123456789abcde", "0123456789 abcdef"] {
        fs::write(&file, short).unwrap();
        let line = stage.run(&["config", "check"]).failed(78);
        assert!(line.contains("HUB_METRICS_TOKEN_FILE"), "{line}");
        assert!(short.is_empty() || !line.contains(short), "{line}");
    }
}

#[test]
fn the_doctor_hints_at_metrics_that_anybody_may_read() {
    let mut stage = Stage::new();
    let told = |stage: &Stage| stage.run(&["doctor"]).out;
    stage
        .environment
        .push(("HUB_METRICS_BIND", "0.0.0.0:9464".to_owned()));
    let hint = "whoever reaches 0.0.0.0:9464 reads the metrics";
    assert!(told(&stage).contains(hint), "{}", told(&stage));
    stage
        .environment
        .push(("HUB_METRICS_TOKEN", TOKEN.to_owned()));
    assert!(!told(&stage).contains(hint));
    stage.environment = vec![("HUB_METRICS_BIND", "127.0.0.1:9464".to_owned())];
    assert!(!told(&stage).contains("reads the metrics"));
}
