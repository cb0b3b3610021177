//! What a webhook shares with its receiver: shown once where it is made, made again from row and key whenever a message is signed, and nowhere at rest.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::browser::{ROOT, between, first_administrator};
use crate::stage::Stage;

/// Longer than a message takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes every message, and passes on what it was.
fn receiver() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, messages) = channel();
    // It ends with the process.
    thread::spawn(move || {
        let mut streams = listener.incoming().map_while(Result::ok);
        while streams
            .next()
            .and_then(|stream| answer(stream, &sender))
            .is_some()
        {}
    });
    (address, messages)
}

fn answer(mut stream: TcpStream, messages: &Sender<String>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut message = String::new();
    while !message.ends_with("\r\n\r\n") {
        reader
            .read_line(&mut message)
            .ok()
            .filter(|read| *read > 0)?;
    }
    let length = between(&message, "content-length: ", "\r\n");
    let mut body = vec![0; length.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    message.push_str(&String::from_utf8_lossy(&body));
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .ok()?;
    messages.send(message).ok()
}

#[test]
fn a_webhooks_secret_is_shown_once_and_left_nowhere() {
    let mut stage = Stage::new();
    let networks = ("HUB_WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.1".to_owned());
    stage.settings.push(networks);
    stage.restart();
    let root = first_administrator(&stage);
    let (address, messages) = receiver();
    let url = format!("http://{address}/hook");
    let mut secrets = Vec::new();
    let good = |words: &[&str]| {
        let output = stage.run(words, "");
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // Each way of making one, with each key; every message is signed with what was made last, and with the one before.
    let made = good(&["webhook", "add", "crm", &url, "--events", "user.created"]);
    secrets.push(stage.note_webhook_secret(&made));
    let signed = || {
        good(&["webhook", "test", "crm"]);
        let message = messages.recv_timeout(PATIENCE).expect("a message");
        stage.show("what a receiver gets", &message);
        message.matches("v1,").count()
    };
    assert_eq!(signed(), 1);
    good(&["key", "rotate", "--yes"]);
    secrets.push(stage.note_webhook_secret(&good(&["webhook", "secret", "crm"])));
    assert_eq!(signed(), 2);
    root.confirm("/admin/sudo", &[("password", ROOT)]).is(303);
    let fields = [("name", "shop"), ("url", &*url), ("events", "user.created")];
    for (path, fields) in [
        ("/admin/webhooks/new", &fields[..]),
        ("/admin/webhooks/1/secret", &[]),
    ] {
        let page = root.confirm(path, fields).is(200);
        let secret = between(&page.body, "<code>whsec_", "<");
        // Of what base64 has, templates escape this one.
        let secret = secret.replace("&#x2F;", "/");
        secrets.push(stage.note_webhook_secret(&format!("whsec_{secret}")));
    }
    assert_eq!(signed(), 2);
    // Wherever somebody might look for it, or put it by mistake.
    for words in [
        &["webhook", "list"][..],
        &["webhook", "list", "--json"],
        &["webhook", "show", "crm"],
        &["webhook", "show", "crm", "--json"],
        &["audit", "list", "--json"],
        &["audit", "export", "--json"],
        &["webhook", "disable", "shop"],
        &["webhook", "enable", "shop"],
    ] {
        good(words);
    }
    for path in [
        "/admin/webhooks",
        "/admin/webhooks/1",
        "/admin/webhooks/2",
        "/admin/webhooks/1/secret",
        "/admin/audit",
        "/admin/audit/export.csv",
        "/admin/settings",
    ] {
        root.get(path).is(200);
    }
    root.confirm("/admin/webhooks/2/delete", &[]).is(303);
    // Each in its one place, and that is where it was made.
    assert_eq!(secrets.len(), 4);
    for secret in &secrets {
        assert_eq!(stage.times_shown(secret), 1);
    }
    let log = stage.finish();
    for told in ["/admin/webhooks/<id>/secret", "/admin/webhooks/new"] {
        assert!(log.contains(told), "{told}: {log}");
    }
}
